"""The guards: what each one asks."""

import pytest

from syncline.core.context import Context
from syncline.core.event import Actor, Event
from syncline.core.guards import GUARDS


def holds(guard: str, context: Context, **data: object) -> bool:
    """Ask a guard."""
    return GUARDS[guard](context, Event("in_1", "any", "k", Actor("effect", "x"), 0, data))


CONNECTED = Context(generation=2, org_id="00D1", user_id="0051")


@pytest.mark.parametrize("guard", ["confirms_seen_identity", "matches_pinned_identity"])
def test_an_identity_is_an_org_and_a_user(guard: str) -> None:
    """Both have to be the same; one that is missing is another."""
    assert holds(guard, CONNECTED, org_id="00D1", user_id="0051")
    assert not holds(guard, CONNECTED, org_id="00D1", user_id="0052")
    assert not holds(guard, CONNECTED, org_id="00D2", user_id="0051")
    assert not holds(guard, CONNECTED)


def test_nobody_can_be_confirmed_before_anybody_is_seen() -> None:
    """Two empty names are not the same org."""
    assert not holds("confirms_seen_identity", Context(), org_id="", user_id="")
    assert not holds("confirms_seen_identity", Context())


def test_a_grant_is_named_by_its_generation() -> None:
    """Only the present one counts, and before the first there is none."""
    assert holds("names_current_grant", CONNECTED, generation=2)
    assert not holds("names_current_grant", CONNECTED, generation=1)
    assert not holds("names_current_grant", CONNECTED)
    assert not holds("names_current_grant", Context(), generation=0)


def test_the_memory_answers_the_others() -> None:
    """What was remembered, and nothing else."""
    assert holds("refresh_in_flight", Context(refreshing=True))
    assert not holds("refresh_in_flight", Context())
    assert holds("initial_sync_done", Context(initial_sync_done=True))
    assert not holds("initial_sync_done", Context())


@pytest.mark.parametrize("resume", ["authorized", "verified", "fields_synced", "syncing", "paused"])
def test_exactly_one_way_leads_back(resume: str) -> None:
    """Of the guards for the ways back, the remembered one holds."""
    ways = [name for name in GUARDS if name.startswith("resumes_")]
    assert [name for name in ways if holds(name, Context(resume=resume))] == [  # type: ignore[arg-type]
        f"resumes_{resume}"
    ]
    assert not any(holds(name, Context()) for name in ways)
