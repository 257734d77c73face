"""A long log is proved by two processes: they share the rows, and say what one alone says."""

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from syncline.store import share, verify
from syncline.store.share import Running, Share, is_shared
from syncline.store.sqlite import open_store
from syncline.store.transaction import Transaction, named_queries
from tests.store.test_verify import fill, sql, tamper

pytestmark = pytest.mark.usefixtures("shared")


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Share also a short log, on whatever machine."""
    monkeypatch.setattr(verify, "SHARED_FROM", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 2)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Share | None]:
    """What the other processes have answered."""
    answers: list[Share | None] = []
    ask = Running.result

    def result(self: Running) -> Share | None:
        answers.append(ask(self))
        return answers[-1]

    monkeypatch.setattr(Running, "result", result)
    return answers


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A closed database with the logs of three integrations, two of which are shared."""
    path = tmp_path / "syncline.sqlite3"
    store = await open_store(path)
    await fill(store)
    await store.close()
    assert [is_shared(name) for name in ("in_1", "in_2", "in_3", "", None, 7, b"in_1")] == [True, True] + [False] * 5
    return path


async def prove(path: Path) -> tuple[verify.Report, verify.Report]:
    """Answer what one process says, and what two say."""
    store = await open_store(path, read_only=True)
    try:
        return await store.read(verify.verify), await store.read(partial(verify.verify, file=path))
    finally:
        await store.close()


async def test_two_say_what_one_says(path: Path, heard: list[Share | None]) -> None:
    """The rows of a true log are all read, each by one of them."""
    alone, together = await prove(path)
    assert alone == together
    assert alone.proved
    (found,) = heard
    assert found is not None
    assert set(found.folds) == {"in_1", "in_2"}
    assert 0 < found.rows < alone.rows


@pytest.mark.parametrize(
    "tampering",
    [
        sql("UPDATE audit SET content = replace(content, 'sync.failed', 'sync.fallen') WHERE integration = 'in_1'"),
        sql("UPDATE audit SET key = 'another' WHERE integration = 'in_2' AND seq = 3"),
        sql("UPDATE audit SET integration = 'in_3' WHERE integration = 'in_2' AND seq = 4"),
        sql("DELETE FROM audit WHERE integration = 'in_1' AND seq > 5"),
        sql("UPDATE integrations SET state = 'syncing.paused' WHERE id = 'in_2'"),
        sql("UPDATE audit SET seq = 'third' WHERE integration = 'in_1' AND seq = 3"),
        sql("UPDATE audit SET integration = x'' WHERE integration = 'in_1' AND seq = 3"),
        sql("UPDATE audit SET integration = '' WHERE integration = 'in_1' AND seq = 3"),
        sql("UPDATE audit SET position = -5 WHERE integration = 'in_2' AND seq = 1"),
    ],
)
async def test_two_find_what_one_finds(path: Path, tampering: Callable[[sqlite3.Connection], object]) -> None:
    """Whoever folds the row: the same first faults."""
    tamper(path, tampering)
    alone, together = await prove(path)
    assert not alone.proved
    assert sorted(map(str, alone.faults)) == sorted(map(str, together.faults))
    assert (alone.rows, alone.checkpoints) == (together.rows, together.checkpoints)


async def test_a_text_in_the_place_of_a_number_is_told_by_the_other(path: Path, heard: list[Share | None]) -> None:
    """It names the row by the number that it should have, and all is not read once more."""
    tamper(path, sql("UPDATE audit SET seq = 'third' WHERE integration = 'in_1' AND seq = 3"))
    _, together = await prove(path)
    assert [fault.seq for fault in together.faults if fault.integration == "in_1"] == [3]
    (found,) = heard
    assert found is not None
    assert found.faults["in_1"][0] == 3


@pytest.mark.parametrize("program", ["raise SystemExit(1)", "print('nothing')", "import os; os.kill(os.getpid(), 9)"])
async def test_without_the_other_one_reads_all(
    path: Path, heard: list[Share | None], monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    """It ends early, says something else, or is killed: the log is proved all the same."""
    start = subprocess.Popen

    def other(arguments: tuple[str, ...], stdin: int, stdout: int, process_group: int) -> subprocess.Popen[bytes]:
        return start((arguments[0], "-c", program), stdin=stdin, stdout=stdout, process_group=process_group)

    monkeypatch.setattr("subprocess.Popen", other)
    alone, together = await prove(path)
    assert heard == [None]
    assert alone == together


def test_it_is_ended_by_whoever_asked_and_by_nobody_else(path: Path) -> None:
    """Ctrl-C goes to all of the terminal's group, and two would print what one has to say."""
    running = Running(path, after=0, through=900)
    try:
        assert os.getpgid(running._process.pid) == running._process.pid != os.getpgid(0)
    finally:
        running.stop()
    assert running._process.returncode is not None


async def test_no_room_for_another_process(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that there is proves all."""

    def full(*_: object, **__: object) -> None:
        raise BlockingIOError

    monkeypatch.setattr("subprocess.Popen", full)
    alone, together = await prove(path)
    assert alone == together
    assert together.proved


def test_a_log_that_begins_elsewhere_is_not_folded(path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Retention has let rows go between the two readings."""
    assert share.main(str(path), "256", "900") == 1
    assert capfdbinary.readouterr().out == b""


def test_rows_that_came_since_are_left_out(path: Path) -> None:
    """The other process may see more than the one that asks."""
    with closing(sqlite3.connect(path)) as connection:
        tx = Transaction(connection, named_queries("sqlite3"))
        assert share.fold_share(tx, after=0, through=10).rows == sum(
            is_shared(name) for (name,) in connection.execute("SELECT integration FROM audit WHERE position <= 10")
        )
