"""The rows of one integration with what stands around them: the row before, the effects they caused, and their ends."""

from collections.abc import Sequence

import msgspec

from syncline.core.audit import Row
from syncline.errors import NotFoundError
from syncline.store import log, search
from syncline.store.filter import Filter
from syncline.store.index import SearchIndex
from syncline.store.log import LogRow
from syncline.store.transaction import Transaction

#: What can be compared with what was there before: named, with a digest or a fingerprint behind the name.
_COMPARED = ("document:", "secret:")
#: Rows that are looked at for an earlier one of the same name.
_EARLIER = 5


class Ran(msgspec.Struct, frozen=True):
    """An effect that a row caused, as it stands now; times are microseconds since the epoch."""

    id: str
    name: str
    status: str
    attempts: int  #: how often it was claimed
    last_error: str
    created_at: int
    ended_at: int | None
    #: The last row that it sent, and its type; 0 when it has sent none.
    outcome: int = 0
    outcome_type: str = ""


class Told(msgspec.Struct, frozen=True):
    """A row and what stands around it."""

    row: LogRow
    #: The row before it; None for the first, or where the log was cut off.
    before: LogRow | None
    #: When the state was entered that was there before it.
    entered: int | None
    effects: tuple[Ran, ...]
    #: What it brought and does not say itself: (kind and name, value before or None where that is not known, value).
    brought: tuple[tuple[str, str | None, str], ...]


def tell(tx: Transaction, index: SearchIndex | None, rows: Sequence[LogRow]) -> list[Told]:
    """Put what belongs to some rows of one integration beside them, in their order."""
    known = {(each.row.integration, each.row.seq): each for each in rows}
    values: dict[str, str] = {}
    told: dict[int, Told] = {}
    for each in sorted(rows, key=lambda row: row.position):
        row = each.row
        before = known.get((row.integration, row.seq - 1)) or _row(tx, row.integration, row.seq - 1)
        entered = None
        if before is not None:
            since = before.row.state_seq
            entering = known.get((row.integration, since)) or _row(tx, row.integration, since)
            entered = None if entering is None else entering.row.at
        brought = tuple(_compared(tx, index, each, row, values))
        told[each.position] = Told(each, before, entered, _effects(tx, row), brought)
    return [told[each.position] for each in rows]


def effect_of(cause: str) -> tuple[str, int]:
    """Answer the effect and the row that a cause names: (`in_1.12.0`, 12), ("", 12), or ("", 0) for anything else."""
    kind, _, name = cause.partition(":")
    if kind == "effect" and name.count(".") == 2:  # noqa: PLR2004  integration, seq, number
        seq = name.split(".")[1]
        return name, int(seq) if seq.isdecimal() else 0
    return "", int(name) if kind == "seq" and name.isdecimal() else 0


def _row(tx: Transaction, integration: str, seq: int) -> LogRow | None:
    try:
        return log.row(tx, integration=integration, seq=seq) if seq else None
    except NotFoundError:
        return None


def _effects(tx: Transaction, row: Row) -> tuple[Ran, ...]:
    if not row.effects:
        return ()
    ran = [Ran(*found) for found in tx.list_effects_of(integration=row.integration, seq=row.seq)]
    return tuple([_with_outcome(tx, row.integration, effect) for effect in ran])


def _with_outcome(tx: Transaction, integration: str, effect: Ran) -> Ran:
    found = tx.find_last_of_effect(integration=integration, low=f"{effect.id}:", high=f"{effect.id};")
    return effect if found is None else msgspec.structs.replace(effect, outcome=found[0], outcome_type=found[2])


def _compared(
    tx: Transaction, index: SearchIndex | None, place: LogRow, row: Row, values: dict[str, str]
) -> list[tuple[str, str | None, str]]:
    """Compare what a row brought with what was there; `values` are those of the rows before it, and is kept up."""
    found: list[tuple[str, str | None, str]] = []
    for text in row.brought:
        if not text.startswith(_COMPARED):
            continue
        name, _, value = text.rpartition(":")
        if name not in row.changed:  # The row says so itself when it replaces something that a person has set up.
            before = values[name] if name in values else _earlier(tx, index, row.integration, name, place.position)
            found.append((name, before, value))
        values[name] = value
    return found


def _earlier(tx: Transaction, index: SearchIndex | None, integration: str, name: str, position: int) -> str | None:
    """Answer the last value of something before a position; only with an index, since it may be far away."""
    if index is None or index.lag is None:
        return None
    wanted = Filter(integration, text=name)
    found = search.find(tx, index, wanted=wanted, newest=True, past=position, limit=_EARLIER)
    brought = (text for entry in found.rows for text in entry.row.brought)
    return next((text.rpartition(":")[2] for text in brought if text.rpartition(":")[0] == name), None)
