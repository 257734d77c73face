"""SQLite with one writer that groups commits, and a few read-only readers.

Operations that wait are run in one transaction, each under a savepoint, in one hop to the connection's thread, and
each caller is answered after the COMMIT. There is no linger: a batch is whatever arrived during the last commit. If
the COMMIT fails, every caller of the batch fails. Only the writer checkpoints the log: SQLite before 3.51.3 can
corrupt it when two connections write or checkpoint at once.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from syncline.errors import ConfigurationError, UnavailableError
from syncline.store.migrate import migrate
from syncline.store.transaction import Operation, Transaction, named_queries

T = TypeVar("T")

_LARGEST_BATCH = 256
_READERS = 3
_BUSY_SECONDS = 5.0


class Writer(aiosqlite.Connection):
    """The one connection that writes."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is opened when the connection is awaited."""

        def connect() -> sqlite3.Connection:
            return sqlite3.connect(
                path, isolation_level=None, timeout=_BUSY_SECONDS, check_same_thread=False, cached_statements=512
            )

        super().__init__(connect, iter_chunk_size=64)
        self._waiting: deque[tuple[Operation[Any], asyncio.Future[Any]]] = deque()
        self._flushing: asyncio.Task[None] | None = None
        self._transaction: Transaction | None = None

    async def write(self, operation: Operation[T]) -> T:
        """Run an operation in the next group; answers after its COMMIT."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((operation, answer))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        return await answer

    async def _flush(self) -> None:
        """Commit groups until nothing waits."""
        try:
            while self._waiting:
                count = min(len(self._waiting), _LARGEST_BATCH)
                group = [self._waiting.popleft() for _ in range(count)]
                try:
                    results = await self._execute(self._run_group, [operation for operation, _ in group])
                except Exception as error:  # noqa: BLE001  the whole group failed with its COMMIT
                    results = [(None, UnavailableError("store.unavailable", type(error).__name__))] * count
                for (_, answer), (result, failure) in zip(group, results, strict=True):
                    _answer(answer, result, failure)
        finally:
            self._flushing = None

    def _run_group(self, operations: list[Operation[Any]]) -> list[tuple[Any, Exception | None]]:
        """Run on the connection's thread: one transaction, a savepoint each."""
        connection = self._conn
        if self._transaction is None:
            self._transaction = Transaction(connection, named_queries("sqlite3"))
        execute = connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            results = [_run_one(execute, operation, self._transaction) for operation in operations]
            execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                execute("ROLLBACK")
            raise
        return results


def _run_one(
    execute: Callable[[str], object], operation: Operation[Any], transaction: Transaction
) -> tuple[Any, Exception | None]:
    execute("SAVEPOINT operation")
    try:
        result = operation(transaction)
    except Exception as error:  # noqa: BLE001  it belongs to this caller alone
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

    def __init__(self, path: Path, writer: Writer | None, readers: list[aiosqlite.Connection]) -> None:
        """Take connections that are open; use `open_store`."""
        self.path = path
        self._writer = writer
        self._free: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        self._readers = readers
        for reader in readers:
            self._free.put_nowait(reader)

    async def write(self, operation: Operation[T]) -> T:
        """Run an operation in a transaction; answers after the commit."""
        if self._writer is None:
            raise UnavailableError("store.read_only", "the store was opened for reading")
        return await self._writer.write(operation)

    async def read(self, operation: Operation[T]) -> T:
        """Run an operation on a snapshot of what is committed."""
        reader = await self._free.get()
        try:
            return await reader._execute(_read, reader._conn, operation)  # noqa: SLF001  one hop, not one per statement
        finally:
            self._free.put_nowait(reader)

    async def close(self) -> None:
        """Finish what waits and close every connection."""
        for reader in self._readers:
            await reader.close()
        if self._writer is not None:
            while self._writer._flushing is not None:  # noqa: SLF001
                await self._writer._flushing  # noqa: SLF001
            await self._writer.close()


def _read(connection: sqlite3.Connection, operation: Operation[T]) -> T:
    connection.execute("BEGIN")
    try:
        return operation(Transaction(connection, named_queries("sqlite3")))
    finally:
        connection.execute("COMMIT")


async def open_store(path: Path, *, read_only: bool = False) -> SQLiteStore:
    """Open the file, migrate it, read its settings back; raises `ConfigurationError` when they did not take."""
    writer = None
    if not read_only:
        writer = Writer(path)
        await writer
        await writer._execute(_prepare, writer._conn)  # noqa: SLF001
        await writer._execute(migrate, writer._conn)  # noqa: SLF001
    elif not path.exists():
        raise ConfigurationError("store.missing", f"there is no database at {path}")
    readers = [await _reader(path) for _ in range(_READERS)]
    return SQLiteStore(path, writer, readers)


def _prepare(connection: sqlite3.Connection) -> None:
    """Ask for durability and believe it only when the database says so."""
    for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
        connection.execute(f"PRAGMA {pragma} = {value}")
        (got,) = connection.execute(f"PRAGMA {pragma}").fetchone()
        if got != value:
            raise ConfigurationError("store.not_durable", f"{pragma} is {got}, it must be {value}")
    connection.execute("PRAGMA temp_store = memory")


async def _reader(path: Path) -> aiosqlite.Connection:
    reader = await aiosqlite.connect(
        f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=_BUSY_SECONDS, cached_statements=256
    )
    await reader.execute("PRAGMA query_only = 1")
    return reader
