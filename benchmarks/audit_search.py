"""The first page of every filter of the audit log, and of every pair of them; `--rows 10000000` for ten million."""

import argparse
import itertools
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.measure import SCRATCH, Result
from syncline.store import log, search
from syncline.store.filter import Filter
from syncline.store.index import SearchIndex
from syncline.store.migrate import migrate
from syncline.store.transaction import Transaction, named_queries

ROWS = 1_000_000
START = 1_795_000_000_000_000
#: One row each 2 ms: a million are half an hour.
STEP = 2_000
_PAGE = 50
_SHOWN = 12
_ASKS = 3
_GROUP = 500_000
_INDEXES = ("audit_by_seq", "audit_by_key")

#: Every other row belongs to the integration `in_000000`, the others to 10,000 more. Half of the rows are of effects,
#: a quarter of hooks, a quarter of timers; each type has one kind of actor and one state to start from, so that many
#: pairs of filters never meet though each of the two is met by millions of rows.
_FILL = """
WITH RECURSIVE number(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM number WHERE i < :last),
drawn AS (
    SELECT i, i % 4 AS kind, (i * 2654435761 % 4294967296) AS draw,
           iif(i % 2 = 0, 'in_000000', printf('in_%06d', i / 2 % 10000 + 1)) AS integration,
           iif(i % 2 = 0, i / 2, i / 20000 + 1) AS seq,
           :start + i * :step + (i * 48271 % 2000000) AS at
      FROM number
),
named AS (
    SELECT *,
           CASE kind WHEN 0 THEN 'sync.progressed' WHEN 1 THEN 'sync.finished' WHEN 2 THEN 'sync.requested'
                ELSE iif(draw % 50 = 0, 'grant.renewal_due', 'timer.cycle_due') END AS type,
           CASE kind WHEN 2 THEN 'hook' WHEN 3 THEN 'timer' ELSE 'effect' END AS actor_kind,
           CASE kind WHEN 2 THEN integration WHEN 3 THEN 'upkeep' ELSE 'sync_records' END AS actor,
           CASE WHEN draw % 100 < 1 THEN 'refused' WHEN draw % 100 < 3 THEN 'unexpected'
                WHEN draw % 100 < 6 THEN 'duplicate' WHEN draw % 100 < 9 THEN 'stale'
                WHEN kind IN (1, 3) THEN 'transitioned' ELSE 'handled' END AS disposition,
           CASE kind WHEN 3 THEN 'syncing.waiting' ELSE 'syncing.running_cycle' END AS origin,
           printf('req_%016x', i / 5 * 2654435761) AS request
      FROM drawn
),
told AS (
    SELECT *, CASE WHEN disposition <> 'transitioned' THEN origin WHEN kind = 1 THEN 'syncing.waiting'
                   ELSE 'syncing.running_cycle' END AS target
      FROM named
)
INSERT INTO audit (position, integration, seq, at, type, key, owns_key, digest, disposition, origin, target, content,
                   hash)
SELECT i, integration, seq, at, type, printf('msg_%016x', i * 2654435761), 1, zeroblob(16), disposition, origin,
       target, CAST(printf(
           '{"actor":{"id":"%s","kind":"%s"},"at":%d,"brought":[],"cause":"effect:%s.%d.0",'
           || '"chart":"integration@1#0123456789ab","context":{"generation":3,"initial_sync_done":true,'
           || '"org_id":"00D000000000001","pinned":true,"user_id":"005000000000001"},"data":{"created":%d,'
           || '"object":"%s","read":200,"refused":0},"digest":"%032x","disposition":"%s","from":"%s",'
           || '"integration":"%s","key":"msg_%016x","request":"%s","seq":%d,"software":"0.1.0","state_seq":1,"to":"%s",'
           || '"type":"%s","v":2}',
           actor, actor_kind, at, integration, seq - draw % 3, draw % 200, iif(draw % 3 = 0, 'Contact', 'Lead'),
           i * 2654435761, disposition, origin, integration, i * 2654435761, request, seq, target, type) AS BLOB),
       randomblob(32)
  FROM told
"""


def fill(path: Path, rows: int) -> None:
    """Write a log of so many rows straight into the tables of a new database, with hashes that prove nothing."""
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection)
    for pragma in ("journal_mode = off", "synchronous = off", "foreign_keys = off", "cache_size = -400000"):
        connection.execute(f"PRAGMA {pragma}")
    indexes = [
        connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0] for name in _INDEXES
    ]
    for name in _INDEXES:
        connection.execute(f"DROP INDEX {name}")
    for first in range(1, rows + 1, _GROUP):
        last = min(first + _GROUP - 1, rows)
        connection.execute(_FILL, {"first": first, "last": last, "start": START, "step": STEP})
        _say(f"{last:,} rows written")
    for sql in indexes:
        connection.execute(sql)
    connection.execute("PRAGMA journal_mode = wal")
    connection.close()


def index_of(path: Path) -> SearchIndex:
    """Index a log as fast as it goes."""
    index = SearchIndex(path.with_name("audit-index.sqlite3"), path)
    index.open()
    taken = 0
    while count := index.advance():
        before, taken = taken, taken + count
        if before // _GROUP < taken // _GROUP:
            _say(f"{taken:,} rows indexed")
    return index


def filters(rows: int) -> dict[str, Filter]:
    """Answer what is asked for: each filter with a frequent and with a rare value."""
    middle = START + rows * STEP // 2
    return {
        "integration, half of the rows": Filter(integration="in_000000"),
        "integration, one of ten thousand": Filter(integration="in_007777"),
        "type, a quarter": Filter(type="sync.requested"),
        "type, few": Filter(type="grant.renewal_due"),
        "type, none": Filter(type="no.such_type"),
        "disposition, most": Filter(disposition="handled"),
        "disposition, few": Filter(disposition="refused"),
        "actor's kind, half": Filter(actor_kind="effect"),
        "actor's kind, a quarter": Filter(actor_kind="timer"),
        "actor, a quarter": Filter(actor="upkeep"),
        "actor, one of ten thousand": Filter(actor="in_000042"),
        "state, half": Filter(state="syncing.waiting"),
        "state, all": Filter(state="syncing"),
        "state, none": Filter(state="disconnected"),
        "from": Filter(origin="syncing.running_cycle"),
        "to": Filter(target="syncing.waiting"),
        "request": Filter(request=f"req_{rows // 10 * 2654435761:016x}"),
        "cause": Filter(cause=f"effect:in_000000.{rows // 4}.0"),
        "time, a minute": Filter(since=middle, until=middle + 60_000_000),
        "time, half": Filter(until=middle),
        "time, the future": Filter(since=START * 2),
        "text, frequent": Filter(text="contact"),
        "text, most": Filter(text="Lead"),
        "text, one row": Filter(text=f"msg_{rows // 3 * 2654435761:016x}"),
        "some integrations": Filter(only=("in_000001", "in_000002", "in_000003")),
        "all but one": Filter(without=("in_000000",)),
    }


def pairs(singles: dict[str, Filter]) -> Iterator[tuple[str, Filter]]:
    """Answer each pair of filters that do not ask for the same thing."""
    for (one, a), (other, b) in itertools.combinations(singles.items(), 2):
        mine, theirs = _asked(a), _asked(b)
        if not mine.keys() & theirs.keys():
            yield f"{one} + {other}", msgspec.structs.replace(a, **theirs)


def _asked(wanted: Filter) -> dict[str, object]:
    default = Filter()
    return {name: value for name, value in msgspec.structs.asdict(wanted).items() if value != getattr(default, name)}


class Asker:
    """Asks for first pages, as the service does."""

    def __init__(self, path: Path, index: SearchIndex) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._tx = Transaction(self._connection, named_queries("sqlite3"))
        self._index = index

    def ask(self, wanted: Filter, *, newest: bool, past: int | None = None) -> tuple[float, search.Found]:
        """Answer the seconds that a page took, and the page."""
        begun = time.perf_counter()
        self._connection.execute("BEGIN")
        found = search.find(self._tx, self._index, wanted=wanted, newest=newest, past=past, limit=_PAGE)
        self._connection.execute("COMMIT")
        return time.perf_counter() - begun, found

    def past(self, rows: int) -> float:
        """Answer the median of the seconds in which the last row of an integration up to a moment is found."""
        seconds: list[float] = []
        for moment in range(START, START + rows * STEP, rows * STEP // 100):
            begun = time.perf_counter()
            log.at(self._tx, integration="in_000000", moment=moment)
            seconds.append(time.perf_counter() - begun)
        return statistics.median(seconds)


def measure(rows: int = ROWS, folder: Path | None = None) -> list[Result]:
    """Fill, index, and ask for each page three times, the newest and the oldest rows first."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        return _measure(rows, folder or Path(name))


def _measure(rows: int, folder: Path) -> list[Result]:
    path = folder / "syncline.sqlite3"
    if not path.exists():
        fill(path, rows)
    begun = time.perf_counter()
    index = index_of(path)
    spent = time.perf_counter() - begun
    singles = filters(rows)
    both = {**singles, **dict(pairs(singles))}
    asker = Asker(path, index)
    asks = [
        _first_page(asker, name, wanted, newest=newest) for name, wanted in both.items() for newest in (True, False)
    ]
    asks.sort(key=lambda each: -each.seconds)
    for each in asks[:_SHOWN]:
        _say(f"{each.seconds * 1000:7.1f} ms  {each.rows:3} rows  {each.name}")
    index.close()
    label = f"{rows:,} audit rows"
    slowest, median = asks[0].seconds, statistics.median(each.seconds for each in asks)
    cut = sum(each.cut for each in asks)
    return [
        Result(f"slowest of {len(asks)} first pages in {label}", slowest * 1000, "ms", reach=200, at_most=True),
        Result(f"median first page in {label}", median * 1000, "ms"),
        Result("first pages that were cut short", cut, "", reach=0, at_most=True),
        Result("row of a past moment", asker.past(rows) * 1000, "ms"),
        Result("search index, for each row", index.path.stat().st_size / rows, "bytes"),
        *([Result("search index, taken in", rows / spent, "rows/s")] if spent > 1 else []),
    ]


@dataclass(frozen=True)
class _Ask:
    name: str
    seconds: float
    rows: int
    cut: bool


def _first_page(asker: Asker, name: str, wanted: Filter, *, newest: bool) -> _Ask:
    seconds, found = min((asker.ask(wanted, newest=newest) for _ in range(_ASKS)), key=lambda pair: pair[0])
    cut = found.next is not None and len(found.rows) < _PAGE
    return _Ask(f"{name}, the {'newest' if newest else 'oldest'} first", seconds, len(found.rows), cut)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    from benchmarks.measure import table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--folder", type=Path, help="Where the database is kept, and found again the next time.")
    asked = parser.parse_args()
    print(table(measure(asked.rows, asked.folder)))
