"""The memory, event by event."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.core.context import Context, Heeded, _change, after
from syncline.core.event import EVENTS
from tests.core.chart_file import chart

STATE = st.sampled_from(sorted({state for state, _ in chart().rules}))


def test_nothing_to_remember_is_the_same_memory() -> None:
    """An event that says nothing leaves the very same thing."""
    context = Context(generation=1)
    assert after(context, "sync.requested", {}, source="syncing.waiting", target="syncing.waiting") is context


@given(
    context=st.builds(
        Context,
        generation=st.integers(0, 3),
        refreshing=st.booleans(),
        rotates=st.none() | st.booleans(),
        released=st.booleans(),
        resume=st.sampled_from(["", "authorized", "paused"]),
        changed=st.booleans(),
        changed_by=st.sampled_from(["", "stream"]),
        problem=st.sampled_from(["", "p"]),
    ),
    data=st.dictionaries(st.sampled_from(sorted(Heeded.__struct_fields__)), st.text(max_size=3)),
    states=st.tuples(STATE, STATE) | STATE.map(lambda state: (state, state)),
)
def test_what_is_passed_over_would_have_changed_nothing(
    context: Context, data: dict[str, object], states: tuple[str, str]
) -> None:
    """The short way gives the same memory as looking at everything, whatever the event."""
    source, target = states
    for event_type in EVENTS:
        change = _change(context, event_type, data, source=source, target=target)
        expected = msgspec.structs.replace(context, **change)
        assert after(context, event_type, data, source=source, target=target) == expected


def test_tokens_make_a_new_generation_of_their_owner() -> None:
    """A code exchanged is a grant of whoever logged in; what was known of the old one is forgotten."""
    before = Context(generation=4, refreshing=True, rotates=True, org_id="00D1", user_id="0051")
    data: dict[str, object] = {"org_id": "00D2", "user_id": "0052"}
    seen = after(before, "code.exchanged", data, source="credentials_saved.exchanging_code", target="authorized")
    assert seen == Context(generation=5, org_id="00D2", user_id="0052")


def test_a_refresh_is_announced_and_ends() -> None:
    """Under way from the announcement to its result; only success makes a new generation."""
    state = {"source": "syncing.waiting", "target": "syncing.waiting"}
    announced = after(Context(generation=1), "grant.refresh_started", {}, **state)
    assert announced == Context(generation=1, refreshing=True)
    assert after(announced, "grant.refresh_failed", {}, **state) == Context(generation=1)
    assert after(announced, "grant.refreshed", {"rotated": True}, **state) == Context(generation=2, rotates=True)
    assert after(announced, "grant.refreshed", {}, **state) == Context(generation=2, rotates=False)


@pytest.mark.parametrize(
    ("source", "resume"),
    [
        ("authorized.checks_failed", "authorized"),
        ("verified.awaiting_field_sync", "verified"),
        ("fields_synced.mapping_open", "fields_synced"),
        ("syncing.running_cycle", "syncing"),
        ("syncing.paused", "paused"),
    ],
)
def test_a_lost_grant_remembers_where_to_return(source: str, resume: str) -> None:
    """The milestone, or that it was paused."""
    target = "reauthorization_required.awaiting_person"
    seen = after(Context(refreshing=True), "grant.lost", {}, source=source, target=target)
    assert seen == Context(resume=resume)  # type: ignore[arg-type]


def test_the_way_back_is_kept_while_authorizing_again() -> None:
    """It is forgotten only when the integration is somewhere else."""
    context = Context(resume="syncing")
    inside = "reauthorization_required.awaiting_login"
    assert after(context, "login.started", {}, source=inside, target=inside) == context
    assert after(context, "disconnect.requested", {}, source=inside, target="disconnected.revoking") == Context()


def test_a_problem_lasts_until_the_state_changes() -> None:
    """It comes with an event, stays through internal ones, and goes with the next state."""
    state = "syncing.running_cycle"
    told: dict[str, object] = {"problem": "source.slow", "detail": "It is slow."}
    slow = after(Context(), "grant.refresh_failed", told, source=state, target=state)
    assert (slow.problem, slow.detail) == ("source.slow", "It is slow.")
    assert after(slow, "sync.progressed", {}, source=state, target=state) == slow
    assert after(slow, "sync.finished", {}, source=state, target="syncing.waiting") == Context(initial_sync_done=True)


def test_a_confirmation_pins_the_identity() -> None:
    """From then on it is known that a person has seen it."""
    assert after(Context(), "connection.confirmed", {}, source="a", target="b") == Context(pinned=True)


@pytest.mark.parametrize("value", [5, None, ["a"], {"b": 1}, True])
def test_what_should_be_text_becomes_text(value: object) -> None:
    """A memory that could not be read back would end the integration."""
    data = {"problem": value, "detail": value, "org_id": value, "user_id": value}
    seen = after(Context(), "code.exchanged", data, source="a", target="b")
    assert {seen.problem, seen.detail, seen.org_id, seen.user_id} == {str(value)}


class _Asked(dict[str, object]):
    """The data of an event, and which of it was looked at."""

    def __init__(self, asked: set[str]) -> None:
        super().__init__(dict.fromkeys(Heeded.__struct_fields__, "x"))
        self.asked = asked

    def get(self, name: str, default: object = None) -> object:
        self.asked.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> object:
        self.asked.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)


def test_the_memory_looks_only_at_what_it_says() -> None:
    """Whoever proves a log skips all other data, so that a field that is missing there would be a false fault."""
    asked: set[str] = set()
    ways = [("syncing.waiting", "syncing.waiting"), ("syncing.waiting", "reauthorization_required.grant_lost")]
    ways += [("reauthorization_required.grant_lost", "syncing.waiting"), ("syncing.waiting", "syncing.running_cycle")]
    for event_type, (source, target) in itertools.product(EVENTS, ways):
        for context in (Context(), Context(resume="syncing", changed=True)):
            after(context, event_type, _Asked(asked), source=source, target=target)
    assert asked == set(Heeded.__struct_fields__)
