"""A log that is not what was signed for: found at the start, told loudly, and never signed for in silence."""

import shutil
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syncline.checkpoints.comparison import Contradiction, reread
from syncline.checkpoints.places import FilePlace
from syncline.checkpoints.signing import Checkpoints
from syncline.core.event import SERVICE, Actor
from syncline.core.proof import read_noted
from syncline.errors import ConflictError
from syncline.store import log
from syncline.store.evidence import Evidence
from syncline.store.log import Filter, LogRow
from tests.checkpoints.conftest import HandPlace, House, until
from tests.store.forgery import forge, truncate
from tests.store.leaves import tamper

ADMIN = Actor("person", "key_1", via="bearer")


async def told(house: House) -> list[LogRow]:
    """What the service's log says of contradictions."""
    wanted = Filter(integration=SERVICE, type="checkpoint.contradicted")
    return await house.store.read(partial(log.rows, wanted=wanted, limit=100))


async def signed_for(house: House, count: int, file: Path | None = None) -> Checkpoints:
    """Add rows, sign for them, and bring that to the file."""
    places = [FilePlace(file)] if file else []
    checkpoints = await house.open(*places, file=file)
    await house.add(count)
    assert await checkpoints.sign()
    for courier in checkpoints.couriers:
        while await courier.bring():
            pass
    return checkpoints


async def refuses(house: House, checkpoints: Checkpoints, source: str, words: str) -> None:
    """Nothing is signed; the log line, the service's own log, and what the service says of itself tell why."""
    before = await house.signed()
    with capture_logs() as lines:
        assert await checkpoints.sign() is None
    (line,) = [line for line in lines if line["event"] == "log_contradicts_checkpoint"]
    assert line["log_level"] == "error"
    assert line["source"] == source
    assert words in line["what"]
    await house.add(5)
    assert await checkpoints.sign() is None
    assert await house.signed() == before
    rows = await told(house)
    assert rows[-1].row.data["source"] == source
    assert words in rows[-1].row.data["what"]
    (attention,) = checkpoints.standing.attention
    assert words in attention


Harm = Callable[[House], Awaitable[None]]


async def cut_off(house: House) -> None:
    """The last rows are gone, and the heads say so too."""
    truncate(house.store, 5)


async def changed(house: House) -> None:
    """A row is changed, and every chain written anew from there."""
    forge(house.store, position=3)


@pytest.mark.parametrize(
    ("harm", "words"),
    [(cut_off, "a checkpoint says 23 rows, the log has 18"), (changed, "do not lead to the root that was signed")],
)
async def test_a_log_that_contradicts_the_database_is_not_signed_for(house: House, harm: Harm, words: str) -> None:
    """It was shortened or written anew while nobody served it."""
    await signed_for(house, 20)
    await harm(house)
    await house.restart()
    await refuses(house, await house.open(), "database", words)


async def test_an_older_copy_contradicts_the_file_outside(house: House, tmp_path: Path) -> None:
    """The database agrees with itself: only what lies outside knows that there was more."""
    file = tmp_path / "outside.ndjson"
    await signed_for(house, 20, file)
    await house.restart()
    copy = tmp_path / "copy.sqlite3"
    await house.store.close()
    shutil.copy(house.store.path, copy)
    await house.restart()
    await signed_for(house, 7, file)
    await house.close()
    for suffix in ("", "-wal", "-shm"):
        house.store.path.with_name(house.store.path.name + suffix).unlink(missing_ok=True)
    shutil.copy(copy, house.store.path)
    await house.restart()
    checkpoints = await house.open(FilePlace(file), file=file)
    await refuses(house, checkpoints, "file", "a checkpoint says 30 rows, the log has 23")

    # Whoever restores a copy says so; the new key's row tells what was contradicted.
    with pytest.raises(ConflictError, match=r"checkpoint\.contradicted"):
        await checkpoints.rotate(ADMIN)
    key = await checkpoints.rotate(ADMIN, after_restore=True)
    assert not checkpoints.standing.attention
    assert (await house.signers())[-1] == key
    wanted = Filter(integration=SERVICE, type="checkpoint_key.rotated")
    (row,) = await house.store.read(partial(log.rows, wanted=wanted, limit=9))
    assert row.row.data["contradicts"]["size"] == 30
    report = await house.prove()
    assert report.proved, report
    # The old evidence goes on showing that rows are gone.
    noted = [each for line in file.read_bytes().splitlines() if (each := read_noted(line))]
    report = await house.prove(Evidence(tuple(noted)))
    assert report.checkpoints is not None
    assert [(fault.source, fault.size) for fault in report.checkpoints.faults] == [("outside", 30)]


async def test_a_file_of_another_log_is_told_and_nothing_waits_for_it(house: House, tmp_path: Path) -> None:
    """Such as after the whole database was replaced: it is no contradiction, and nobody should overlook it."""
    other = House(tmp_path / "other", house.store, house.engine)
    file = tmp_path / "outside.ndjson"
    await signed_for(house, 3, file)
    text = file.read_text(encoding="utf-8").replace("syncline/", "elsewhere/")
    file.write_text(text, encoding="utf-8")
    await house.restart()
    checkpoints = await house.open(FilePlace(file), file=file)
    await house.add()
    with capture_logs() as lines:
        assert await checkpoints.sign()
    (line,) = [line for line in lines if line["event"] == "checkpoint_file_not_compared"]
    assert "that of another installation" in line["reason"]
    assert other.folder != house.folder


@pytest.mark.parametrize("content", ["", "no JSON\n", '{"at": 1, "checkpoint": "no note"}\n'])
async def test_a_file_with_nothing_in_it_says_nothing(house: House, tmp_path: Path, content: str) -> None:
    """Signing goes on."""
    file = tmp_path / "outside.ndjson"
    file.write_text(content, encoding="utf-8")
    assert await (await house.open(file=file)).sign()


async def test_rows_far_back_are_read_again(house: House) -> None:
    """The stored part of the tree hides nothing: rows that it stands for are compared with it, after the start."""
    await signed_for(house, 600)
    tamper(house.store, "UPDATE audit SET hash = zeroblob(32) WHERE position = 300")
    await house.restart()
    found = [each async for each in reread(house.store)]
    assert found == [
        Contradiction("database", 0, "the rows at the positions 257 to 512 are not those that were signed for")
    ]
    checkpoints = await house.open(HandPlace())
    checkpoints.start()
    await until(lambda: checkpoints.contradiction)
    await house.add()
    assert await checkpoints.sign() is None
    assert len(await told(house)) == 1


async def test_an_end_that_is_cut_off_under_a_running_service_is_found(house: House) -> None:
    """The next signing sees that the log is shorter than it was."""
    checkpoints = await signed_for(house, 20)
    truncate(house.store, 5)
    with capture_logs() as lines:
        assert await checkpoints._try() is None
    (line,) = [line for line in lines if line["event"] == "log_contradicts_checkpoint"]
    assert line["what"] == "the log had 23 rows and has 18"
