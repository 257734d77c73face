"""Permission sets: what users may do beyond their profile."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from syncline_sim.salesforce import ids, orgs

if TYPE_CHECKING:
    from syncline_sim.world import World


def put(
    world: "World",
    *,
    name: str,
    permissions: Iterable[str],
    users: Iterable[str] = (),
    org_id: str = "",
    label: str = "",
) -> dict[str, Any]:
    """Make a permission set, or replace the one of this name, and give it to users."""
    org = org_id or orgs.all_orgs(world)[0].id
    assignees = [orgs.find_user(world.db, username).id for username in users]
    number = world.db.execute(
        """
        INSERT INTO salesforce_permission_sets (org_id, name, label, permissions) VALUES (?, ?, ?, ?)
        ON CONFLICT (org_id, name) DO UPDATE SET label = excluded.label, permissions = excluded.permissions
        RETURNING number
        """,
        (org, name, label or name, json.dumps(sorted(permissions))),
    ).fetchone()[0]
    world.db.execute("DELETE FROM salesforce_permission_set_assignments WHERE set_number = ?", (number,))
    query = "INSERT OR IGNORE INTO salesforce_permission_set_assignments (set_number, user_id) VALUES (?, ?)"
    world.db.executemany(query, [(number, user_id) for user_id in assignees])
    return next(each for each in every(world) if each["number"] == number)


def every(world: "World") -> list[dict[str, Any]]:
    """Answer all permission sets, oldest first."""
    rows = world.db.execute(
        """
        SELECT s.*, (SELECT json_group_array(u.username) FROM salesforce_permission_set_assignments a
                     JOIN salesforce_users u ON u.id = a.user_id WHERE a.set_number = s.number) AS users
        FROM salesforce_permission_sets s ORDER BY s.number
        """
    ).fetchall()
    return [
        {
            **dict(row),
            "id": ids.make("0PS", 2 * row["number"] + 1),
            "permissions": json.loads(row["permissions"]),
            "users": json.loads(row["users"]),
        }
        for row in rows
    ]
