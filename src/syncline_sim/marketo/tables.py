"""The tables of this side, all named `marketo_…`, and the transaction that writes to them."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

#: `marketo_keys` is the index over whatever fields people have been looked up by: a row per person and field.
TABLES = """
CREATE TABLE IF NOT EXISTS marketo_people (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    fields TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS marketo_keys (
    field TEXT NOT NULL,
    value COLLATE NOCASE NOT NULL,
    person INTEGER NOT NULL,
    PRIMARY KEY (field, value, person)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marketo_fields (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    label TEXT NOT NULL COLLATE NOCASE UNIQUE,
    data_type TEXT NOT NULL,
    length INTEGER,
    soap_name TEXT,
    read_only INTEGER NOT NULL,
    searchable INTEGER NOT NULL,
    company INTEGER NOT NULL,
    custom INTEGER NOT NULL,
    hidden INTEGER NOT NULL,
    html_encoded INTEGER NOT NULL,
    sensitive INTEGER NOT NULL,
    description TEXT,
    keyed INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS marketo_activities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    person INTEGER NOT NULL,
    value_id INTEGER,
    value TEXT,
    attributes TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS marketo_activities_at ON marketo_activities (at);
CREATE TABLE IF NOT EXISTS marketo_activity_types (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    draft TEXT,
    approved TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS marketo_programs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    type TEXT NOT NULL,
    channel TEXT NOT NULL,
    folder INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS marketo_program_members (
    program INTEGER NOT NULL,
    person INTEGER NOT NULL,
    status TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (program, person)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS marketo_program_members_person ON marketo_program_members (person);
CREATE TABLE IF NOT EXISTS marketo_lists (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    folder INTEGER NOT NULL,
    folder_type TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS marketo_members (
    list INTEGER NOT NULL,
    person INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (list, person)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS marketo_members_person ON marketo_members (person);
CREATE TABLE IF NOT EXISTS marketo_objects (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    guid TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    fields TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS marketo_object_keys (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (kind, key, value, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS marketo_object_keys_number ON marketo_object_keys (number);
CREATE TABLE IF NOT EXISTS marketo_object_types (
    name TEXT PRIMARY KEY,
    draft TEXT,
    approved TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS marketo_api_users (
    client_id TEXT PRIMARY KEY,
    client_secret TEXT NOT NULL,
    user_id TEXT NOT NULL,
    permissions TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS marketo_tokens (
    token TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    expires_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS marketo_calls (at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS marketo_calls_at ON marketo_calls (at);
CREATE TABLE IF NOT EXISTS marketo_usage (
    day TEXT NOT NULL,
    user_id TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (day, user_id)
);
CREATE TABLE IF NOT EXISTS marketo_errors (
    day TEXT NOT NULL,
    code TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (day, code)
);
"""


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Do all of a block or nothing of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
