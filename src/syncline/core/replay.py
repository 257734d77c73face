"""Deciding a row again, from what it holds, what went before it, and the chart of its time.

Law: a decision follows from a row's stored facts alone. Where a row and the decision disagree, one of them is wrong:
the row was not written by this code under that chart, or the code has changed its mind since.
"""

from collections.abc import Callable, Mapping

import msgspec

from syncline.core.audit import Row
from syncline.core.chart import Chart
from syncline.core.context import Context
from syncline.core.decide import Decision, Snapshot, decide
from syncline.core.event import Event

#: Whose a key is: the seq and the digest of the first row with it, nothing when no earlier row has it.
Owner = Callable[[str, str], tuple[int, str] | None]


class Play(msgspec.Struct):
    """An integration as far as its log was decided again."""

    snapshot: Snapshot
    #: The first row that differs and how; nothing more is said about its integration after it.
    difference: str = ""
    at_seq: int = 0
    #: The last row that was let go: what a later one repeats of those before it cannot be looked up any more.
    gone: int = 0


def begin(integration: str) -> Play:
    """Answer an integration before its first row."""
    return Play(Snapshot(integration, "", 0, 0, Context()))


def replay(play: Play, row: Row, charts: Mapping[str, Chart], owner: Owner) -> bool:
    """Decide the next row again; answers False where there is not enough to (format 1, repetitions of what is gone).

    A difference is left in `play`, which goes on from what the row says, not from what it should have said.
    """
    decidable = row.v > 1 and not 0 < row.repeats <= play.gone
    if decidable and not play.difference:
        play.difference = _difference(play.snapshot, row, charts, owner)
        play.at_seq = row.seq
    play.snapshot = Snapshot(row.integration, row.to, row.seq, row.state_seq, row.context)
    return decidable


def _difference(before: Snapshot, row: Row, charts: Mapping[str, Chart], owner: Owner) -> str:
    chart = charts.get(row.chart)
    if chart is None:
        return f"its chart {row.chart} is not at hand"
    again = _decide(before, row, chart, owner)
    state_seq = row.seq if again.entered else before.state_seq
    said = (row.disposition, row.to, row.reason, row.context, row.state_seq, len(row.effects))
    meant = (again.disposition, again.to, again.reason, again.context, state_seq, len(again.effects))
    names = ("disposition", "to", "reason", "context", "state_seq", "effects")
    wrong = [
        f"{name} is {_shown(is_)} and would be {_shown(was)}"
        for name, is_, was in zip(names, said, meant, strict=True)
        if is_ != was
    ]
    return "; ".join(wrong)


def _decide(before: Snapshot, row: Row, chart: Chart, owner: Owner) -> Decision:
    """Take the steps of `store.record` again, with the row's own facts in the place of the database's."""
    first = owner(row.integration, row.key) if row.repeats else None
    if row.repeats:
        if first is None or first[0] != row.repeats:
            return Decision("refused", before.state, before.context, reason=f"no row {row.repeats} has its key")
        reason = "" if first[1] == row.digest else f"the key was used by seq {first[0]} with another payload"
        return Decision("refused" if reason else "duplicate", before.state, before.context, reason=reason)
    if row.bar:
        lost = row.disposition == "stale"  # The one thing that the store calls so: an effect whose lease was lost.
        return Decision("stale" if lost else "refused", before.state, before.context, reason=row.bar)
    if not before.seq:
        return Decision("transitioned", chart.initial, before.context, entered=True)
    event = Event(
        row.integration,
        row.type,
        row.key,
        row.actor,
        row.at,
        row.data,
        state_seq=row.belongs,
        refusal=row.refusal,
    )
    return decide(chart, before, event)


def _shown(value: object) -> str:
    return msgspec.json.encode(value).decode()
