"""The search index of the log: a file of its own beside the database, made from it and of no value without it.

It is written by one connection on one thread, never by the store's writer, so that no event waits for it; it may lag
behind, and whoever searches looks through the rows that it lacks. Deleting the file loses nothing.

The latest rows, those of one segment of positions, are in an FTS5 table. When the log goes on into the next segment,
the lists of the full one are written once and for all, by term, and the table starts afresh. FTS5 alone finds rare
terms as quickly; of two frequent terms that never meet it takes up to half a second to say so (10 million rows).

Nearly everything is done by SQL: rows are read, cut into terms and counted while Python's lock is free for the service.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from syncline.store import index_sql
from syncline.store.postings import BITS, DENSE, SIZE, Places, common, in_order, read, to_map
from syncline.store.terms import Query

#: Rows that are taken in at once.
BATCH = 512

_SUFFIXES = ("", "-wal", "-shm")
_BUSY_SECONDS = 5.0
#: Positions of the table of the latest rows that are asked for at a time.
_PAGE = 1_000
#: Connections that are kept open for readers.
_MOST_FREE = 4
_ZONE = 10  #: bits: the earliest and the latest moment are kept for each 1,024 positions

#: What is wrong with the machine or the moment, not with the file (https://www.sqlite.org/rescode.html).
_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)

_Execute = Callable[..., sqlite3.Cursor]


class BrokenIndexError(Exception):
    """The index cannot be read; it is of no use until it is made anew."""


class SearchIndex:
    """The index of the log in one database."""

    def __init__(self, path: Path, log: Path) -> None:
        """Name its file and the database; nothing is opened yet."""
        self.path, self._log = path, log
        self._writer: sqlite3.Connection | None = None
        self._free: list[sqlite3.Connection] = []
        #: Rows of the log that it lacks, as far as is known; None while it is not open.
        self.lag: int | None = None
        #: Whether a reader has found it corrupt.
        self.broken = False

    def open(self) -> bool:
        """Open it for writing; answers False when what was there fitted neither this log nor this version.

        Raises `sqlite3.OperationalError` when it cannot be written, or when SQLite was built without FTS5.
        """
        kept = True
        try:
            self._connect()
            new = not self._execute("PRAGMA user_version").fetchone()[0]
            if not new and not self._fits():
                kept = False
        except sqlite3.DatabaseError:
            new = kept = False
        if not kept:
            self.discard()
            self._connect()
        if new or not kept:
            with _transaction(self._execute) as execute:
                for statement in index_sql.SCHEMA:
                    execute(statement)
        self.lag, self.broken = 0, False
        return kept

    def blame(self, error: BaseException | None) -> bool:
        """Take note of a failure; answers whether the file is of no use, and not only the moment."""
        if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF not in _PASSING:
            self.broken = True
        return self.broken

    def discard(self) -> None:
        """Close it and delete the file."""
        self.close()
        for suffix in _SUFFIXES:
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Close every connection; whoever reads at this moment closes theirs."""
        self.lag = None
        free, self._free = self._free, []
        for connection in (*free, *([self._writer] if self._writer else ())):
            connection.close()
        self._writer = None

    def advance(self) -> int:
        """Take in the next rows, at most a batch; answers how many they were."""
        with _transaction(self._execute) as execute:
            (watermark,) = execute("SELECT watermark FROM progress").fetchone()
            first, last = execute(index_sql.NEXT, (watermark,)).fetchone()
            if first is None:
                self.lag = 0
                return 0
            if watermark and first >> BITS != watermark >> BITS:
                _freeze(execute, watermark >> BITS)
                execute(index_sql.FORGET)
            span = (first, min(first | (SIZE - 1), first + BATCH - 1, last))
            for statement in (index_sql.ADD, index_sql.NOTE_MOMENTS):
                execute(statement, span)
            execute(index_sql.NOTE_PROGRESS, span[1:])
        self.lag = last - span[1]
        return int(span[1] - first + 1)

    @contextmanager
    def reading(self) -> Iterator["Reading"]:
        """Give a view that does not change meanwhile; raises `BrokenIndexError` when there is none."""
        free = self._free
        try:
            connection = free.pop() if free else _open(self.path, "?mode=ro")
            connection.execute("BEGIN")
        except (sqlite3.Error, IndexError) as error:
            raise BrokenIndexError from error
        try:
            yield Reading(connection)
        finally:
            with suppress(sqlite3.Error):
                connection.execute("COMMIT")
            if free is self._free and not self.broken and len(free) < _MOST_FREE:
                free.append(connection)
            else:
                connection.close()

    @property
    def _execute(self) -> _Execute:
        if self._writer is None:
            raise sqlite3.OperationalError("the index is not open")
        return self._writer.execute

    def _connect(self) -> None:
        self._writer = _open(self.path)
        # A file that lost its last commits is a little behind; one that was cut short is found corrupt and made anew.
        for pragma in ("journal_mode = wal", "synchronous = normal", "temp_store = memory", "cache_size = -2000"):
            self._execute(f"PRAGMA {pragma}")
        self._execute("ATTACH ? AS log", (f"{self._log.absolute().as_uri()}?mode=ro",))

    def _fits(self) -> bool:
        """Whether it is of this version, and the last row that it knows is in this log."""
        if self._execute("PRAGMA user_version").fetchone()[0] != index_sql.FORMAT:
            return False
        return bool(self._execute(index_sql.FITS).fetchone()[0])


class Reading:
    """The index as it is at one moment."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Take where to ask; from the first question on, what is seen stays as it is."""
        self._connection = connection
        ((self.watermark,),) = self._ask("SELECT watermark FROM progress")

    def places(self, query: Query, low: int, high: int, *, newest: bool) -> Iterator[int]:
        """Answer the positions between two, both inside, at which there may be what is looked for, in order."""
        for first, last in self._spans(query, low, min(high, self.watermark), newest=newest):
            if query.groups:
                yield from self._within(query, first, last, newest=newest)
            else:
                yield from range(last, first - 1, -1) if newest else range(first, last + 1)

    def _spans(self, query: Query, low: int, high: int, *, newest: bool) -> list[tuple[int, int]]:
        """Answer the spans of positions with moments that are asked for, in order."""
        if not query.since and query.until >= 1 << 62:
            return [(low, high)] if low <= high else []
        zones = self._ask(index_sql.ZONES, query.since, query.until, low >> _ZONE, high >> _ZONE)
        spans: list[list[int]] = []
        for (zone,) in zones:
            if spans and spans[-1][1] == zone - 1:
                spans[-1][1] = zone
            else:
                spans.append([zone, zone])
        found = [(max(low, a << _ZONE), min(high, ((b + 1) << _ZONE) - 1)) for a, b in spans]
        return found[::-1] if newest else found

    def _within(self, query: Query, low: int, high: int, *, newest: bool) -> Iterator[int]:
        start = self.watermark >> BITS << BITS  # of the rows that are in no segment yet
        if newest:
            yield from self._latest(query, max(low, start), high, newest=True)
            for segment in range(min(high, start - 1) >> BITS, (low >> BITS) - 1, -1):
                yield from self._of_segment(query, segment, low, high, newest=True)
        else:
            for segment in range(low >> BITS, (min(high, start - 1) >> BITS) + 1):
                yield from self._of_segment(query, segment, low, high, newest=False)
            yield from self._latest(query, max(low, start), high, newest=False)

    def _of_segment(self, query: Query, segment: int, low: int, high: int, *, newest: bool) -> Iterator[int]:
        terms = tuple({term for group in (*query.groups, query.none) for term in group})
        found: dict[str, Places] = dict(self._ask(index_sql.places(len(terms)), segment, *terms))
        groups = [[found.get(term) for term in group] for group in query.groups]
        base = segment << BITS
        bounds = max(low - base, 0), min(high - base, SIZE - 1)
        here = common(groups, [found.get(term) for term in query.none], *bounds)
        return (base + place for place in in_order(here, newest=newest))

    def _latest(self, query: Query, low: int, high: int, *, newest: bool) -> Iterator[int]:
        match = " AND ".join(f"({_any(group)})" for group in query.groups)
        if query.none:
            match = f"({match}) NOT ({_any(query.none)})"
        statement = index_sql.LATEST_BACK if newest else index_sql.LATEST
        while low <= high:
            page = self._ask(statement, match, low, high, _PAGE)
            yield from (place for (place,) in page)
            if len(page) < _PAGE:
                return
            low, high = (low, page[-1][0] - 1) if newest else (page[-1][0] + 1, high)

    def _ask(self, statement: str, *parameters: int | str) -> list[Any]:
        try:
            return self._connection.execute(statement, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise BrokenIndexError from error


def has_fts5() -> bool:
    """Whether this SQLite has the extension that the index is made with."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return bool(connection.execute("SELECT sqlite_compileoption_used('ENABLE_FTS5')").fetchone()[0])


def _any(terms: Sequence[str]) -> str:
    return " OR ".join(f'"{term}"' for term in terms)


def _freeze(execute: _Execute, segment: int) -> None:
    """Write the lists of a full segment and empty the table of the latest rows."""
    dense = [term for (term,) in execute("SELECT term FROM latest_terms WHERE doc >= ?", (DENSE,))]
    execute(index_sql.FREEZE, (segment, msgspec.json.encode(dense).decode()))
    for term in dense:
        (text,) = execute(index_sql.PLACES_OF, (term,)).fetchone()
        execute("INSERT INTO postings VALUES (?, ?, ?)", (segment, term, to_map(read(text))))
    execute("INSERT INTO latest (latest) VALUES ('delete-all')")


def _open(path: Path, options: str = "") -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}{options}",
        uri=True,
        isolation_level=None,
        timeout=_BUSY_SECONDS,
        check_same_thread=False,  # one thread at a time: whoever has taken it from the list
    )


@contextmanager
def _transaction(execute: _Execute) -> Iterator[Callable[..., Any]]:
    execute("BEGIN")
    try:
        yield execute
        execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            execute("ROLLBACK")
        raise
