"""The stores that the conformance suite runs on: a new database joins by one entry in `STORES`."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Protocol

import pytest

from syncline.engine import Engine
from syncline.store import sqlite
from syncline.store.transaction import Store
from tests.store.events import RULES


class OpenStore(Store, Protocol):
    """A store that a test has to close."""

    async def close(self) -> None:
        """Close every connection."""


async def _open_sqlite(folder: Path) -> OpenStore:
    return await sqlite.open_store(folder / "syncline.sqlite3")


STORES: dict[str, Callable[[Path], Awaitable[OpenStore]]] = {"sqlite": _open_sqlite}


@pytest.fixture(params=sorted(STORES))
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OpenStore]:
    """An empty store of each kind."""
    opened = await STORES[request.param](tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def engine(store: OpenStore) -> Engine:
    """The engine over that store, with the shipped chart."""
    return Engine(store, RULES)
