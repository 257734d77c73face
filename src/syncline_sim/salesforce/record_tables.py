"""Where records live: a table per stored object, views for User and Organization, and the open cursors of queries.

Law: `org` is the row number of the org, and nothing reads records without naming it.
"""

from typing import TYPE_CHECKING

from syncline_sim.salesforce import org_views
from syncline_sim.salesforce.objects import OBJECTS, ObjectSpec

if TYPE_CHECKING:
    import sqlite3

#: When the orgs and their users were made, 2020-01-01; the views below say it too.
FOUNDED = 1_577_836_800

_CURSORS = """
CREATE TABLE IF NOT EXISTS salesforce_cursors (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    soql TEXT NOT NULL,
    path TEXT NOT NULL,
    deleted_too INTEGER NOT NULL,
    opened_at REAL NOT NULL,
    records BLOB NOT NULL
);
"""
#: What of a seeding there is while it is not done.
_SEEDINGS = """
CREATE TABLE IF NOT EXISTS salesforce_seedings (leads INTEGER NOT NULL, contacts INTEGER NOT NULL);
"""


def create(db: "sqlite3.Connection") -> None:
    """Make tables, indexes and views where they are not there yet; the OAuth side's tables have to be."""
    db.executescript(_CURSORS + _SEEDINGS)
    org_views.create(db)
    for spec in OBJECTS:
        if spec.stored:
            db.executescript(_table(spec))
            _index(db, spec)


def drop(db: "sqlite3.Connection") -> None:
    """Take the tables of records away, with all that is in them."""
    for spec in OBJECTS:
        if spec.stored:
            db.execute(f"DROP TABLE IF EXISTS {spec.table}")


def _index(db: "sqlite3.Connection", spec: ObjectSpec) -> None:
    """Index an object by what connectors page by; `IsDeleted` is in it so that counting needs no look at the table."""
    columns = 'org, "SystemModstamp", "Id", "IsDeleted"'
    db.execute(f"CREATE INDEX IF NOT EXISTS {spec.table}_stamp ON {spec.table} ({columns})")
    db.execute(f'CREATE UNIQUE INDEX IF NOT EXISTS {spec.table}_id ON {spec.table} ("Id")')


def _table(spec: ObjectSpec) -> str:
    columns = ", ".join(field.column for field in spec.fields if not field.crossing)
    return f"CREATE TABLE IF NOT EXISTS {spec.table} (number INTEGER PRIMARY KEY, org INTEGER NOT NULL, {columns});"
