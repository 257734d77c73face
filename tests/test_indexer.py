"""The indexer at work: it keeps up, makes a broken index anew, and lets a service live without FTS5."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syncline import indexer as indexing
from syncline.engine import Engine
from syncline.indexer import Indexer
from syncline.store import search
from syncline.store.filter import Filter
from syncline.store.index import SearchIndex
from syncline.store.sqlite import SQLiteStore, open_store
from tests.store.events import RULES, birth, event


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    """A store with an integration in it."""
    opened = await open_store(tmp_path / "syncline.sqlite3")
    await Engine(opened, RULES).handle(birth())
    yield opened
    await opened.close()


@pytest.fixture
async def index(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SearchIndex]:
    """An index that is kept up by an indexer which looks often."""
    monkeypatch.setattr(indexing, "_PAUSE", 0.01)
    made = SearchIndex(store.path.with_name("audit-index.sqlite3"), store.path)
    keeper = Indexer(made)
    keeper.start()
    yield made
    await keeper.stop()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something, at most ten seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  a file has no event
            await asyncio.sleep(0.01)


def known(index: SearchIndex) -> int:
    """Answer how many rows the index has taken in."""
    with sqlite3.connect(index.path) as connection:
        found = connection.execute("SELECT watermark FROM progress").fetchone()
    connection.close()
    return int(found[0])


async def add(store: SQLiteStore, count: int) -> None:
    """Let events happen that change nothing."""
    engine = Engine(store, RULES)
    await asyncio.gather(*(engine.handle(event("sync.finished")) for _ in range(count)))


async def found(store: SQLiteStore, index: SearchIndex) -> int:
    """Answer how many rows a search finds."""
    ask = partial(search.find, index=index, wanted=Filter(type="sync.finished"), newest=True, past=None, limit=1000)
    return len((await store.read(ask)).rows)


async def test_it_keeps_up(store: SQLiteStore, index: SearchIndex) -> None:
    """What is recorded is soon in the index, and found before and after."""
    await until(lambda: index.lag == 0)
    for round_ in range(1, 4):
        await add(store, 300)
        assert await found(store, index) == min(1000, 300 * round_)
        await until(lambda round_=round_: known(index) == 1 + 300 * round_)  # type: ignore[misc]
        assert await found(store, index) == min(1000, 300 * round_)


async def test_a_broken_index_is_made_anew_while_the_service_runs(store: SQLiteStore, index: SearchIndex) -> None:
    """Searches go on meanwhile."""
    await add(store, 20)
    await until(lambda: index.lag == 0 and known(index) == 21)
    with capture_logs() as logs:
        index.broken = True
        assert await found(store, index) == 20
        await until(lambda: not index.broken and index.lag == 0 and known(index) == 21)
    assert [entry["event"] for entry in logs] == ["audit_index.made_anew"]
    assert await found(store, index) == 20


async def test_a_table_that_is_gone_is_made_anew(store: SQLiteStore, index: SearchIndex) -> None:
    """The indexer itself finds out, and nobody else has to."""
    await until(lambda: index.lag == 0 and known(index) == 1)
    with sqlite3.connect(index.path) as connection:
        connection.execute("DROP TABLE zones")
    connection.close()
    with capture_logs() as logs:
        await add(store, 20)
        await until(lambda: bool(logs) and index.lag == 0 and known(index) == 21)
    assert [entry["event"] for entry in logs] == ["audit_index.made_anew"]
    assert await found(store, index) == 20


async def test_no_rest_is_long(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a batch took, and however busy the service is: rows are soon found."""
    monkeypatch.setattr(indexing, "_PAUSE", 0.01)
    monkeypatch.setattr(indexing, "_BUSY", -1.0)
    monkeypatch.setattr(indexing, "_LONG_REST", 1e9)
    monkeypatch.setattr(indexing, "_MOST_REST", 0.02)
    index = SearchIndex(store.path.with_name("audit-index.sqlite3"), store.path)
    keeper = Indexer(index)
    keeper.start()
    await until(lambda: index.lag == 0)
    for round_ in (1, 2):
        await add(store, 5)
        await until(lambda round_=round_: known(index) == 1 + 5 * round_)  # type: ignore[misc]
    await keeper.stop()


async def test_it_says_when_it_cannot_write_and_tries_again(
    tmp_path: Path, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is not there yet; nothing else of the service minds."""
    monkeypatch.setattr(indexing, "_LONG_PAUSE", 0.01)
    index = SearchIndex(tmp_path / "missing" / "audit-index.sqlite3", store.path)
    keeper = Indexer(index)
    with capture_logs() as logs:
        keeper.start()
        await until(lambda: bool(logs))
        assert index.lag is None
        assert await found(store, index) == 0
        (tmp_path / "missing").mkdir()
        await until(lambda: index.lag == 0)
        await keeper.stop()
    assert logs[0]["event"] == "audit_index.cannot_write"
    assert index.lag is None


async def test_without_fts5_the_log_itself_is_looked_through(
    store: SQLiteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log of the service says so, and there is no file."""
    monkeypatch.setattr(indexing, "has_fts5", lambda: False)
    index = SearchIndex(tmp_path / "audit-index.sqlite3", store.path)
    keeper = Indexer(index)
    with capture_logs() as logs:
        keeper.start()
    await add(store, 5)
    assert await found(store, index) == 5
    await keeper.stop()
    assert [entry["event"] for entry in logs] == ["audit_index.impossible"]
    assert not index.path.exists()
