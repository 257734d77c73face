"""Migrations: all of them in order make today's schema, twice does nothing, and a newer database is refused."""

import sqlite3
from pathlib import Path

import pytest

from syncline.errors import ConfigurationError
from syncline.store import migrate as migrating
from syncline.store.migrate import check, migrate, migrations
from syncline.store.sqlite import open_store

SECOND = "CREATE TABLE added (id INTEGER PRIMARY KEY); ALTER TABLE api_keys ADD COLUMN note TEXT NOT NULL DEFAULT '';"


def schema(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Answer everything that a database is made of, in a form that can be compared."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
    return [(kind, name, " ".join(sql.split())) for kind, name, sql in rows]


@pytest.fixture
def connection() -> sqlite3.Connection:
    """An empty database in memory."""
    return sqlite3.connect(":memory:", isolation_level=None)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str, str]]:
    """A version of Syncline that has one migration more."""
    newer = [*migrations(), (len(migrations()) + 1, "9999_added", SECOND)]
    monkeypatch.setattr(migrating, "migrations", lambda: newer)
    return newer


def test_numbers_are_gapless() -> None:
    """Files count from 1 without a gap, so that none is forgotten or made twice."""
    assert [number for number, _, _ in migrations()] == list(range(1, len(migrations()) + 1))


def test_migrating_twice_does_nothing(connection: sqlite3.Connection) -> None:
    """The second time nothing is applied and nothing differs."""
    assert migrate(connection) == [name for _, name, _ in migrations()]
    before = schema(connection)
    assert migrate(connection) == []
    assert schema(connection) == before


def test_step_by_step_is_the_same_as_at_once(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, two: list[tuple[int, str, str]]
) -> None:
    """A database that went through every version has the schema of a fresh one."""
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    migrate(fresh)
    for count in range(1, len(two) + 1):
        monkeypatch.setattr(migrating, "migrations", lambda count=count: two[:count])
        assert migrate(connection) == [two[count - 1][1]]
    assert schema(connection) == schema(fresh)
    fresh.close()


def test_a_newer_database_is_refused(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, two: list[tuple[int, str, str]]
) -> None:
    """An older version of Syncline neither changes nor reads what it does not know."""
    migrate(connection)
    before = schema(connection)
    monkeypatch.setattr(migrating, "migrations", lambda: two[:-1])
    for look in (migrate, check):
        with pytest.raises(ConfigurationError) as raised:
            look(connection)
        assert raised.value.code == "store.newer"
    assert schema(connection) == before


def test_an_older_database_is_not_read(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, two: list[tuple[int, str, str]]
) -> None:
    """Who only reads cannot migrate, and says so."""
    monkeypatch.setattr(migrating, "migrations", lambda: two[:-1])
    migrate(connection)
    monkeypatch.setattr(migrating, "migrations", lambda: two)
    with pytest.raises(ConfigurationError) as raised:
        check(connection)
    assert raised.value.code == "store.older"


def test_half_a_migration_is_none(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that fails in the middle leaves the version before it."""
    migrate(connection)
    before = schema(connection)
    broken = [*migrations(), (len(migrations()) + 1, "9999_broken", f"{SECOND} CREATE TABLE added (id INTEGER)")]
    monkeypatch.setattr(migrating, "migrations", lambda: broken)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection)
    assert schema(connection) == before


@pytest.mark.parametrize("content", [b"this is no database, but long enough to be one" * 100, b""])
async def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    """A path that names another file is not read as a database."""
    path = tmp_path / "other.sqlite3"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as raised:
        await open_store(path, read_only=True)
    assert raised.value.code == "store.not_ours"
    assert path.read_bytes() == content
