"""`syncline audit verify`: reads a file that nobody serves, and names the first row that is wrong."""

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from syncline.cli import app
from syncline.data_folder import DATABASE
from syncline.engine import Engine
from syncline.store.sqlite import open_store
from tests.installation import let_live
from tests.store.events import RULES, walk


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with the logs of two integrations."""

    async def fill() -> None:
        store = await open_store(tmp_path / DATABASE)
        engine = Engine(store, RULES)
        for integration in ("in_1", "in_2"):
            await walk(engine, "syncing.waiting", integration)
        await store.close()

    asyncio.run(fill())
    return tmp_path


def spoil(data: Path, statement: str) -> None:
    """Change the log as its owner could."""
    with sqlite3.connect(data / DATABASE) as connection:
        connection.execute("DROP TRIGGER audit_is_never_changed")
        assert connection.execute(statement).rowcount > 0
    connection.close()


def verify(data: Path, *arguments: str) -> Result:
    """Run the command; it needs neither a key nor a service."""
    return CliRunner().invoke(app, ["audit", "verify", "--data", str(data), *arguments], env={"COLUMNS": "200"})


def test_a_true_log_is_proved(data: Path) -> None:
    """Exit code 0, with the number of rows."""
    result = verify(data, "--json")
    report = json.loads(result.output)
    assert (result.exit_code, report["proved"], report["integrations"], report["faults"]) == (0, True, 2, [])
    assert f"proved: {report['rows']} rows of 2 integrations" in verify(data).output


def test_the_first_wrong_row_is_named(data: Path) -> None:
    """Exit code 1, the integration and the number of the row, for people and for programs."""
    spoil(data, "UPDATE audit SET hash = X'00' WHERE integration = 'in_2' AND seq >= 4")

    result = verify(data, "--json")

    assert result.exit_code == 1
    report = json.loads(result.output)
    assert not report["proved"]
    assert [(fault["integration"], fault["seq"]) for fault in report["faults"]] == [("in_2", 4)]
    result = verify(data)
    assert result.exit_code == 1
    assert "NOT proved" in result.output
    assert "in_2, seq 4: " in result.output


VERDICTS = {"verify": "NOT proved", "replay": "DIFFERENT"}


@pytest.mark.parametrize(
    ("command", "statements"),
    [
        ("verify", "UPDATE documents SET body = '{'; INSERT INTO truncations (through, at, note) VALUES (1, 1, 'x')"),
        ("verify", "UPDATE checkpoints SET at = 9000000000000000000, note = 'none'"),
        ("verify", "INSERT INTO tree_nodes (level, number, hash) VALUES (1000000000, 1, X'00')"),
        ("verify", "INSERT INTO tree_nodes (level, number, hash) VALUES (-1, 1, X'00')"),
        ("verify", "INSERT INTO truncations (through, at, note) VALUES (-5, 1, X'00')"),
        ("verify", "UPDATE secrets SET seq = 'abc'"),
        ("verify", "UPDATE audit SET content = 5 WHERE type = 'checkpoint_key.made'"),
        ("replay", "UPDATE audit SET content = 5 WHERE seq = 2"),
        ("replay", "INSERT INTO truncations (through, at, note) VALUES ('abc', 1, 'none')"),
    ],
)
def test_what_nobody_writes_there_is_an_answer_and_no_stack(tmp_path: Path, command: str, statements: str) -> None:
    """A database that somebody has written to may hold anything in any place."""
    data = let_live(tmp_path / "data", 1, 5)
    with sqlite3.connect(data / DATABASE) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.executescript(statements)
    connection.close()
    result = CliRunner().invoke(app, ["audit", command, "--data", str(data)], env={"COLUMNS": "200"})
    assert isinstance(result.exception, SystemExit), result.exception
    assert (result.exit_code, VERDICTS[command] in result.output + result.stderr) == (1, True), result.output


def test_a_state_that_the_log_does_not_lead_to_is_named(data: Path) -> None:
    """The state is the fold of the log, so nobody can move it behind the engine's back."""
    spoil(data, "UPDATE integrations SET state = 'disconnected.closed' WHERE id = 'in_1'")

    result = verify(data, "--json")

    assert result.exit_code == 1
    (fault,) = json.loads(result.output)["faults"]
    assert fault["integration"] == "in_1"
    assert "disconnected.closed" in fault["what"]


def test_one_integration_is_proved_alone(data: Path) -> None:
    """What is wrong with another does not matter, and one that does not exist is no success."""
    spoil(data, "UPDATE audit SET hash = X'00' WHERE integration = 'in_2' AND seq = 4")
    assert verify(data, "in_1").exit_code == 0
    assert verify(data, "in_2").exit_code == 1
    assert verify(data, "in_3").exit_code == 1
