"""Taking back what a call has written, while it is still being answered."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import sqlite3


class Savepoint:
    """What is written inside `with` stays unless it ends in an error or `undo` is called."""

    def __init__(self, db: "sqlite3.Connection") -> None:
        self._db = db

    def undo(self) -> None:
        """Take back what has been written since the beginning."""
        self._db.execute("ROLLBACK TO call")

    def __enter__(self) -> Self:
        """Begin; savepoints may lie in one another, SQLite takes the innermost of a name."""
        self._db.execute("SAVEPOINT call")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        if kind is not None:
            self.undo()
        self._db.execute("RELEASE call")
