"""What is special about SQLite: group commit, durability read back, readers that cannot write, files refused."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from syncline.engine import Engine
from syncline.errors import ConfigurationError, UnavailableError
from syncline.store import integrations, log, sqlite
from syncline.store.record import Outcome, record
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.store.transaction import Transaction
from tests.store.events import RULES, birth, event, picture, walk
from tests.store.groups import Gate, Statements


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    """A store in a file."""
    store = await open_store(tmp_path / "syncline.sqlite3")
    yield store
    await store.close()


async def test_what_waits_is_committed_together(file: SQLiteStore) -> None:
    """Fifty operations that wait for a commit get one."""
    engine = Engine(file, RULES)
    async with Statements(file) as statements:
        gate = await Gate().close(file)
        many = [asyncio.create_task(engine.handle(birth(integration=f"in_{n:02}"))) for n in range(50)]
        await gate.open()
        outcomes = await asyncio.gather(*many)
        assert {outcome.disposition for outcome in outcomes} == {"transitioned"}
    assert statements.seen.count("COMMIT") == 2
    assert len(await file.read(partial(integrations.integrations, limit=100))) == 50


async def test_a_group_has_a_largest_size(file: SQLiteStore) -> None:
    """No caller waits for more than 256 others."""
    async with Statements(file) as statements:
        gate = await Gate().close(file)
        many = [asyncio.create_task(file.write(lambda _: None)) for _ in range(300)]
        await gate.open()
        await asyncio.gather(*many)
    assert statements.seen.count("COMMIT") == 3


async def test_one_failure_does_not_hurt_its_neighbours(file: SQLiteStore) -> None:
    """In a group of five, the one that fails after it has written leaves nothing; the others are committed."""
    engine = Engine(file, RULES)
    await engine.handle(birth())

    def fail(tx: Transaction) -> None:
        record(tx, birth(integration="in_bad"), rules=RULES)
        raise ValueError("mine alone")

    gate = await Gate().close(file)
    writes = [
        asyncio.create_task(engine.handle(event("app.registered"))),
        asyncio.create_task(engine.handle(birth(integration="in_2"))),
        asyncio.create_task(file.write(fail)),
        asyncio.create_task(engine.handle(event("credentials.saved"))),
        asyncio.create_task(engine.handle(event("app.registered", integration="in_2"))),
    ]
    await gate.open()
    results = await asyncio.gather(*writes, return_exceptions=True)
    assert isinstance(results[2], ValueError)
    assert [result.seq for result in results if isinstance(result, Outcome)] == [2, 1, 3, 2]
    assert [each.id for each in await file.read(integrations.integrations)] == ["in_1", "in_2"]
    assert len(await file.read(partial(log.rows, wanted=log.Filter()))) == 5


async def test_a_commit_that_fails_fails_every_caller(file: SQLiteStore) -> None:
    """Nobody of the group is told yes, nothing is there, and the next write works."""
    engine = Engine(file, RULES)
    await engine.handle(birth())
    before = await picture(file)
    told: list[Outcome] = []
    engine.watch(told.append)
    async with Statements(file) as statements:
        gate = await Gate().close(file)
        writes = [asyncio.create_task(engine.handle(birth(integration=f"in_{n}"))) for n in (2, 3)]
        writes.append(asyncio.create_task(engine.handle(event("app.registered"))))
        # The first COMMIT is the gate's own.
        statements.fails = lambda sql: sql == "COMMIT" and statements.seen.count("COMMIT") > 1
        await gate.open()
        results = await asyncio.gather(*writes, return_exceptions=True)
        statements.fails = lambda _: False
    assert [type(result) for result in results] == [UnavailableError] * 3
    assert told == []
    assert await picture(file) == before
    assert (await engine.handle(event("app.registered"))).disposition == "transitioned"


async def test_a_caller_is_answered_after_the_commit(file: SQLiteStore) -> None:
    """When the answer is there, another connection sees what was written; before the COMMIT nobody is answered."""
    engine = Engine(file, RULES)
    order: list[str] = []
    engine.watch(lambda _: order.append("answered"))
    async with Statements(file) as statements:

        def note(sql: str) -> bool:
            if sql == "COMMIT":
                order.append("committing")
            return False

        statements.fails = note
        await engine.handle(birth())
    with sqlite3.connect(file.path) as other:
        assert other.execute("SELECT count(*) FROM audit").fetchone() == (1,)
    other.close()
    assert order == ["committing", "answered"]


async def test_a_caller_that_goes_away_does_not_take_its_event_along(file: SQLiteStore) -> None:
    """What was asked for is committed; the others of the group are answered."""
    engine = Engine(file, RULES)
    gate = await Gate().close(file)
    gone = asyncio.create_task(engine.handle(birth(integration="in_1")))
    stays = asyncio.create_task(engine.handle(birth(integration="in_2")))
    await asyncio.sleep(0)
    gone.cancel()
    await gate.open()
    assert (await stays).seq == 1
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert len(await file.read(integrations.integrations)) == 2


async def test_nothing_remembered_outlives_what_was_taken_back(file: SQLiteStore) -> None:
    """After each kind of failure the next event finds its integration as it is, not as it nearly was."""
    engine = Engine(file, RULES)
    await engine.handle(birth())

    def half(tx: Transaction) -> None:
        record(tx, event("app.registered"), rules=RULES)
        raise ValueError("mine alone")

    with pytest.raises(ValueError, match="mine alone"):
        await file.write(half)
    async with Statements(file) as statements:
        statements.fails = lambda sql: sql == "COMMIT"
        with pytest.raises(UnavailableError):
            await engine.handle(event("app.registered"))
    outcome = await engine.handle(event("app.registered"))
    assert (outcome.seq, outcome.disposition) == (2, "transitioned")


async def test_what_is_remembered_is_bounded(file: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many integrations are heard of, the writer keeps few of them in memory."""
    monkeypatch.setattr("syncline.store.transaction._MOST_KEPT", 3)
    engine = Engine(file, RULES)
    for number in range(10):
        await engine.handle(birth(integration=f"in_{number}"))
    assert file._writer is not None
    assert len(file._writer.transaction().heads) <= 3


@pytest.mark.parametrize("statement", ["UPDATE audit SET at = 1", "DELETE FROM audit"])
async def test_the_log_is_append_only(file: SQLiteStore, statement: str) -> None:
    """The database itself refuses to change or delete a row."""
    await Engine(file, RULES).handle(birth())
    with sqlite3.connect(file.path) as other, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute(statement)
    other.close()


async def test_durability_is_read_back(file: SQLiteStore) -> None:
    """The log is written ahead and synced at each commit, and foreign keys are on: on the connection that writes."""
    assert file._writer is not None

    def ask(connection: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await file._writer.hop(ask) == ["wal", 2, 1]


async def test_settings_that_do_not_take_stop_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that cannot promise durability is not started with."""
    monkeypatch.setattr(sqlite, "_address", lambda _path, _options="": "file::memory:")
    with pytest.raises(ConfigurationError) as raised:
        await open_store(tmp_path / "any")
    assert raised.value.code == "store.not_durable"


async def test_readers_cannot_write(file: SQLiteStore) -> None:
    """An operation that was meant to read and writes is refused, and nothing is changed."""
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await file.read(partial(record, event=birth(), rules=RULES))
    assert await file.read(integrations.integrations) == []


async def test_a_reader_survives_its_failure(file: SQLiteStore) -> None:
    """An operation that raises leaves its connection fit for the next one."""

    def fail(_: Transaction) -> None:
        raise ValueError("mine")

    for _ in range(10):
        with pytest.raises(ValueError, match="mine"):
            await file.read(fail)
    assert await file.read(integrations.integrations) == []


async def test_a_read_sees_one_moment(file: SQLiteStore) -> None:
    """What is committed while an operation reads is not seen by it."""
    engine = Engine(file, RULES)
    await engine.handle(birth())
    loop = asyncio.get_running_loop()

    def read_twice(tx: Transaction) -> tuple[str, str]:
        first = integrations.integration(tx, id="in_1").state
        asyncio.run_coroutine_threadsafe(engine.handle(event("app.registered")), loop).result(10)
        return first, integrations.integration(tx, id="in_1").state

    assert await file.read(read_twice) == ("unconfigured", "unconfigured")
    assert (await file.read(partial(integrations.integration, id="in_1"))).state != "unconfigured"


async def test_opened_for_reading_it_writes_nothing(file: SQLiteStore) -> None:
    """A second store on the same file can look while the first one writes."""
    await walk(Engine(file, RULES), "verified.previewing_fields")
    second = await open_store(file.path, read_only=True)
    assert len(await second.read(integrations.integrations)) == 1
    with pytest.raises(UnavailableError) as raised:
        await second.write(lambda _: None)
    assert raised.value.code == "store.read_only"
    await second.close()


async def test_a_file_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    """Looking does not create."""
    with pytest.raises(ConfigurationError) as raised:
        await open_store(tmp_path / "none.sqlite3", read_only=True)
    assert raised.value.code == "store.missing"
    assert not (tmp_path / "none.sqlite3").exists()


async def test_closing_finishes_what_waits(tmp_path: Path) -> None:
    """An event that was handed in before the end is committed."""
    store = await open_store(tmp_path / "syncline.sqlite3")
    handing_in = asyncio.create_task(Engine(store, RULES).handle(birth()))
    await asyncio.sleep(0)
    await store.close()
    assert (await handing_in).seq == 1


async def test_only_the_writer_checkpoints(file: SQLiteStore) -> None:
    """Readers are opened read-only, so that no checkpoint of theirs can meet the writer's."""
    await Engine(file, RULES).handle(birth())

    def checkpoint(connection: sqlite3.Connection) -> object:
        return connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    for reader in file._readers:
        with pytest.raises(sqlite3.OperationalError):
            await reader.hop(checkpoint)
