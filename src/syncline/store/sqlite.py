"""SQLite with one writer that groups commits, and a few read-only readers.

Operations that wait are run in one transaction, in one hop to the connection's thread, and each caller is answered
after the COMMIT. One that fails takes back nothing but its own. There is no linger: a batch is whatever arrived during
the last commit. If the COMMIT fails, every caller of the batch fails. Only the writer checkpoints the log: SQLite
before 3.51.3 can corrupt it when two connections write or checkpoint at once.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import aiosqlite

from syncline.errors import ConfigurationError, UnavailableError
from syncline.store.migrate import check, migrate
from syncline.store.transaction import Operation, Prepared, Transaction, named_queries

T = TypeVar("T")

_LARGEST_BATCH = 256
_READERS = 3
_BUSY_SECONDS = 5.0
_STATEMENTS = 512  #: compiled statements that a connection keeps; there are fewer than that
#: A checkpoint copies pages into the file and waits for the disk twice, so it is made for 16 MiB at a time, not for 4.
_CHECKPOINT_PAGES = 4000


class Connection(aiosqlite.Connection):
    """A connection with a thread of its own, and the queries bound to it."""

    def __init__(self, address: str) -> None:
        """Name the file, as a URI; it is opened when the connection is awaited."""

        def connect() -> sqlite3.Connection:
            return sqlite3.connect(
                address, uri=True, isolation_level=None, timeout=_BUSY_SECONDS, cached_statements=_STATEMENTS
            )

        super().__init__(connect, iter_chunk_size=64)
        self._transaction: Transaction | None = None

    async def hop(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Run a function on the connection's thread: one hop, not one per statement."""
        execute = cast("Callable[..., Awaitable[T]]", self._execute)
        return await execute(function, self._conn)

    async def abandon(self) -> None:
        """Close what may never have been opened; an open connection's thread would keep the process alive."""
        if self._connection is not None:
            await self.close()

    def transaction(self) -> Transaction:
        """Answer the bound queries."""
        if self._transaction is None:
            self._transaction = Transaction(self._conn, named_queries("sqlite3"))
        return self._transaction


class Reader(Connection):
    """A connection that cannot write."""

    async def read(self, operation: Operation[T]) -> T:
        """Run an operation on a snapshot of what is committed."""
        return await self.hop(partial(self._run, operation))

    def _run(self, operation: Operation[T], connection: sqlite3.Connection) -> T:
        connection.execute("BEGIN")
        try:
            return operation(self.transaction())
        finally:
            connection.execute("COMMIT")


class Writer(Connection):
    """The one connection that writes."""

    def __init__(self, address: str) -> None:
        """As the base class; nothing waits yet."""
        super().__init__(address)
        self._waiting: deque[tuple[Operation[Any], asyncio.Future[Any]]] = deque()
        self._flushing: asyncio.Task[None] | None = None

    async def write(self, operation: Operation[T]) -> T:
        """Run an operation in the next group; answers after its COMMIT."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((operation, answer))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        return await answer

    async def drain(self) -> None:
        """Wait until nothing waits."""
        while self._flushing is not None:
            await self._flushing

    async def _flush(self) -> None:
        """Commit groups until nothing waits."""
        try:
            while self._waiting:
                count = min(len(self._waiting), _LARGEST_BATCH)
                group = [self._waiting.popleft() for _ in range(count)]
                try:
                    results = await self.hop(partial(self._run_group, [operation for operation, _ in group]))
                except Exception as error:  # noqa: BLE001  the whole group failed with its COMMIT
                    results = [(None, UnavailableError("store.unavailable", type(error).__name__))] * count
                for (_, answer), (result, failure) in zip(group, results, strict=True):
                    _answer(answer, result, failure)
        finally:
            self._flushing = None

    def _run_group(
        self, operations: list[Operation[Any]], connection: sqlite3.Connection
    ) -> list[tuple[Any, Exception | None]]:
        """Run on the connection's thread, in one transaction.

        Savepoints, and a statement for each row of the log, cost half of the throughput, and nearly every operation
        succeeds. So only when one has failed the whole group is taken back and run again, each operation by itself.
        """
        transaction = self.transaction()
        with suppress(_OneFailed), _committed(connection, transaction):
            try:
                with transaction.tail.together():
                    for operation in operations:
                        if isinstance(operation, Prepared):
                            operation.prepare(transaction)
                    return [(operation(transaction), None) for operation in operations]
            except Exception as error:
                raise _OneFailed from error
        with _committed(connection, transaction):
            return [_run_one(connection.execute, operation, transaction) for operation in operations]


class _OneFailed(Exception):  # noqa: N818  a signal, not an error
    """An operation of the group raised; whose it was shows in the second run."""


@contextmanager
def _committed(connection: sqlite3.Connection, transaction: Transaction) -> Iterator[None]:
    """One transaction: committed, or rolled back and the error passed on."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        transaction.forget()
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _run_one(
    execute: Callable[[str], object], operation: Operation[Any], transaction: Transaction
) -> tuple[Any, Exception | None]:
    execute("SAVEPOINT operation")
    try:
        result = operation(transaction)
    except Exception as error:  # noqa: BLE001  it belongs to this caller alone
        transaction.forget()
        execute("ROLLBACK TO operation")
        execute("RELEASE operation")
        return None, error
    execute("RELEASE operation")
    return result, None


def _answer(answer: asyncio.Future[Any], result: object, failure: Exception | None) -> None:
    if answer.done():  # The caller has gone away; what it asked for is committed all the same.
        return
    if failure is None:
        answer.set_result(result)
    else:
        answer.set_exception(failure)


class SQLiteStore:
    """The default store: one file, owned by one process."""

    def __init__(self, path: Path, writer: Writer | None, readers: list[Reader]) -> None:
        """Take connections that are open; use `open_store`."""
        self.path = path
        self._writer = writer
        self._readers = readers
        self._free: asyncio.LifoQueue[Reader] = asyncio.LifoQueue()
        for reader in readers:
            self._free.put_nowait(reader)

    async def write(self, operation: Operation[T]) -> T:
        """Run an operation in a transaction; answers after the commit."""
        if self._writer is None:
            raise UnavailableError("store.read_only", "the store was opened for reading")
        return await self._writer.write(operation)

    async def read(self, operation: Operation[T]) -> T:
        """Run an operation on a snapshot of what is committed; raises `UnavailableError` when that cannot be read."""
        reader = await self._free.get()
        try:
            return await reader.read(operation)
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY:
                raise  # No outage: an operation that should only read has tried to write.
            raise UnavailableError("store.unavailable", type(error).__name__) from error
        finally:
            self._free.put_nowait(reader)

    async def close(self) -> None:
        """Finish what waits and close every connection."""
        for reader in self._readers:
            await reader.close()
        if self._writer is not None:
            await self._writer.drain()
            await self._writer.close()


async def open_store(path: Path, *, read_only: bool = False) -> SQLiteStore:
    """Open the file, migrate it, read its settings back; raises `ConfigurationError` when they did not take."""
    writer = None if read_only else Writer(_address(path))
    if writer is None and not await asyncio.to_thread(path.exists):
        raise ConfigurationError("store.missing", f"there is no database at {path}")
    readers = [Reader(_address(path, "?mode=ro")) for _ in range(_READERS)]
    try:
        if writer is not None:
            await writer
            await writer.hop(_prepare)
            await writer.hop(migrate)
        for reader in readers:
            await reader
            await reader.hop(_forbid_writing)
        await readers[0].hop(check)
    except BaseException:
        for connection in (*readers, *([writer] if writer else ())):
            await connection.abandon()
        raise
    return SQLiteStore(path, writer, readers)


def _address(path: Path, options: str = "") -> str:
    return f"{path.absolute().as_uri()}{options}"


def _prepare(connection: sqlite3.Connection) -> None:
    """Ask for durability and believe it only when the database says so."""
    for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
        connection.execute(f"PRAGMA {pragma} = {value}")
        (got,) = connection.execute(f"PRAGMA {pragma}").fetchone()
        if got != value:
            raise ConfigurationError("store.not_durable", f"{pragma} is {got}, it must be {value}")
    connection.execute("PRAGMA temp_store = memory")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")


def _forbid_writing(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA query_only = 1")
