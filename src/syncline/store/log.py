"""The audit log, read row by row: pages in either order, single rows, the row that was the last at a moment.

What is asked for here is looked for without the search index: by position over all rows, by `seq` within one
integration. `search.py` finds the same rows quickly.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import msgspec

from syncline.core import audit
from syncline.errors import NotFoundError
from syncline.store.filter import END, Filter, is_plain, matcher
from syncline.store.transaction import Transaction

__all__ = ["Filter", "LogRow", "Piece", "at", "ends", "latest", "pick", "pieces", "row", "rows"]

#: Rows that are looked at in one piece.
_PIECE = 2_000
#: How far moments may be out of order, in microseconds: an event's is taken at the door, and doors and effects do not
#: wait for each other. All rows of that time are looked at.
_DISORDER = 10_000_000


class LogRow(msgspec.Struct, frozen=True):
    """One row of the log with its place among all rows, its canonical bytes and its hash."""

    position: int
    content: bytes
    hash: bytes

    @property
    def row(self) -> audit.Row:
        """The row itself."""
        return audit.decode(self.content)


class Piece(msgspec.Struct, frozen=True):
    """A part of the log that is looked through in one go."""

    #: The last position that it covers, in the order of looking.
    place: int
    #: What it costs to look through it, in rows.
    cost: int
    rows: Iterator[LogRow]


def rows(tx: Transaction, *, wanted: Filter, after: int = 0, limit: int = 100) -> list[LogRow]:
    """List rows from the oldest on, from behind the position `after`, however far they are."""
    return _first(pieces(tx, wanted, low=after + 1, high=END, newest=False), limit)


def latest(tx: Transaction, *, wanted: Filter, before: int = END, limit: int = 100) -> list[LogRow]:
    """List rows from the newest back, from before the position `before`, however far they are."""
    return _first(pieces(tx, wanted, low=0, high=before - 1, newest=True), limit)


def row(tx: Transaction, *, integration: str, seq: int) -> LogRow:
    """Answer one row; raises `NotFoundError`."""
    found = tx.find_log_row(integration=integration, seq=seq)
    if found is None:
        raise NotFoundError("audit.unknown_row", f"the integration has no row {seq}")
    return LogRow(*found)


def at(tx: Transaction, *, integration: str, moment: int) -> LogRow | None:
    """Answer the last row of an integration up to a moment (µs), None before the first.

    By halving, since moments grow with `seq`; right as long as they are out of order by less than ten seconds,
    which is as far as a clock may have been set back.
    """
    seqs = _seqs(tx, integration)
    later = bisect_right(seqs, moment + _DISORDER, key=lambda seq: _moment(tx, integration, seq))
    found = tx.find_log_row_until(integration=integration, before=seqs.start + later, moment=moment)
    return None if found is None else LogRow(*found)


def ends(tx: Transaction) -> tuple[int, int]:
    """Answer the first and the last position there is; (0, 0) for an empty log."""
    first, last = tx.find_log_ends()
    return first or 0, last or 0


def pick(tx: Transaction, positions: Sequence[int], *, newest: bool) -> Iterator[LogRow]:
    """Answer the rows at some positions, in order; those that are not there are left out."""
    query = tx.pick_log_back if newest else tx.pick_log
    return (LogRow(*found) for found in query(positions=msgspec.json.encode(positions).decode()))


def pieces(tx: Transaction, wanted: Filter, *, low: int, high: int, newest: bool) -> Iterator[Piece]:
    """Look for rows between two positions, both inside, in order; a piece has to be used up before the next."""
    matches = _all if is_plain(wanted) else matcher(wanted)
    columns = {
        "type": wanted.type,
        "disposition": wanted.disposition,
        "since": wanted.since,
        "until": wanted.until,
        "only": msgspec.json.encode(wanted.only).decode(),
        "without": msgspec.json.encode(wanted.without).decode(),
    }
    if wanted.integration:
        seqs = _between(tx, wanted.integration, low, high)
        query = tx.list_log_of_back if newest else tx.list_log_of
        for first, last in _cut(seqs.start, seqs.stop - 1, newest=newest):
            found = query(integration=wanted.integration, low=first, high=last, **columns)
            place = _position(tx, wanted.integration, first if newest else last)
            yield Piece(place, last - first + 1, _matching(found, matches))
        return
    begin, end = ends(tx)
    query = tx.list_log_back if newest else tx.list_log
    for first, last in _cut(max(low, begin), min(high, end), newest=newest):
        found = query(low=first, high=last, **columns)
        yield Piece(first if newest else last, last - first + 1, _matching(found, matches))


def _first(found: Iterator[Piece], limit: int) -> list[LogRow]:
    return list(islice((each for piece in found for each in piece.rows), limit))


def _matching(found: Iterable[tuple[int, bytes, bytes]], matches: Callable[[bytes], bool]) -> Iterator[LogRow]:
    return (LogRow(*each) for each in found if matches(each[1]))


def _all(_content: bytes) -> bool:
    return True


def _cut(first: int, last: int, *, newest: bool) -> Iterator[tuple[int, int]]:
    if newest:
        return ((max(first, end - _PIECE + 1), end) for end in range(last, first - 1, -_PIECE))
    return ((begin, min(last, begin + _PIECE - 1)) for begin in range(first, last + 1, _PIECE))


def _between(tx: Transaction, integration: str, low: int, high: int) -> range:
    """Answer the numbers of the rows between two positions; within an integration both have the same order."""
    seqs = _seqs(tx, integration)

    def position(seq: int) -> int:
        return _position(tx, integration, seq)

    first = bisect_left(seqs, low, key=position) if low > 1 else 0
    last = bisect_right(seqs, high, key=position) if high < END - 1 else len(seqs)
    return seqs[first:last]


def _seqs(tx: Transaction, integration: str) -> range:
    first, last = tx.find_log_ends_of(integration=integration)
    return range(first or 1, (last or 0) + 1)


def _position(tx: Transaction, integration: str, seq: int) -> int:
    (position, _) = tx.find_log_place(integration=integration, seq=seq)
    return int(position)


def _moment(tx: Transaction, integration: str, seq: int) -> int:
    (_, moment) = tx.find_log_place(integration=integration, seq=seq)
    return int(moment)
