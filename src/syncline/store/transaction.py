"""What an operation gets: the named queries, bound to the connection that its transaction is on."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import aiosql
from aiosql.queries import Queries
from aiosql.types import SQLOperationType

from syncline.store.tail import Tail

T = TypeVar("T")

#: A text in quotes, which is left alone, or a named parameter.
_NAMES = re.compile(r"'(?:[^']|'')*'|(?<!:):([a-z_]+)")

#: The values of a row in a statement that writes many.
_ROW = re.compile(r"VALUES (\([^()]*\))")

#: Integrations that are remembered: where each stands, its sender and the key of that.
_MOST_KEPT = 5_000
#: Rows in one statement; each number makes a statement of its own, which the driver keeps compiled.
_MOST_ROWS = 64

_QUERIES = Path(__file__).parent / "queries"


class Connection(Protocol):
    """What both databases' connections have: parameters by name in, a cursor out."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Any:  # noqa: ANN401  each driver has its own cursor
        """Run one statement."""


class Transaction:
    """The queries of `queries/*.sql` as functions with named parameters, inside a transaction."""

    def __init__(self, connection: Connection, queries: Queries) -> None:
        """Bind each query to the connection once; what is bound serves one of its transactions after the other."""
        #: Where the last events left their integrations, so that the next ones need not read it again; a fence in the
        #: database still judges each use.
        self.heads: dict[str, Any] = {}
        #: The opened keys of subjects, by subject, and what they have sealed, by what it was.
        self.keys: dict[Hashable, Any] = {}
        #: How often all of that was forgotten.
        self.forgotten = 0
        self.tail = Tail(self)
        for name in queries.available_queries:
            if not name.endswith("_cursor"):
                query = getattr(queries, name)
                setattr(self, name, _bind(connection, query.sql, query.operation, self.tail.write))

    def keep_head(self, integration: str, head: object) -> None:
        """Remember where an event left its integration."""
        if len(self.heads) >= _MOST_KEPT:
            self.heads.clear()
        self.heads[integration] = head

    def keep_key(self, name: Hashable, key: object) -> None:
        """Remember an opened key, or what one has sealed."""
        if len(self.keys) >= 2 * _MOST_KEPT:
            self.keys.clear()
        self.keys[name] = key

    def forget(self) -> None:
        """Forget what is remembered, since it may not be so: called by whoever takes a statement back."""
        self.heads.clear()
        self.keys.clear()
        self.forgotten += 1

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Only for names that no query has; also tells the type checker what the others are."""
        raise AttributeError(f"there is no query named {name}")


#: A plain blocking function; what it returns reaches the caller after the commit. A database may take it back and run
#: it again (a neighbour in its transaction has failed, two have collided), so it acts on nothing but the transaction.
Operation = Callable[[Transaction], T]


class Prepared(ABC, Generic[T]):
    """An operation with a first step, which may be made for all operations of a group before any of them is run.

    The same work many times in a row costs a fraction of what it costs between other things. A database need not make
    it, so the operation looks whether it was made and whether it still stands (`forgotten`).
    """

    __slots__ = ()

    @abstractmethod
    def prepare(self, tx: Transaction) -> None:
        """Make the first step."""

    @abstractmethod
    def __call__(self, tx: Transaction) -> T:
        """Run it, as any operation."""


class Store(Protocol):
    """Two verbs, kept by every database."""

    async def write(self, operation: Operation[T]) -> T:
        """Run an operation in a transaction; answers after the commit, or raises and leaves nothing behind."""

    async def read(self, operation: Operation[T]) -> T:
        """Run an operation that changes nothing, on a consistent view of what is committed."""


@cache
def named_queries(driver: str) -> Queries:
    """Load the queries for a driver (`sqlite3`, `psycopg`)."""
    queries: Queries = aiosql.from_path(_QUERIES, driver)
    return queries


def _bind(
    connection: Connection, sql: str, operation: SQLOperationType, first: Callable[[], None]
) -> Callable[..., Any]:
    """Answer a function that runs a query: without aiosql's own layers, which cost as much as the statement does.

    `first` is called before each statement. A query of many rows (`*!`) takes a list of them, any other its parameters.
    """
    execute = connection.execute
    if operation == SQLOperationType.INSERT_UPDATE_DELETE_MANY:
        return _bind_many(execute, sql, first)
    text, ordered = _by_position(sql)

    def run(parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401  each driver has its own cursor
        first()
        return execute(text, ordered(parameters))

    if operation == SQLOperationType.SELECT_ONE:
        return lambda **parameters: run(parameters).fetchone()
    if operation == SQLOperationType.INSERT_UPDATE_DELETE:
        return lambda **parameters: run(parameters).rowcount
    return lambda **parameters: run(parameters)


def _bind_many(execute: Callable[..., Any], sql: str, first: Callable[[], None]) -> Callable[..., Any]:
    """Answer a function that runs a query with one `VALUES (…)` for many rows, in as few statements as can be."""
    text, ordered = _by_position(sql)
    before, row, after = _ROW.split(text)

    @cache
    def statement(count: int) -> str:
        return f"{before}VALUES {', '.join([row] * count)}{after}"

    def run(rows: Sequence[Mapping[str, Any]]) -> int:
        first()
        changed = 0
        for start in range(0, len(rows), _MOST_ROWS):
            part = rows[start : start + _MOST_ROWS]
            parameters = tuple(chain.from_iterable(map(ordered, part)))
            changed += execute(statement(len(part)), parameters).rowcount
        return changed

    return run


@cache  # Each connection binds all queries, a hundred and eighty of them.
def _by_position(sql: str) -> tuple[str, Callable[[Mapping[str, Any]], Any]]:
    """Turn `:name` into `?`, since SQLite's driver looks up each name at each call, which costs as much as the rest."""
    names = [name for name in _NAMES.findall(sql) if name]
    if not names:
        return sql, lambda parameters: parameters
    text = _NAMES.sub(lambda found: "?" if found[1] else found[0], sql)
    if len(names) == 1:
        return text, lambda parameters: (parameters[names[0]],)
    return text, itemgetter(*names)
