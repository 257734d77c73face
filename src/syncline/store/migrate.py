"""Numbered SQL files, applied in order at start, each in a transaction of its own."""

import sqlite3
import time
from pathlib import Path

from syncline.errors import ConfigurationError

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
    (applied,) = connection.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()
    if applied > known[-1][0]:
        raise ConfigurationError(
            "store.newer", f"the database is at migration {applied}, this version of Syncline knows {known[-1][0]}"
        )
    names = []
    for number, name, sql in known:
        if number > applied:
            entry = f"INSERT INTO migrations VALUES ({number}, '{name}', {time.time_ns() // 1000});"  # noqa: S608  our own file names
            connection.executescript(f"BEGIN IMMEDIATE;\n{sql}\n{entry}\nCOMMIT;")
            names.append(name)
    return names
