"""What an event means now: every disposition, and that the same question always has the same answer."""

from functools import cache

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.core.chart import Chart
from syncline.core.context import Context
from syncline.core.decide import ACCEPTED, Decision, Snapshot, decide
from syncline.core.event import EVENTS, Actor, ActorKind, Event
from tests.core.chart_file import chart

CONNECTED = Context(generation=2, org_id="00D1", user_id="0051", pinned=True)


@cache
def compiled() -> Chart:
    """Compile the shipped chart once."""
    return chart()


def ask(
    state: str,
    event_type: str,
    *,
    sender: ActorKind = "person",
    context: Context = CONNECTED,
    data: dict[str, object] | None = None,
    state_seq: int | None = None,
    refusal: str = "",
) -> Decision:
    """Ask about an integration at seq 9, in its state since seq 7."""
    event = Event("in_1", event_type, "k", Actor(sender, "x"), 5, data or {}, state_seq=state_seq, refusal=refusal)
    return decide(compiled(), Snapshot("in_1", state, 9, 7, context), event)


def test_a_transition() -> None:
    """A state is entered, its effects are to be run."""
    seen = ask("app_registered.awaiting_credentials", "credentials.saved")
    assert (seen.disposition, seen.to, seen.entered) == ("transitioned", "app_registered.probing_credentials", True)
    assert seen.effects == ("probe_credentials",)


def test_an_internal_event() -> None:
    """Handled: nothing is entered, nothing is run."""
    seen = ask("fields_synced.mapping_open", "mapping.saved")
    assert (seen.disposition, seen.to, seen.entered) == ("handled", "fields_synced.mapping_open", False)
    assert seen.effects == ()


def test_a_transition_to_itself_enters_again() -> None:
    """A second login is a new wait with a new timer, not nothing."""
    seen = ask("credentials_saved.awaiting_login", "login.started")
    assert (seen.disposition, seen.to, seen.entered) == ("transitioned", "credentials_saved.awaiting_login", True)
    assert seen.effects == ("expire_login",)


def test_a_guard_that_says_no_is_named() -> None:
    """Refused, with the guard that refused it."""
    seen = ask("authorized.awaiting_confirmation", "connection.confirmed", data={"org_id": "00D2", "user_id": "0051"})
    assert (seen.disposition, seen.reason) == ("refused", "guard: confirms_seen_identity")
    assert seen.to == "authorized.awaiting_confirmation"


@pytest.mark.parametrize("event_type", sorted(EVENTS))
def test_only_the_named_senders_may_send(event_type: str) -> None:
    """Every other kind of sender is refused, wherever the integration is."""
    kinds: tuple[ActorKind, ...] = ("person", "hook", "source", "timer", "effect", "service")
    for sender in set(kinds) - EVENTS[event_type].senders:
        seen = ask("syncing.waiting", event_type, sender=sender)
        assert seen.disposition == "refused"
        assert seen.reason == f"sender: {sender} may not send {event_type}"


def test_what_the_state_does_not_know_is_unexpected() -> None:
    """Neither an event of another state nor one that nobody knows moves anything."""
    assert ask("unconfigured", "sync.start_requested").disposition == "unexpected"
    assert ask("unconfigured", "to_syncing").disposition == "unexpected"


def test_what_belongs_to_a_state_that_was_left_is_stale() -> None:
    """A timer counts only for the entry that it was set at, also when the state is the same again."""
    assert ask("syncing.waiting", "timer.cycle_due", sender="timer", state_seq=7).disposition == "transitioned"
    seen = ask("syncing.waiting", "timer.cycle_due", sender="timer", state_seq=5)
    assert (seen.disposition, seen.to) == ("stale", "syncing.waiting")


def test_what_the_door_refuses_is_refused() -> None:
    """A door that has a reason of its own puts it on the log, and the chart is not asked."""
    seen = ask("unconfigured", "app.registered", refusal="the state is not ours")
    assert (seen.disposition, seen.reason) == ("refused", "door: the state is not ours")


def test_a_verdict_on_an_older_grant_condemns_nothing() -> None:
    """`grant.lost` of generation 1 does not take generation 2 away."""
    lost = {"sender": "effect", "data": {"generation": 1}}
    assert ask("syncing.running_cycle", "grant.lost", **lost).disposition == "refused"  # type: ignore[arg-type]
    lost["data"] = {"generation": 2}
    seen = ask("syncing.running_cycle", "grant.lost", **lost)  # type: ignore[arg-type]
    assert (seen.to, seen.context.resume) == ("reauthorization_required.awaiting_person", "syncing")


@pytest.mark.parametrize(
    ("resume", "initial_sync_done", "to"),
    [
        ("authorized", False, "authorized.checking"),
        ("verified", False, "verified.previewing_fields"),
        ("fields_synced", False, "fields_synced.mapping_open"),
        ("syncing", False, "syncing.initial_sync"),
        ("syncing", True, "syncing.running_cycle"),
        ("paused", True, "syncing.paused"),
    ],
)
def test_authorizing_again_returns_to_where_it_was(resume: str, initial_sync_done: bool, to: str) -> None:  # noqa: FBT001
    """With the confirmed identity the way back is the remembered one, and it is forgotten then."""
    context = msgspec.structs.replace(CONNECTED, resume=resume, initial_sync_done=initial_sync_done)
    who: dict[str, object] = {"org_id": "00D1", "user_id": "0051"}
    seen = ask("reauthorization_required.exchanging_code", "code.exchanged", sender="effect", context=context, data=who)
    assert (seen.to, seen.context.resume, seen.context.generation) == (to, "", 3)


@pytest.mark.parametrize("who", [{"org_id": "00D2", "user_id": "0051"}, {"org_id": "00D1", "user_id": "0052"}, {}])
def test_another_identity_does_not_return(who: dict[str, object]) -> None:
    """Another org or another user is refused, and the memory keeps the right one."""
    context = msgspec.structs.replace(CONNECTED, resume="syncing")
    seen = ask("reauthorization_required.exchanging_code", "code.exchanged", sender="effect", context=context, data=who)
    assert (seen.disposition, seen.context) == ("refused", context)


texts = st.text(max_size=5)
values = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts | st.lists(texts, max_size=2)
contexts = st.builds(
    Context,
    generation=st.integers(0, 3),
    refreshing=st.booleans(),
    rotates=st.none() | st.booleans(),
    org_id=st.sampled_from(["", "00D1", "00D2"]),
    user_id=st.sampled_from(["", "0051"]),
    pinned=st.booleans(),
    resume=st.sampled_from(["", "authorized", "verified", "fields_synced", "syncing", "paused"]),
    initial_sync_done=st.booleans(),
    problem=texts,
    detail=texts,
)
data = st.fixed_dictionaries(
    {},
    optional={
        "org_id": st.sampled_from(["00D1", "00D2"]) | values,
        "user_id": st.sampled_from(["0051"]) | values,
        "generation": st.integers(0, 3) | values,
        "problem": values,
        "detail": values,
        "rotated": values,
    },
)


@given(
    leaf=st.sampled_from(compiled().leaves),
    event_type=st.sampled_from(sorted(EVENTS)) | texts,
    sender=st.sampled_from(["person", "hook", "source", "timer", "effect", "service"]),
    context=contexts,
    told=data,
    state_seq=st.none() | st.integers(6, 8),
)
def test_deciding_is_pure(
    leaf: str, event_type: str, sender: ActorKind, context: Context, told: dict[str, object], state_seq: int | None
) -> None:
    """The same question has the same answer; a refusal changes nothing; the memory can always be read back."""
    before = msgspec.json.encode((context, told))
    seen = ask(leaf, event_type, sender=sender, context=context, data=told, state_seq=state_seq)
    assert seen == ask(leaf, event_type, sender=sender, context=context, data=told, state_seq=state_seq)
    assert msgspec.json.encode((context, told)) == before
    assert seen.to in compiled().leaves
    if seen.disposition not in ACCEPTED:
        assert (seen.to, seen.context, seen.effects, seen.entered) == (leaf, context, (), False)
    if leaf in compiled().finals:
        assert seen.disposition not in ACCEPTED
    assert seen.entered == (seen.disposition == "transitioned")
    assert msgspec.json.decode(msgspec.json.encode(seen.context), type=Context) == seen.context
