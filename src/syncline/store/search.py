"""The log, searched: any filter's next page, by the index as far as that goes and by looking through the rest.

Law: what is answered depends on the log alone, never on how far the index is. Nobody looks through the whole log for
one page: a search that has gone far enough answers what it has, perhaps nothing, and where to go on.
"""

from collections.abc import Iterator
from itertools import islice

import msgspec
import structlog

from syncline.store import log
from syncline.store.filter import END, Filter, is_plain, matcher
from syncline.store.index import BrokenIndexError, Reading, SearchIndex
from syncline.store.log import LogRow, Piece
from syncline.store.terms import query_of
from syncline.store.transaction import Transaction

#: Rows that are looked at for one page.
_FAR = 40_000
#: Candidates of the index that are read from the log at a time.
_HANDFUL = 100

_log = structlog.get_logger()


class Found(msgspec.Struct, frozen=True):
    """A page of rows, in the order that was asked for."""

    rows: list[LogRow]
    #: The position to go on behind; None: there is nothing more. A page that is short and yet names one is no mistake.
    next: int | None = None


def find(
    tx: Transaction, index: SearchIndex | None, *, wanted: Filter, newest: bool, past: int | None, limit: int
) -> Found:
    """Answer the next page of what is wanted, behind the position `past` (before it, when the newest comes first)."""
    if wanted.integration and (
        wanted.integration in wanted.without or (wanted.only and wanted.integration not in wanted.only)
    ):
        return Found([])
    first, last = log.ends(tx)
    low, high = (first, END - 1 if past is None else past - 1) if newest else (max(first, (past or 0) + 1), last)
    rows: list[LogRow] = []
    looked = 0
    for piece in _pieces(tx, index, wanted, low, min(high, last), newest=newest):
        for row in piece.rows:
            rows.append(row)
            if len(rows) > limit:
                return Found(rows[:limit], rows[limit - 1].position)
        looked += piece.cost
        if looked >= _FAR:
            return Found(rows, piece.place)
    return Found(rows)


def _pieces(
    tx: Transaction, index: SearchIndex | None, wanted: Filter, low: int, high: int, *, newest: bool
) -> Iterator[Piece]:
    """Look for rows piece by piece, by the index where it has something to tell."""
    if index is not None and index.lag is not None and not index.broken and _narrow(wanted):
        try:
            for piece in _by_index(tx, index, wanted, low, high, newest=newest):
                yield piece
                low, high = (low, piece.place - 1) if newest else (piece.place + 1, high)
        except BrokenIndexError as error:
            index.blame(error.__cause__)
            _log.warning("audit_index.not_readable", error=type(error.__cause__).__name__)
        else:
            return
    yield from log.pieces(tx, wanted, low=low, high=high, newest=newest)


def _by_index(
    tx: Transaction, index: SearchIndex, wanted: Filter, low: int, high: int, *, newest: bool
) -> Iterator[Piece]:
    """What the index lacks are the newest rows; they are looked through, first or last, as the order says."""
    with index.reading() as reading:
        lacking = max(low, reading.watermark + 1)
        if newest:
            yield from log.pieces(tx, wanted, low=lacking, high=high, newest=True)
        yield from _indexed(tx, reading, wanted, low, high, newest=newest)
        if not newest:
            yield from log.pieces(tx, wanted, low=lacking, high=high, newest=False)


def _narrow(wanted: Filter) -> bool:
    """Whether the index can tell more than the order of the rows does, over all or within an integration."""
    return not is_plain(wanted) or (bool(wanted.only) and not wanted.integration)


def _indexed(
    tx: Transaction, reading: Reading, wanted: Filter, low: int, high: int, *, newest: bool
) -> Iterator[Piece]:
    matches = matcher(wanted)
    places = reading.places(query_of(wanted), low, high, newest=newest)
    while handful := list(islice(places, _HANDFUL)):
        found = [row for row in log.pick(tx, handful, newest=newest) if matches(row.content)]
        yield Piece(handful[-1], len(handful), iter(found))
