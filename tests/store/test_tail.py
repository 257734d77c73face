"""Rows that are written together are the rows that would have been written one by one."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline.core.event import Event
from syncline.engine import Engine
from syncline.store import log
from syncline.store.record import Outcome
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.store.transaction import Transaction
from syncline.store.verify import verify
from tests.store.events import RULES, birth, event
from tests.store.groups import Gate, Statements

NAMES = ("in_1", "in_2", "in_3")


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    """A store with three integrations."""
    store = await open_store(tmp_path / "syncline.sqlite3")
    for name in NAMES:
        await Engine(store, RULES).handle(birth(integration=name))
    yield store
    await store.close()


async def handle_together(store: SQLiteStore, events: list[Event]) -> list[Outcome]:
    """Record events in one group, in their order."""
    engine = Engine(store, RULES)
    gate = await Gate().close(store)
    tasks = [asyncio.create_task(engine.handle(each)) for each in events]
    await gate.open()
    return await asyncio.gather(*tasks)


async def hashes(store: SQLiteStore) -> dict[tuple[str, int], bytes]:
    """Answer the hash of each row; as each is chained to the one before, equal hashes are equal logs."""
    rows = await store.read(partial(log.rows, wanted=log.Filter(), limit=1000))
    return {(entry.row.integration, entry.row.seq): entry.hash for entry in rows}


def heads(tx: Transaction) -> int:
    """Answer how many integrations and rows do not fit together."""
    report = verify(tx)
    assert report.integrations == len(NAMES)
    return len(report.faults)


async def test_many_rows_take_two_statements(file: SQLiteStore) -> None:
    """Also when they are of one integration, whose head then moves once, over all of them."""
    async with Statements(file) as statements:
        await handle_together(file, [event("sync.requested", integration=name) for name in NAMES])
        statements.seen.clear()
        outcomes = await handle_together(file, [event("sync.requested", integration=NAMES[n % 2]) for n in range(60)])
    assert [outcome.seq for outcome in outcomes] == [3 + n // 2 for n in range(60)]
    assert statements.seen.count("INSERT") == statements.seen.count("UPDATE") == 1
    assert await file.read(heads) == 0


async def test_a_long_group_takes_a_few(file: SQLiteStore) -> None:
    """A statement has so many rows and no more."""
    async with Statements(file) as statements:
        await handle_together(file, [event("sync.requested") for _ in range(200)])
    assert statements.seen.count("INSERT") == 4
    assert await file.read(heads) == 0


async def test_whoever_reads_in_the_same_transaction_finds_them(file: SQLiteStore) -> None:
    """What waits is written before any other statement."""
    engine = Engine(file, RULES)

    def count(tx: Transaction) -> int:
        return len(log.rows(tx, wanted=log.Filter("in_1"), limit=100))

    gate = await Gate().close(file)
    first = asyncio.create_task(engine.handle(event("sync.requested")))
    found = asyncio.create_task(file.write(count))
    await gate.open()
    assert (await first).seq == await found == 2


async def test_a_key_that_comes_twice_in_a_group_is_found(file: SQLiteStore) -> None:
    """The second is the duplicate, the neighbours are what they would have been, and nothing is there twice."""
    events = [
        event("sync.requested", key="once"),
        event("app.registered", integration="in_2"),
        event("sync.requested", key="once"),
        event("sync.requested", integration="in_2"),
    ]
    outcomes = await handle_together(file, events)
    assert [outcome.disposition for outcome in outcomes] == ["unexpected", "transitioned", "duplicate", "unexpected"]
    assert (outcomes[2].repeats, outcomes[2].first) == (outcomes[0].seq, "unexpected")
    assert await file.read(heads) == 0


EVENTS = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(("app.registered", "credentials.saved", "sync.requested", "disconnect.requested")),
    st.integers(0, 12),
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=st.lists(st.lists(EVENTS, min_size=1, max_size=12), max_size=4))
async def test_nobody_can_tell_a_group_from_one_at_a_time(
    tmp_path_factory: pytest.TempPathFactory, groups: list[list[tuple[str, str, int]]]
) -> None:
    """Whatever comes in whatever company: the same outcomes, and the same log to the last bit."""
    folder = tmp_path_factory.mktemp("pair")
    births = [birth(integration=name) for name in NAMES]
    drawn = [[event(type_, integration=name, key=f"key {n}") for name, type_, n in group] for group in groups]
    logs, answers = [], []
    for together in (True, False):
        store = await open_store(folder / f"{together}.sqlite3")
        for group in (births, *drawn):
            parts = [group] if together else [[each] for each in group]
            answers.append([outcome for part in parts for outcome in await handle_together(store, part)])
        logs.append(await hashes(store))
        assert await store.read(heads) == 0
        await store.close()
    assert logs[0] == logs[1]
    assert answers[: len(answers) // 2] == answers[len(answers) // 2 :]
