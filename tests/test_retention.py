"""Retention: old rows go by a signed record, and what is left proves, replays and goes on as before."""

import json
import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from syncline.checkpoints.comparison import Contradiction
from syncline.checkpoints.keys import SigningKeys, known_keys
from syncline.checkpoints.signing import Checkpoints
from syncline.config import Settings
from syncline.core.event import SERVICE, Actor, Event
from syncline.core.note import Signer, VerifierKey, open_note
from syncline.core.proof import check_row
from syncline.core.truncation import Record
from syncline.engine import Engine
from syncline.key_ring import KeyFile
from syncline.pack import Pack, Wanted
from syncline.privacy import Privacy
from syncline.retention import Retention
from syncline.service_log import ServiceLog
from syncline.store import log
from syncline.store.charts import keep_charts
from syncline.store.checkpoints import log_end, prove_row, root_of
from syncline.store.evidence import START, Evidence
from syncline.store.forwarding import acknowledge
from syncline.store.log import Filter
from syncline.store.replay import replay_log
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.store.transaction import Transaction
from syncline.store.truncations import bases, digest_of, drop_rows, let_go, truncations
from syncline.store.verify import verify
from syncline.vault import Vault
from tests.store.events import NOW, RULES, event, walk
from tests.verifying import run

pytestmark = pytest.mark.slow  # Each test writes some six hundred rows, one after the other.

DAY = 86_400_000_000
OLD, YOUNG = 260, 40  #: rows of each integration


class House:
    """A log of old rows and young ones, with its checkpoints and its retention."""

    def __init__(self, store: SQLiteStore, folder: Path) -> None:
        """Put the parts together; the clock stands where the young rows are."""
        self.store, self.path = store, folder / "syncline.sqlite3"
        vault = Vault(KeyFile(folder).read())
        self.engine, self.privacy = Engine(store, RULES), Privacy(store, vault)
        self.service = ServiceLog(store, vault, self.engine.handle, self.now)
        self.settings = Settings(data=folder, audit_retention=30)
        keys = SigningKeys(store, vault, self.service, self.now)
        self.checkpoints = Checkpoints(store, keys, self.service, self.settings, [], self.now)

    def now(self) -> int:
        """Answer a moment forty days behind the old rows."""
        return NOW + 40 * DAY

    def retention(self, *destinations: str) -> Retention:
        """Answer a retention, as each start of the service makes one."""
        return Retention(self.store, self.service, self.checkpoints.sign_note, self.settings, self.now, destinations)

    async def positions(self) -> list[int]:
        """Answer the positions that are still there."""

        def read(tx: Transaction) -> list[int]:
            return [position for position, *_ in tx.list_rows_from(after=0, limit=100_000)]

        return await self.store.read(read)

    async def fill(self) -> None:
        """Write old rows and young ones of two integrations, and one that has been still ever since."""
        await self.store.write(partial(keep_charts, charts=RULES.all, now=NOW))
        for name in ("in_1", "in_2", "in_still"):
            await walk(self.engine, "syncing.waiting", name)
        await self.service.open()
        await self.checkpoints.open()
        for number in range(OLD + YOUNG):
            if number % 50 == 0:
                await self.checkpoints.sign()
            at = NOW + number if number < OLD else self.now() - DAY
            for name in ("in_1", "in_2"):
                await self.engine.handle(self.order(name, number, at))
        await self.checkpoints.sign()

    def order(self, name: str, number: int, at: int) -> Event:
        """Make an event that changes something every other time."""
        kind = ("pause.requested", "resume.requested")[number % 2]
        return event(kind, integration=name, key=f"order {number}", sender="hook", at=at, data={"number": number})


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """An installation with a log that is partly too old."""
    store = await open_store(tmp_path / "syncline.sqlite3")
    house = House(store, tmp_path)
    await house.fill()
    yield house
    await store.close()


async def test_old_rows_go_and_everything_proves(house: House) -> None:
    """Whole blocks of 256, up to the horizon; the chains go on from where they were cut; the record is signed."""
    before = await house.positions()
    root = await house.store.read(partial(root_of, size=512))
    assert await house.retention().look() == 512
    assert await house.store.read(let_go) == 512
    assert await house.positions() == [*before[512:], before[-1] + 1]
    (record,) = await house.store.read(truncations)
    keys = [VerifierKey.read(known.key) for known in await known_keys(house.store)]
    text, _ = open_note(record.note, keys)
    assert Record.read(text) == Record(keys[0].name, 512, root, digest_of(await house.store.read(bases)))
    row = (await house.store.read(partial(log.latest, wanted=Filter(SERVICE), limit=1)))[0].row
    assert (row.type, row.data["through"], row.data["rows"]) == ("log.truncated", 512, 512)
    assert row.data["bases"] == digest_of(await house.store.read(bases))
    report = await house.store.read(verify)
    assert report.proved, report
    charts = {chart.reference: chart for chart in RULES.all}
    assert (await house.store.read(partial(replay_log, charts=charts))).same
    # A second look finds nothing, and a chain that had all its rows taken away goes on.
    assert await house.retention().look() == 0
    assert (await house.engine.handle(event("pause.requested", integration="in_still"))).to == "syncing.paused"
    assert (await house.store.read(verify)).proved


async def test_what_is_left_can_be_proved_row_by_row(house: House) -> None:
    """Also the first row of a chain after the cut, whose predecessor is gone."""
    await house.retention().look()
    await house.checkpoints.sign()
    keys = [VerifierKey.read(known.key) for known in await known_keys(house.store)]
    for base in await house.store.read(bases):
        if base.integration != "in_still":
            proof = await house.store.read(partial(prove_row, integration=base.integration, seq=base.seq + 1))
            assert check_row(proof, keys).size == await house.store.read(log_end)


async def test_a_crash_between_the_record_and_the_rows(house: House) -> None:
    """Announced is gone, wherever it still lies; the next start takes it away."""
    retention = house.retention()
    retention._drop = lambda: house.store.write(partial(drop_rows, most=100))  # type: ignore[method-assign]
    assert await retention.look() == 100
    assert (await house.store.read(verify)).proved
    assert len(await house.positions()) > 512
    assert await house.retention().look() == 412
    assert (await house.store.read(verify)).proved


async def test_only_what_a_record_names_can_be_deleted(house: House) -> None:
    """The table itself refuses anything else, and nobody takes a record back."""
    await house.retention().look()
    with sqlite3.connect(house.path) as db:
        for statement in (
            "DELETE FROM audit WHERE position = 513",
            "DELETE FROM truncations",
            "UPDATE truncations SET through = 5000",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    "change", ["UPDATE truncation_bases SET state = 'syncing.paused'", "DELETE FROM truncation_bases"]
)
async def test_another_beginning_is_found(house: House, change: str) -> None:
    """Where the chains start again stands in the signed record by its digest."""
    await house.retention().look()
    with sqlite3.connect(house.path) as db:
        db.execute(change)
    db.close()
    assert not (await house.store.read(verify)).proved


@pytest.mark.parametrize("covered", [False, True])
async def test_a_record_that_somebody_else_has_signed_is_found(house: House, tmp_path: Path, *, covered: bool) -> None:
    """Whoever can write to the database can name a key of their own there, and let go what was signed.

    Only who knows a key from elsewhere can tell; where a checkpoint of that one is over the row, the row is true.
    """
    await house.retention().look()
    if covered:
        await house.checkpoints.sign()
    known = [VerifierKey.read(known.key) for known in await known_keys(house.store)]
    forger = Signer(known[0].name, bytes(32))
    with sqlite3.connect(house.path) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        ((body,),) = db.execute("SELECT body FROM documents WHERE name = 'checkpoint_keys'").fetchall()
        named = json.loads(body)
        named["keys"].append({"key": str(forger.verifier), "at": 1})
        db.execute("UPDATE documents SET body = ? WHERE name = 'checkpoint_keys'", (json.dumps(named),))
        ((note,),) = db.execute("SELECT note FROM truncations").fetchall()
        db.execute("UPDATE truncations SET note = ?", (forger.sign(open_note(note, known)[0]),))
    db.close()
    pack = tmp_path / "pack.zip"
    with pack.open("wb") as file:
        async for piece in Pack(house.store, house.privacy, Wanted(), house.now).pieces():
            file.write(piece)
    key = str(known[0])
    answer = run(pack, "--key", key)
    found = await house.store.read(partial(verify, evidence=Evidence(keys=tuple(known))))
    assert found.checkpoints is not None
    if covered:
        assert (answer.code, found.proved) == (0, True), (answer.text, found)
    else:
        assert answer.code == 1
        assert "no trusted key has signed that the rows up to 512 were let go" in answer.text
        assert [fault.source for fault in found.checkpoints.faults] == [START]
        assert (await house.store.read(verify)).proved


async def test_a_record_that_the_log_does_not_speak_of_is_found(house: House) -> None:
    """The newest record and its row say the same, or the rows did not go as the service lets them go."""
    await house.retention().look()
    with sqlite3.connect(house.path) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("DELETE FROM audit WHERE type = 'log.truncated'")
    db.close()
    found = await house.store.read(verify)
    assert found.checkpoints is not None
    assert [fault.what for fault in found.checkpoints.faults if fault.source == START] == [
        "no row of the log says that rows were let go"
    ]


async def test_a_new_key_after_a_restore_signs_for_what_is_left(house: House) -> None:
    """The tree goes on from where the rows begin, not from a first row that is not there any more."""
    await house.retention().look()
    house.checkpoints.contradiction = Contradiction("outside", 700, "an older copy was put back")
    key = await house.checkpoints.rotate(Actor("person", "k1"), after_restore=True)
    report = await house.store.read(partial(verify, evidence=Evidence(keys=(key,))))
    assert report.proved, report
    await house.engine.handle(house.order("in_1", 10_000, house.now()))
    assert await house.checkpoints.sign() is not None
    assert (await house.store.read(verify)).proved


async def test_what_repeats_a_row_that_was_let_go_is_passed_over(house: House) -> None:
    """Whether its payload was the same can no longer be said, so the replay does not say that it was not."""
    first = house.order("in_1", 3, NOW + 3)
    assert (await house.engine.handle(first)).disposition == "duplicate"
    await house.retention().look()
    charts = {chart.reference: chart for chart in RULES.all}
    replayed = await house.store.read(partial(replay_log, charts=charts))
    assert (replayed.same, replayed.passed_over) == (True, 1), replayed


async def test_a_place_that_has_not_got_them_keeps_them(house: House) -> None:
    """A destination that the log is forwarded to holds the rows up that it waits for."""
    assert await house.retention("siem").look() == 0
    await house.store.write(partial(acknowledge, destination="siem", position=300, now=NOW))
    assert await house.retention("siem").look() == 256
    assert await house.retention().look() == 256


async def test_nothing_goes_without_a_setting(house: House) -> None:
    """The log is kept for ever unless the operator says otherwise."""
    house.settings = Settings(data=house.settings.data)
    assert await house.retention().look() == 0
