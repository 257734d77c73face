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


def ask(state: str, event: str, context: Context, sender: ActorKind | None = None) -> Decision:
    """Ask about an integration that syncs."""
    kind = sender or SENDERS.get(event, "timer")
    return decide(
        compiled(), Snapshot("in_1", f"syncing.{state}", 9, 7, context), Event("in_1", event, "k", Sender(kind, "x"), 0)
    )


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


@pytest.mark.parametrize("event", [*SENDERS, "person.reported"])
def test_before_the_sync_nothing_can_be_fetched(event: str) -> None:
    """It is written down; the initial sync reads everything."""
    snapshot = Snapshot("in_1", "fields_synced.mapping_open", 9, 7, QUIET)
    sender = Sender(SENDERS.get(event, "target"), "x")
    assert decide(compiled(), snapshot, Event("in_1", event, "k", sender, 0)).disposition == "unexpected"
