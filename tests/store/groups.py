"""Looking into the writer of a store: its statements, and what it commits together."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from typing import Self, cast

from syncline.store.sqlite import SQLiteStore
from syncline.store.transaction import Transaction


class Statements:
    """Watches the statements of a store's writer and can make one fail."""

    fails: Callable[[str], bool]

    def __init__(self, store: SQLiteStore) -> None:
        self.seen: list[str] = []
        self.fails = lambda _: False
        self._writer = store._writer

    async def __aenter__(self) -> Self:
        """Put ourselves between the store and its connection."""
        assert self._writer is not None
        self._inner = self._writer._conn
        self._writer._connection = cast("sqlite3.Connection", self)  # Only what a transaction calls.
        self._writer._transaction = None
        return self

    async def __aexit__(self, *_: object) -> None:
        """Give the connection back."""
        assert self._writer is not None
        self._writer._connection = self._inner
        self._writer._transaction = None

    @property
    def in_transaction(self) -> bool:
        """As the connection says."""
        return self._inner.in_transaction

    def execute(self, sql: str, parameters: object = ()) -> sqlite3.Cursor:
        """Note the statement, fail or pass it on."""
        self.seen.append(sql.split(None, 1)[0])
        if self.fails(sql):
            raise sqlite3.OperationalError("disk I/O error")
        return self._inner.execute(sql, parameters)  # type: ignore[arg-type]


class Gate:
    """Keeps the writer busy until it is opened, so that what comes meanwhile makes one group."""

    def __init__(self) -> None:
        self._open, self._begun = threading.Event(), asyncio.Event()

    async def close(self, store: SQLiteStore) -> Self:
        """Begin to wait on the writer's thread."""
        loop = asyncio.get_running_loop()

        def wait(_: Transaction) -> None:
            loop.call_soon_threadsafe(self._begun.set)
            assert self._open.wait(10)

        self._task = asyncio.create_task(store.write(wait))
        await self._begun.wait()
        return self

    async def open(self) -> None:
        """Let what has been started get in line, then let the writer go on."""
        await asyncio.sleep(0)
        self._open.set()
        await self._task
