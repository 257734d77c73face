"""The one door: what is told to those who watch, and when."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from syncline.engine import Engine
from syncline.errors import NotFoundError
from syncline.store.sqlite import SQLiteStore, open_store
from tests.store.events import RULES, birth, event


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    """An empty store."""
    opened = await open_store(tmp_path / "syncline.sqlite3")
    yield opened
    await opened.close()


@pytest.fixture
def engine(store: SQLiteStore) -> Engine:
    """An engine over it."""
    return Engine(store, RULES)


async def test_watchers_hear_every_outcome(engine: Engine) -> None:
    """Accepted or not, in the order of the log."""
    heard: list[object] = []
    engine.watch(heard.append)
    outcomes = [await engine.handle(birth()), await engine.handle(event("sync.finished")), await engine.handle(birth())]
    assert heard == outcomes
    assert [outcome.disposition for outcome in outcomes] == ["transitioned", "unexpected", "duplicate"]


async def test_a_watcher_can_stop(engine: Engine) -> None:
    """Each registration ends by itself, also while others are being told."""
    heard: list[str] = []

    def once(_: object) -> None:
        heard.append("first")
        stop()

    stop = engine.watch(once)
    engine.watch(lambda _: heard.append("second"))
    await engine.handle(birth())
    await engine.handle(event("app.registered"))
    assert heard == ["first", "second", "second"]


async def test_nobody_hears_of_what_was_not_recorded(engine: Engine) -> None:
    """An event for an integration that does not exist is an error for its sender alone."""
    heard: list[object] = []
    engine.watch(heard.append)
    with pytest.raises(NotFoundError):
        await engine.handle(event("app.registered", integration="in_0"))
    assert heard == []


async def test_what_arrived_together_is_recorded_in_its_order(engine: Engine) -> None:
    """Also behind others that wait, and in more than one group."""
    await engine.handle(birth())
    before = asyncio.gather(*(engine.handle(event("sync.finished", key=f"before {number}")) for number in range(10)))
    await asyncio.sleep(0)
    keys = [f"{number}" for number in range(600)]
    handled = await engine.handle_in_order(event("sync.finished", key=key) for key in keys)
    assert [outcome.seq for outcome in handled] == list(range(12, 612))
    assert [outcome.seq for outcome in await before] == list(range(2, 12))


async def test_one_that_fails_of_those_that_arrived_together(engine: Engine) -> None:
    """The others are recorded; whoever sent them is told of the error."""
    heard: list[str] = []
    engine.watch(lambda outcome: heard.append(outcome.type))
    await engine.handle(birth())
    with pytest.raises(NotFoundError):
        await engine.handle_in_order([event("app.registered", integration="in_0"), event("sync.finished")])
    assert heard == ["integration.created", "sync.finished"]


async def test_an_outcome_says_whether_it_was_accepted(engine: Engine) -> None:
    """A repetition is as good as its first was."""
    await engine.handle(birth())
    assert (await engine.handle(event("app.registered", key="a"))).accepted
    assert (await engine.handle(event("app.registered", key="a"))).accepted
    assert not (await engine.handle(event("app.registered", key="b"))).accepted
    assert not (await engine.handle(event("app.registered", key="b"))).accepted
    assert not (await engine.handle(event("app.registered", key="a", data={"other": 1}))).accepted
