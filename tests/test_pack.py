"""The auditor's pack: what is in it, for whom, and that it proves after rows were let go and people erased."""

import json
import re
import sqlite3
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from syncline.config import Settings
from syncline.core.brought import ErasedSubject
from syncline.core.chart_table import write_table
from syncline.core.note import Signer
from syncline.errors import UnavailableError
from syncline.pack import Pack, Wanted
from syncline.retention import Retention
from syncline.store.truncations import let_go
from tests.installation import ADA, DATABASE, DAY, Installation, installed, let_live
from tests.store.events import RULES, event
from tests.verifying import run, unpack

FILES = {
    "verify.py",
    "heads.json",
    "keys.txt",
    f"charts/{RULES.chart_name}.json",
    f"charts/{RULES.service_name}.json",
    "truncations.ndjson",
    "rows.ndjson",
    "checkpoints.ndjson",
    "report.txt",
}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that has lived for a while."""
    return let_live(tmp_path_factory.mktemp("begun") / "data", 3, 40)


@pytest.fixture
async def house(tmp_path: Path, begun: Path) -> AsyncIterator[Installation]:
    """A copy of it, open."""
    async with installed(tmp_path / "data", begun) as opened:
        yield opened


async def test_what_is_in_a_pack(house: Installation, tmp_path: Path) -> None:
    """Every file, and in the report what an auditor asks first."""
    path = await house.pack(tmp_path / "pack.zip")
    with zipfile.ZipFile(path) as opened:
        assert set(opened.namelist()) == FILES
        report = opened.read("report.txt").decode()
        heads = json.loads(opened.read("heads.json"))
        rows = opened.read("rows.ndjson").splitlines()
        assert opened.read("keys.txt").decode().split() == [await house.trusted()]
    assert [json.loads(line)["position"] for line in rows] == list(range(1, len(rows) + 1))
    assert {head["id"] for head in heads["chains"]} == {"in_1", "in_2", "in_3", "service"}
    for words in (f"{len(rows)} rows of 4 logs", "Service started 2", "- in_1: ", "duplicate ", "does not prove"):
        assert words in report, words
    assert "True: no position is missing" in report
    assert await house.trusted() in report
    assert max(map(len, report.splitlines())) <= 120


async def test_a_chart_as_a_table() -> None:
    """Every step of the chart is in it, and nothing that it refuses always."""
    table = json.loads(write_table(RULES.chart))
    assert table["initial"] == "unconfigured"
    assert table["steps"]["unconfigured"]["app.registered"] == ["app_registered.awaiting_credentials"]
    assert table["steps"]["syncing.waiting"]["grant.lent"] == [""]
    assert set(table["steps"]["reauthorization_required.exchanging_code"]["code.exchanged"]) >= {
        "syncing.paused",
        "authorized.checking",
    }
    assert "disconnected.closed" not in table["steps"]
    assert table["source"] == RULES.chart.content.decode()


async def test_what_is_sealed_is_told_when_it_is_asked_for(house: Installation, tmp_path: Path) -> None:
    """And never what was erased; the rows are the same, and prove."""
    await house.service.note("subject.erased", {}, ErasedSubject("person:ak_2"), actor=ADA)
    plain = unpack(await house.pack(tmp_path / "plain.zip"), tmp_path / "plain")
    open_ = unpack(await house.pack(tmp_path / "open.zip", Wanted(revealed=True)), tmp_path / "open")
    assert not (plain / "personal.json").exists()
    told = json.loads((open_ / "personal.json").read_text())
    sealed = set(re.findall(r"sealed:[\w-]+:[\w=-]+", (open_ / "rows.ndjson").read_text()))
    assert set(told) == sealed
    assert {"192.0.2.7", "(erased)"} <= set(told.values())
    assert "2001:db8::1" not in told.values()
    assert b"192.0.2.7" not in (plain / "rows.ndjson").read_bytes()
    assert "personal data" in (open_ / "report.txt").read_text()
    assert run(open_, "--key", await house.trusted()).code == 0


async def test_a_pack_for_somebody_who_sees_some(house: Installation, tmp_path: Path) -> None:
    """Of others, and of the service, not even a name."""
    path = await house.pack(tmp_path / "some.zip", Wanted(only=("in_1", "in_3"), revealed=True))
    folder = unpack(path, tmp_path / "some")
    text = "".join(file.read_text() for file in folder.rglob("*.*") if file.suffix in {".json", ".ndjson"})
    assert '"in_1"' in text
    assert '"in_2"' not in text
    assert '"integration":"service"' not in text
    assert run(path, "--key", await house.trusted()).code == 0


async def test_a_log_that_is_not_true_is_packed_and_says_so(house: Installation, tmp_path: Path) -> None:
    """Somebody has to look at it; the report names the place, and so does the verifier."""
    with closing(sqlite3.connect(house.folder / DATABASE, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER audit_is_never_changed")
        connection.execute(
            "UPDATE audit SET content = CAST(replace(content, 'ak_1', 'ak_9') AS BLOB) WHERE position = 4"
        )
    folder = unpack(await house.pack(tmp_path / "forged.zip"), tmp_path / "forged")
    assert "NOT TRUE: position 4 (in_1, seq 1)" in (folder / "report.txt").read_text()
    answer = run(folder)
    assert answer.code == 1
    assert answer.text.startswith("NOT TRUE: position 4, in_1, seq 1: its hash is not"), answer.text


class Cut:
    """An installation whose first rows were let go."""

    def __init__(self, house: Installation) -> None:
        """Take one where something has happened, long ago."""
        self.house = house
        settings = Settings(data=house.folder, audit_retention=1)
        self.retention = Retention(house.store, house.service, house.checkpoints.sign_note, settings, house.now, ())

    async def cut(self) -> int:
        """Let more happen, and two days pass; answers how many rows went."""
        for number in range(300):
            await self.house.engine.handle(event("sync.requested", at=self.house.now(), data={"turn": number}))
        await self.house.checkpoints.sign()
        self.house.at += 2 * DAY
        gone = await self.retention.look()
        await self.house.service.note("service.stopped", {})
        await self.house.checkpoints.sign()
        return gone


@pytest.mark.slow
async def test_a_log_whose_first_rows_were_let_go(house: Installation, tmp_path: Path) -> None:
    """What is left goes on from what was signed then; a change of that is found, and so is a missing record."""
    assert await Cut(house).cut() % 256 == 0
    key, through = await house.trusted(), await house.store.read(let_go)
    path = await house.pack(tmp_path / "cut.zip")
    outside = await house.write_outside(tmp_path / "outside.ndjson")
    answer = run(path, "--key", key, "--checkpoints", outside)
    assert answer.code == 0, answer.text
    assert f"the rows up to {through} were let go" in answer.text
    folder = unpack(path, tmp_path / "cut")
    assert f"up to position {through} were let go" in (folder / "report.txt").read_text()
    start = json.loads((folder / "start.json").read_bytes())
    assert json.loads((folder / "truncations.ndjson").read_text())["note"] == start["note"]
    changed = msgspec.json.decode(msgspec.json.encode(start))
    changed["bases"][0][2] = "00" * 32
    (folder / "start.json").write_text(json.dumps(changed))
    assert run(folder).code == 1
    still = [base for base in start["bases"] if base[0] == "in_3"]
    still[0][3] = "syncing.paused"
    (folder / "start.json").write_text(json.dumps(start))
    assert "NOT TRUE" in run(folder).text
    start["nodes"][0] = "11" * 32
    (folder / "start.json").write_text(json.dumps(start))
    assert run(folder).code == 1


@pytest.mark.slow
async def test_a_key_that_followed_after_rows_were_let_go(house: Installation, tmp_path: Path) -> None:
    """Whoever was told one of both needs no other, though the row that named the first is gone; a stranger has none."""
    await Cut(house).cut()
    first, second = await house.trusted(), str(await house.checkpoints.rotate(ADA))
    await house.service.note("service.stopped", {})
    await house.checkpoints.sign()
    path = await house.pack(tmp_path / "rotated.zip")
    for key in (first, second):
        answer = run(path, "--key", key)
        assert answer.code == 0, answer.text
        assert "after the last good" not in answer.text
    stranger = str(Signer("syncline/test", bytes(32)).verifier)
    assert "by a key that was given" in run(path, "--key", stranger).text


@pytest.mark.slow
async def test_one_integration_whose_first_rows_were_let_go(house: Installation, tmp_path: Path) -> None:
    """It says what is believed, since the service's log is not in it."""
    await Cut(house).cut()
    path = await house.pack(tmp_path / "one.zip", Wanted("in_1"))
    answer = run(path, "--key", await house.trusted())
    assert answer.code == 0, answer.text
    assert "is believed" in answer.text


@pytest.mark.slow
async def test_rows_that_go_while_they_are_packed(house: Installation, tmp_path: Path) -> None:
    """The pack ends with an error, and no zip that could be opened."""
    cut = Cut(house)
    pack = Pack(house.store, house.privacy, Wanted(), house.now)
    pieces = pack.pieces()
    got = [await anext(pieces)]
    await cut.cut()
    with pytest.raises(UnavailableError):
        got.extend([piece async for piece in pieces])
    (tmp_path / "half.zip").write_bytes(b"".join(got))
    assert not zipfile.is_zipfile(tmp_path / "half.zip")
    again = await house.pack(tmp_path / "again.zip")
    assert run(again).code == 0


async def test_people_who_were_erased_stay_erased_in_a_proof(house: Installation, tmp_path: Path) -> None:
    """The rows before and after are byte for byte the same, so that an older checkpoint fits both."""
    before = unpack(await house.pack(tmp_path / "before.zip"), tmp_path / "before")
    await house.service.note("subject.erased", {}, ErasedSubject("person:ak_1"), actor=ADA)
    after = unpack(await house.pack(tmp_path / "after.zip"), tmp_path / "after")
    old = (before / "rows.ndjson").read_bytes()
    assert (after / "rows.ndjson").read_bytes().startswith(old)
    outside = await house.write_outside(tmp_path / "outside.ndjson")
    assert run(after, "--checkpoints", outside, "--key", await house.trusted()).code == 0
    assert "Erase a person from the log 1" in (after / "report.txt").read_text()


@pytest.mark.slow
async def test_memory_does_not_grow_with_the_log(house: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """With pages of fifty rows: the most that is held at a time is the same for a log of five times the length."""
    monkeypatch.setattr("syncline.pack._PAGE", 50)

    async def most(rows: int) -> int:
        for number in range(rows):
            await house.engine.handle(event("sync.requested", at=house.now(), data={"turn": number, "x": "y" * 500}))
        tracemalloc.start()
        try:
            async for _ in Pack(house.store, house.privacy, Wanted(revealed=True), house.now).pieces():
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few = await most(200)
    assert await most(800) < few * 1.2
