"""What the OAuth side keeps, as records: the org, its users with their profiles, and what each of them may do.

Law: nothing is stored twice. A profile may do what any of its users may, and its permission set is of the same name.
A limit keeps SQLite from answering the halves of a view one after the other, whatever the order of who joins it.
"""

# ruff: noqa: S608 - nothing but constants of this file is put into a query

from typing import TYPE_CHECKING

from syncline_sim.salesforce import ids
from syncline_sim.salesforce.org_fields import PERMISSIONS

if TYPE_CHECKING:
    import sqlite3

#: When all of this was made, 2020-01-01.
_FOUNDED = 1_577_836_800
_STAMPS = f"{_FOUNDED} AS CreatedDate, {_FOUNDED} AS LastModifiedDate, {_FOUNDED} AS SystemModstamp, 0 AS IsDeleted"
#: The objects whose records people may see and write, each with its place in the ids of its permissions.
_SUBJECTS = "(SELECT 0 AS place, 'Account' AS name UNION ALL SELECT 1, 'Contact' UNION ALL SELECT 2, 'Lead')"
_PROFILES = """
(SELECT min(u.rowid) AS first, o.rowid AS org, u.profile AS name, json_group_array(u.permissions) AS permissions
 FROM salesforce_users u JOIN salesforce_orgs o ON o.id = u.org_id GROUP BY o.rowid, u.profile)
"""


_SEEN, _WRITTEN = "(NOT u.hides)", "(NOT u.hides AND NOT u.bars)"
_RIGHTS = ", ".join(
    f"{right} AS Permissions{name}"
    for right, names in (
        (_SEEN, ("Read", "ViewAllRecords")),
        (_WRITTEN, ("Create", "Edit", "Delete", "ModifyAllRecords")),
    )
    for name in names
)


def _may(permissions: str) -> str:
    """Answer the columns that say what a JSON text with the names of permissions has."""
    # A list of lists is a text too, and no name of a permission is part of another one.
    return ", ".join(f"instr({permissions}, '{name}') > 0 AS Permissions{name}" for name in PERMISSIONS)


_VIEWS = {
    "organization": f"""
        SELECT rowid AS number, rowid AS org, id AS Id, name COLLATE NOCASE AS Name,
               edition COLLATE NOCASE AS OrganizationType, is_sandbox AS IsSandbox,
               coalesce(nullif(json_extract(settings, '$.instance_name'), ''), iif(is_sandbox, 'CS101', 'NA101'))
                   COLLATE NOCASE AS InstanceName,
               NULL AS NamespacePrefix, 'en_US' COLLATE NOCASE AS LanguageLocaleKey,
               'en_US' COLLATE NOCASE AS DefaultLocaleSidKey, 'America/Los_Angeles' COLLATE NOCASE AS TimeZoneSidKey,
               nullif(json_extract(settings, '$.trial_ends'), 0) AS TrialExpirationDate, {_STAMPS}
        FROM salesforce_orgs
    """,
    "user": f"""
        SELECT u.rowid AS number, o.rowid AS org, u.id AS Id, u.username AS Username,
               u.last_name COLLATE NOCASE AS LastName, u.first_name COLLATE NOCASE AS FirstName,
               trim(u.first_name || ' ' || u.last_name) COLLATE NOCASE AS Name, u.email COLLATE NOCASE AS Email,
               salesforce_id('00e', (SELECT min(p.rowid) FROM salesforce_users p
                                     WHERE p.org_id = u.org_id AND p.profile = u.profile)) AS ProfileId,
               u.active AS IsActive, 'Standard' COLLATE NOCASE AS UserType,
               'America/Los_Angeles' COLLATE NOCASE AS TimeZoneSidKey, 'en_US' COLLATE NOCASE AS LocaleSidKey,
               'en_US' COLLATE NOCASE AS LanguageLocaleKey, {_STAMPS}
        FROM salesforce_users u JOIN salesforce_orgs o ON o.id = u.org_id
    """,
    "profile": f"""
        SELECT first AS number, org, salesforce_id('00e', first) AS Id, name COLLATE NOCASE AS Name,
               'Standard' COLLATE NOCASE AS UserType, {_may("permissions")}, {_STAMPS}
        FROM {_PROFILES}
    """,
    "permissionset": f"""
        SELECT 2 * first AS number, org, salesforce_id('0PS', 2 * first) AS Id,
               'X' || salesforce_id('00e', first) COLLATE NOCASE AS Name, name COLLATE NOCASE AS Label,
               1 AS IsOwnedByProfile, salesforce_id('00e', first) AS ProfileId, {_may("permissions")}, {_STAMPS}
        FROM {_PROFILES}
        UNION ALL
        SELECT 2 * s.rowid + 1, o.rowid, salesforce_id('0PS', 2 * s.rowid + 1), s.name COLLATE NOCASE,
               s.label COLLATE NOCASE, 0, NULL, {_may("s.permissions")}, {_STAMPS}
        FROM salesforce_permission_sets s JOIN salesforce_orgs o ON o.id = s.org_id
        LIMIT -1
    """,
    "permissionsetassignment": f"""
        SELECT 2 * u.rowid AS number, o.rowid AS org, salesforce_id('0Pa', 2 * u.rowid) AS Id,
               salesforce_id('0PS', 2 * (SELECT min(p.rowid) FROM salesforce_users p
                                         WHERE p.org_id = u.org_id AND p.profile = u.profile)) AS PermissionSetId,
               u.id AS AssigneeId, 1 AS IsActive, {_FOUNDED} AS SystemModstamp, 0 AS IsDeleted
        FROM salesforce_users u JOIN salesforce_orgs o ON o.id = u.org_id
        UNION ALL
        SELECT 2 * a.rowid + 1, o.rowid, salesforce_id('0Pa', 2 * a.rowid + 1),
               salesforce_id('0PS', 2 * a.set_number + 1), a.user_id, 1, {_FOUNDED}, 0
        FROM salesforce_permission_set_assignments a JOIN salesforce_users u ON u.id = a.user_id
             JOIN salesforce_orgs o ON o.id = u.org_id
        LIMIT -1
    """,
    "objectpermissions": f"""
        SELECT 3 * p.first + s.place AS number, p.org, salesforce_id('110', 3 * p.first + s.place) AS Id,
               salesforce_id('0PS', 2 * p.first) AS ParentId, s.name COLLATE NOCASE AS SobjectType,
               {_RIGHTS}, {_STAMPS}
        FROM {_PROFILES} p JOIN {_SUBJECTS} s
        JOIN (SELECT x.rowid AS number, n.name,
                     EXISTS (SELECT 1 FROM json_each(x.hidden, '$.' || n.name) WHERE value = '*') AS hides,
                     EXISTS (SELECT 1 FROM json_each(x.read_only, '$.' || n.name) WHERE value = '*') AS bars
              FROM salesforce_users x JOIN {_SUBJECTS} n) u ON u.number = p.first AND u.name = s.name
    """,
    "userlogin": f"""
        SELECT u.rowid AS number, o.rowid AS org, salesforce_id('0Yw', u.rowid) AS Id, u.id AS UserId,
               u.frozen AS IsFrozen, u.locked_until > 0 AS IsPasswordLocked, {_FOUNDED} AS LastModifiedDate,
               0 AS IsDeleted
        FROM salesforce_users u JOIN salesforce_orgs o ON o.id = u.org_id
    """,
}


def create(db: "sqlite3.Connection") -> None:
    """Make the views, also in a file that has older ones."""
    db.create_function("salesforce_id", 2, ids.make, deterministic=True)
    for name, query in _VIEWS.items():
        db.execute(f"DROP VIEW IF EXISTS salesforce_record_{name}")
        db.execute(f"CREATE VIEW salesforce_record_{name} AS {query}")
