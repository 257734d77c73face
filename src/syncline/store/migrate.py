"""Numbered SQL files, applied in order at start, each in a transaction of its own."""

import sqlite3
import time
from pathlib import Path

from syncline.errors import ConfigurationError
from syncline.store.transaction import Transaction

_FOLDER = Path(__file__).parent / "migrations"


def migrations() -> list[tuple[int, str, str]]:
    """List what there is to apply: (number, name, SQL), in order."""
    return [
        (int(file.name.partition("_")[0]), file.stem, file.read_text(encoding="utf-8"))
        for file in sorted(_FOLDER.glob("[0-9]*.sql"))
    ]


def migrate(connection: sqlite3.Connection) -> list[str]:
    """Apply what is missing; answers the names applied, raises `ConfigurationError` on a newer database."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, at BIGINT NOT NULL)"
    )
    known = migrations()
    _refuse_newer(applied := _applied(connection), known[-1][0])
    names = []
    for number, name, sql in known:
        if number > applied:
            entry = f"INSERT INTO migrations VALUES ({number}, '{name}', {time.time_ns() // 1000});"  # noqa: S608  our own file names
            try:
                connection.executescript(f"BEGIN IMMEDIATE;\n{sql}\n{entry}\nCOMMIT;")
            finally:
                connection.rollback()  # What failed in the middle; after the COMMIT there is nothing to take back.
            names.append(name)
    return names


def last_migration(tx: Transaction) -> int:
    """Answer the number of the last migration that was applied."""
    (number,) = tx.find_last_migration()
    return int(number)


def check(connection: sqlite3.Connection) -> None:
    """Look whether a database that is only read has the shape that this version knows; raises `ConfigurationError`."""
    newest = migrations()[-1][0]
    _refuse_newer(applied := _applied(connection), newest)
    if applied < newest:
        raise ConfigurationError("store.older", f"the database is at migration {applied}, {newest} is wanted: migrate")


def _applied(connection: sqlite3.Connection) -> int:
    try:
        (number,) = connection.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()
    except sqlite3.DatabaseError as error:
        raise ConfigurationError("store.not_ours", f"the file is no database of Syncline: {error}") from error
    return int(number)


def _refuse_newer(applied: int, known: int) -> None:
    if applied > known:
        raise ConfigurationError(
            "store.newer", f"the database is at migration {applied}, this version of Syncline knows {known}"
        )
