"""The tail of the log: rows of a transaction, and the heads that they move, written together.

Every event leaves a row and moves the head of its chain, and most do nothing else. At each statement the interpreter
is given away and waited for, which costs more than the writing; so a group of events writes many rows with one
statement and many heads with another, before anything else is asked of the database and before the COMMIT.

Law: no other statement can tell the difference. That a key belongs to an earlier row shows only when the rows are
written; then the whole transaction is taken back and run again row by row, since what was decided may be wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

_Row = Mapping[str, Any]


class Statements(Protocol):
    """The two statements of `queries/record.sql`; each answers how many rows it wrote."""

    def add_audit_rows(self, rows: Sequence[_Row], /) -> int:
        """Add rows whose keys no earlier row has."""

    def advance_heads(self, rows: Sequence[_Row], /) -> int:
        """Move the heads that are where they should be."""


class CollisionError(Exception):
    """Some of the rows that were to be written together could not be."""


class Tail:
    """What is still to be written; nothing, unless a group is being recorded."""

    def __init__(self, statements: Statements) -> None:
        """Write with these statements."""
        self._statements = statements
        self._waits = False
        self._rows: list[_Row] = []
        self._heads: dict[str, dict[str, Any]] = {}

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let rows wait within a block, and write them at its end; raises `CollisionError`."""
        self._waits = True
        try:
            yield
            self.write()
        finally:
            self._waits = False
            self._rows, self._heads = [], {}

    def append(self, row: _Row) -> bool:
        """Add a row; answers whether its key was free, as far as that is known yet."""
        if not self._waits:
            return self._statements.add_audit_rows([row]) == 1
        self._rows.append(row)
        return True

    def advance(self, integration: str, *, old_seq: int, seq: int, head: bytes) -> bool:
        """Move a head; answers whether it was where it should be, as far as that is known yet."""
        moved = {"integration": integration, "old_seq": old_seq, "seq": seq, "head": head}
        if not self._waits:
            return self._statements.advance_heads([moved]) == 1
        before = self._heads.get(integration)
        self._heads[integration] = moved if before is None else moved | {"old_seq": before["old_seq"]}
        return True

    def write(self) -> None:
        """Write what waits; called before any other statement of the transaction; raises `CollisionError`."""
        if not self._rows and not self._heads:
            return
        rows, heads = self._rows, list(self._heads.values())
        self._rows, self._heads = [], {}
        if rows and self._statements.add_audit_rows(rows) != len(rows):
            raise CollisionError("a key belongs to an earlier row")
        if heads and self._statements.advance_heads(heads) != len(heads):
            raise CollisionError("a head is not where it should be")
