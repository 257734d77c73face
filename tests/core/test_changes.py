"""What is said to have changed: fetched soon, by one run for many, and never forgotten by a run that began before."""

from functools import cache

import pytest

from syncline.core.chart import Chart
from syncline.core.context import Context
from syncline.core.decide import Decision, Snapshot, decide
from syncline.core.event import Actor as Sender
from syncline.core.event import ActorKind, Event
from tests.core.chart_file import chart

SENDERS: dict[str, ActorKind] = {"records.changed": "source", "person.sync_requested": "target"}
BOUND = ("initial_sync", "running_cycle", "throttled", "sync_failed", "paused")
QUIET = Context(initial_sync_done=True)
CHANGED = Context(initial_sync_done=True, changed=True)


@cache
def compiled() -> Chart:
    """Compile the shipped chart once."""
    return chart()


def ask(state: str, event: str, context: Context, sender: ActorKind | None = None, path: str = "") -> Decision:
    """Ask about an integration that syncs."""
    data = {"path": path} if path else {}
    kind = sender or SENDERS.get(event, "timer")
    told = Event("in_1", event, "k", Sender(kind, "x"), 0, data)
    return decide(compiled(), Snapshot("in_1", f"syncing.{state}", 9, 7, context), told)


@pytest.mark.parametrize("event", SENDERS)
def test_the_first_change_sets_the_timer_and_the_others_wait_for_it(event: str) -> None:
    """A hundred notifications make one run."""
    first = ask("waiting", event, QUIET)
    assert (first.disposition, first.effects, first.context) == ("handled", ("wait_for_changes",), CHANGED)
    second = ask("waiting", event, first.context)
    assert (second.disposition, second.effects, second.context) == ("handled", (), CHANGED)


def test_the_run_begins_and_the_memory_is_clear() -> None:
    """Whatever starts it fetches all that was told before."""
    begun = ask("waiting", "timer.changes_due", CHANGED)
    assert (begun.to, begun.effects, begun.context) == ("syncing.running_cycle", ("sync_records",), QUIET)
    assert ask("waiting", "timer.cycle_due", CHANGED).context == QUIET
    assert ask("paused", "resume.requested", CHANGED, "person").context == QUIET


@pytest.mark.parametrize("event", SENDERS)
@pytest.mark.parametrize("state", BOUND)
def test_a_change_that_finds_no_quiet_is_remembered(state: str, event: str) -> None:
    """The run that is under way may have read past it."""
    seen = ask(state, event, QUIET)
    assert (seen.disposition, seen.effects, seen.context) == ("handled", (), CHANGED)


@pytest.mark.parametrize("state", ["initial_sync", "running_cycle"])
def test_another_run_follows_soon_when_something_changed_meanwhile(state: str) -> None:
    """And otherwise with the next cycle."""
    ended = ask(state, "sync.finished", CHANGED, "effect")
    assert (ended.to, ended.effects) == ("syncing.waiting", ("wait_for_cycle", "wait_for_changes"))
    assert ended.context == CHANGED
    assert ask(state, "sync.finished", QUIET, "effect").effects == ("wait_for_cycle",)


def test_it_is_remembered_how_a_change_has_come_until_its_run_has_ended() -> None:
    """The first says it; what comes while the run is under way belongs to the next."""
    first = ask("waiting", "records.changed", QUIET, path="cdc").context
    assert ask("waiting", "records.changed", first, path="outbound_message").context == first
    begun = ask("waiting", "timer.changes_due", first)
    assert (begun.context.changed, begun.context.changed_by) == (False, "cdc")
    assert ask("running_cycle", "sync.finished", begun.context, "effect").context == QUIET

    later = ask("running_cycle", "records.changed", begun.context, path="outbound_message").context
    ended = ask("running_cycle", "sync.finished", later, "effect").context
    assert (ended.changed, ended.changed_by) == (True, "outbound_message")
    assert ask("waiting", "timer.cycle_due", QUIET).context == QUIET


def test_changes_are_followed_while_it_syncs_and_is_not_paused() -> None:
    """The chart says where: there it is written down whether the source tells of them, and nothing comes of that."""
    for name in ("changes.followed", "changes.unavailable"):
        where = {state for state, event in compiled().rules if event == name}
        assert where == {f"syncing.{state}" for state in ("waiting", *BOUND) if state != "paused"}
        told = ask("waiting", name, CHANGED, "service")
        assert (told.disposition, told.effects, told.context) == ("handled", (), CHANGED)


@pytest.mark.parametrize("event", [*SENDERS, "person.reported"])
def test_before_the_sync_nothing_can_be_fetched(event: str) -> None:
    """It is written down; the initial sync reads everything."""
    snapshot = Snapshot("in_1", "fields_synced.mapping_open", 9, 7, QUIET)
    sender = Sender(SENDERS.get(event, "target"), "x")
    assert decide(compiled(), snapshot, Event("in_1", event, "k", sender, 0)).disposition == "unexpected"
