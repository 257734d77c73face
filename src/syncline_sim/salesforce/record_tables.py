"""Where records live: a table per stored object, views for User and Organization, and the open cursors of queries.

Law: `org` is the row number of the org, and nothing reads records without naming it.
"""

from typing import TYPE_CHECKING

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
_VIEWS = """
CREATE VIEW IF NOT EXISTS salesforce_record_organization AS
SELECT rowid AS number, rowid AS org, id AS Id, name COLLATE NOCASE AS Name, edition COLLATE NOCASE AS OrganizationType,
       is_sandbox AS IsSandbox, iif(is_sandbox, 'CS101', 'NA101') COLLATE NOCASE AS InstanceName,
       NULL AS NamespacePrefix, 'en_US' COLLATE NOCASE AS LanguageLocaleKey, NULL AS TrialExpirationDate,
       1577836800 AS CreatedDate, 1577836800 AS LastModifiedDate, 1577836800 AS SystemModstamp, 0 AS IsDeleted
FROM salesforce_orgs;
CREATE VIEW IF NOT EXISTS salesforce_record_user AS
SELECT u.rowid AS number, o.rowid AS org, u.id AS Id, u.username AS Username, u.last_name COLLATE NOCASE AS LastName,
       u.first_name COLLATE NOCASE AS FirstName, trim(u.first_name || ' ' || u.last_name) COLLATE NOCASE AS Name,
       u.email COLLATE NOCASE AS Email, u.active AS IsActive, 'Standard' COLLATE NOCASE AS UserType,
       'America/Los_Angeles' COLLATE NOCASE AS TimeZoneSidKey, 'en_US' COLLATE NOCASE AS LocaleSidKey,
       'en_US' COLLATE NOCASE AS LanguageLocaleKey,
       1577836800 AS CreatedDate, 1577836800 AS LastModifiedDate, 1577836800 AS SystemModstamp, 0 AS IsDeleted
FROM salesforce_users u JOIN salesforce_orgs o ON o.id = u.org_id;
"""


def create(db: "sqlite3.Connection") -> None:
    """Make tables, indexes and views where they are not there yet; the OAuth side's tables have to be."""
    db.executescript(_CURSORS + _VIEWS)
    for spec in OBJECTS:
        if spec.stored:
            db.executescript(_table(spec))
            index(db, spec)


def index(db: "sqlite3.Connection", spec: ObjectSpec) -> None:
    """Index an object by what connectors page by; `IsDeleted` is in it so that counting needs no look at the table."""
    columns = 'org, "SystemModstamp", "Id", "IsDeleted"'
    db.execute(f"CREATE INDEX IF NOT EXISTS {spec.table}_stamp ON {spec.table} ({columns})")
    db.execute(f'CREATE UNIQUE INDEX IF NOT EXISTS {spec.table}_id ON {spec.table} ("Id")')


def drop_index(db: "sqlite3.Connection", spec: ObjectSpec) -> None:
    """Take the indexes away while very many records are written."""
    db.execute(f"DROP INDEX IF EXISTS {spec.table}_stamp")
    db.execute(f"DROP INDEX IF EXISTS {spec.table}_id")


def _table(spec: ObjectSpec) -> str:
    columns = ", ".join(field.column for field in spec.fields if not field.crossing)
    return f"CREATE TABLE IF NOT EXISTS {spec.table} (number INTEGER PRIMARY KEY, org INTEGER NOT NULL, {columns});"
