"""Logs made by hand for the tests of searching: rows of any content, at any positions."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st

from syncline.core import audit
from syncline.core.context import Context
from syncline.core.event import Actor
from syncline.store import search
from syncline.store.filter import END, Filter
from syncline.store.index import SearchIndex
from syncline.store.migrate import migrate
from syncline.store.transaction import Operation, Transaction, named_queries

T = TypeVar("T")

#: A moment in 2026.
NOW = 1_795_000_000_000_000
INTEGRATIONS = ("in_1", "in_2", "service")
TYPES = ("sync.finished", "sync.requested", "grant.lost")
STATES = ("", "syncing", "syncing.waiting", "syncing.running_cycle", "paused")
ACTORS = (Actor("person", "k1"), Actor("hook", "in_1"), Actor("hook", "in_2"))
REQUESTS = ("", "req_1", "req:2", "Ünïcode 'quoted\"")
CAUSES = ("", "seq:1", "effect:in_1.1.0")
TEXTS = ("", "Quota exceeded", "sync", "ÄÖÜ äöü", "a\x00b", "x-y_z", "don't", '"q"', "日本 語", "§e", "AND OR NOT")
#: Segments of the index are 65,536 positions: with this between two rows, seven lie in one.
STRIDE = 9_973

#: A row of which nothing matters.
PLAIN: dict[str, Any] = {
    "integration": "in_1",
    "at": NOW,
    "type": "sync.finished",
    "disposition": "handled",
    "origin": "syncing",
    "to": "syncing",
    "actor": Actor("person", "k1"),
}

rows = st.fixed_dictionaries(
    {
        "integration": st.sampled_from(INTEGRATIONS),
        "at": st.integers(NOW, NOW + 40),
        "type": st.sampled_from(TYPES),
        "disposition": st.sampled_from(("transitioned", "handled", "refused")),
        "origin": st.sampled_from(STATES),
        "to": st.sampled_from(STATES),
        "actor": st.sampled_from(ACTORS),
        "request": st.sampled_from(REQUESTS),
        "cause": st.sampled_from(CAUSES),
        "data": st.dictionaries(st.sampled_from(("digest", "detail")), st.sampled_from(TEXTS), max_size=2),
        "reason": st.sampled_from(TEXTS),
        "context": st.sampled_from((Context(), Context(problem="hidden.words"))),
    }
)


def _some(values: Sequence[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), st.sampled_from(values))


filters = st.builds(
    Filter,
    integration=_some(INTEGRATIONS),
    type=_some((*TYPES, "no.such")),
    disposition=_some(("transitioned", "refused")),
    since=st.one_of(st.just(0), st.integers(NOW - 1, NOW + 41)),
    until=st.one_of(st.just(END), st.integers(NOW - 1, NOW + 41)),
    only=st.sampled_from(((), (), ("in_1",), ("in_1", "in_2"), ("in_9",))),
    without=st.sampled_from(((), (), ("service",))),
    actor_kind=_some(("person", "hook")),
    actor=_some(("k1", "in_2")),
    state=_some(STATES),
    origin=_some(STATES),
    target=_some(STATES),
    request=_some(REQUESTS),
    cause=_some(CAUSES),
    text=st.one_of(st.just(""), st.sampled_from((*TEXTS, "hidden", "sync lost", "quota", "-", "?!", "k1"))),
)


class HandmadeLog:
    """A database with nothing but a log, whose rows are written past the chart."""

    def __init__(self, folder: Path) -> None:
        """Make it, and name an index beside it."""
        self.path = folder / "log.sqlite3"
        self._connection = sqlite3.connect(self.path, isolation_level=None)
        self._connection.execute("PRAGMA synchronous = off")  # Nobody waits for a disk here.
        migrate(self._connection)
        self._connection.execute("PRAGMA journal_mode = wal")
        self._tx = Transaction(self._connection, named_queries("sqlite3"))
        self.index = SearchIndex(folder / "audit-index.sqlite3", self.path)
        self.rows: list[tuple[int, audit.Row]] = []
        self._seqs = dict.fromkeys(INTEGRATIONS, 0)

    def add(self, parts: dict[str, Any], position: int = 0) -> None:
        """Write a row behind all others."""
        name = parts["integration"]
        self._seqs[name] += 1
        position = position or (self.rows[-1][0] if self.rows else 0) + STRIDE
        row = audit.Row(seq=self._seqs[name], key=f"key_{position}", chart="c@1#0", software="0", **parts)
        content = audit.encode(row)
        self._connection.execute(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, 1, x'', ?, ?, ?, ?, ?)",
            (
                *(position, name, row.seq, row.at, row.type, row.key, row.disposition, row.origin, row.to),
                *(content, audit.chain(b"", content)),
            ),
        )
        self.rows.append((position, row))

    def find(self, wanted: Filter, *, newest: bool, past: int | None, limit: int, indexed: bool = True) -> search.Found:
        """Answer a page."""
        self._connection.execute("BEGIN")
        try:
            index = self.index if indexed else None
            return search.find(self._tx, index, wanted=wanted, newest=newest, past=past, limit=limit)
        finally:
            self._connection.execute("COMMIT")

    def pages(self, wanted: Filter, *, newest: bool, limit: int, indexed: bool = True) -> list[int]:
        """Put all pages together; answers positions."""
        together: list[int] = []
        past: int | None = None
        while True:
            found = self.find(wanted, newest=newest, past=past, limit=limit, indexed=indexed)
            assert len(found.rows) <= limit
            together += [row.position for row in found.rows]
            if found.next is None:
                return together
            assert past is None or (found.next < past if newest else found.next > past)
            past = found.next

    def catch_up(self) -> None:
        """Take everything into the index."""
        while self.index.advance():
            pass

    def read(self, operation: Operation[T]) -> T:
        """Run an operation of the store."""
        return operation(self._tx)

    def plan(self, sql: str) -> list[str]:
        """Answer the steps in which a statement with parameters would be run."""
        rows = self._connection.execute(f"EXPLAIN QUERY PLAN {sql}", (1,) * sql.count("?"))
        return [row[3] for row in rows]

    def execute(self, sql: str) -> None:
        """Do something to the database."""
        self._connection.execute(sql)

    def close(self) -> None:
        """Close everything."""
        self.index.close()
        self._connection.close()
