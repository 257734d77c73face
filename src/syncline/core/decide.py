"""What an event means now.

Law: pure. The same chart, snapshot and event always give the same decision, which is what makes a log replayable.
"""

from typing import Literal

import msgspec

from syncline.core.chart import Chart
from syncline.core.context import Context, after
from syncline.core.event import ALL_EVENTS, Event
from syncline.core.guards import GUARDS

Disposition = Literal["transitioned", "handled", "refused", "unexpected", "duplicate", "stale"]

#: The dispositions under which what an event brought is kept.
ACCEPTED: frozenset[str] = frozenset({"transitioned", "handled"})


class Snapshot(msgspec.Struct, frozen=True):
    """What is known of an integration at the moment of the decision."""

    integration: str
    state: str
    #: The number of its last audit row; every event advances it, only transitions change the state.
    seq: int
    #: The `seq` at which the present state was entered.
    state_seq: int
    context: Context


class Decision(msgspec.Struct, frozen=True):
    """What to record and what to run."""

    disposition: Disposition
    to: str
    context: Context
    effects: tuple[str, ...] = ()
    #: Why it was not accepted: guards that said no, `sender`, or the state's seq that has passed.
    reason: str = ""
    #: Whether a state was entered, also by a transition from a state to itself.
    entered: bool = False


def decide(chart: Chart, snapshot: Snapshot, event: Event) -> Decision:
    """Decide what an event means for an integration in this state; raises nothing."""
    if reason := _not_let_in(event):
        return _no("refused", snapshot, reason)
    if event.state_seq is not None and event.state_seq != snapshot.state_seq:
        return _no("stale", snapshot, f"it belongs to the state entered at seq {event.state_seq}")
    rule = chart.rules.get((snapshot.state, event.type))
    if rule is None:
        return _no("unexpected", snapshot, "")
    step = rule.steps[tuple(GUARDS[name](snapshot.context, event) for name in rule.guards)]
    if step.refused_by:
        return _no("refused", snapshot, "guard: " + ", ".join(step.refused_by))
    context = after(snapshot.context, event.type, event.data, source=snapshot.state, target=step.to or snapshot.state)
    if not step.to:
        return Decision("handled", snapshot.state, context, step.effects)
    return Decision("transitioned", step.to, context, step.effects, entered=True)


def _not_let_in(event: Event) -> str:
    if event.refusal:
        return f"door: {event.refusal}"
    kind = ALL_EVENTS.get(event.type)
    if kind is not None and event.actor.kind not in kind.senders:
        return f"sender: {event.actor.kind} may not send {event.type}"
    return ""


def _no(disposition: Disposition, snapshot: Snapshot, reason: str) -> Decision:
    return Decision(disposition, snapshot.state, snapshot.context, reason=reason)
