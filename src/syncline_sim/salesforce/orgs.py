"""Orgs and their users: who may log in, to what, and what they may see there."""

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncline_sim.salesforce import editions, ids, org_settings
from syncline_sim.salesforce.editions import Edition
from syncline_sim.salesforce.org_settings import OrgSettings

if TYPE_CHECKING:
    from syncline_sim.world import World

#: What a sync user needs to have; the vendor's names of permissions.
SYNC_PERMISSIONS = ("ApiEnabled", "ViewSetup", "ViewRoles", "ManageExternalClientApps")
#: Users have them unless others are named; by the last three they are told of changes, their writes set off outbound
#: messages, and they convert leads.
DEFAULT_PERMISSIONS = (*SYNC_PERMISSIONS, "ViewAllData", "EnableNotifications", "ConvertLeads")
DEFAULT_PASSWORD = "correct-horse-1"  # noqa: S105 - opens nothing but a simulation


@dataclass(frozen=True, slots=True)
class Org:
    """One org; `instance_url` is where its data API is."""

    id: str
    name: str
    edition: str
    is_sandbox: bool
    instance_url: str
    settings: OrgSettings

    @property
    def kind(self) -> Edition:
        """What comes with the edition."""
        return editions.find(self.edition)

    @property
    def has_api(self) -> bool:
        """Whether the API is part of the edition or was bought."""
        return self.kind.api or (self.kind.sells_api and self.settings.api_add_on)


@dataclass(frozen=True, slots=True)
class User:
    """One user.

    `hidden` and `read_only` list by object the fields that field-level security hides, or lets be read only; `*` is
    the object itself.
    """

    id: str
    org_id: str
    username: str
    password: str
    email: str
    first_name: str
    last_name: str
    profile: str
    active: bool
    frozen: bool
    permissions: frozenset[str]
    hidden: Mapping[str, frozenset[str]]
    read_only: Mapping[str, frozenset[str]]
    locked_until: float

    @property
    def may_enter(self) -> bool:
        """Whether the user may log in: neither deactivated nor frozen."""
        return self.active and not self.frozen

    @property
    def display_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    def may(self, permission: str) -> bool:
        """Whether the profile has this permission, such as `ApiEnabled`."""
        return permission in self.permissions

    def may_read(self, object_name: str) -> bool:
        """Whether the user can see that there is such an object."""
        return "*" not in self.hidden.get(object_name, ())

    def may_see(self, object_name: str, field: str) -> bool:
        """Whether field-level security shows the user a field."""
        return self.may_read(object_name) and field not in self.hidden.get(object_name, ())

    def may_write(self, object_name: str, field: str = "*") -> bool:
        """Whether the user may create, change and delete records of an object, or write a field of them."""
        return not {"*", field} & self.read_only.get(object_name, frozenset())


def create_org(
    world: "World",
    name: str,
    *,
    edition: str = "enterprise",
    is_sandbox: bool = False,
    instance_url: str = "",
    **settings: object,
) -> Org:
    """Open another org; without `instance_url` it is reached where the simulated Salesforce listens."""
    kind, bought = editions.find(edition), edition.lower().endswith(editions.ADD_ON)
    made = org_settings.read({**({"api_add_on": True} if bought else {}), **settings})
    if is_sandbox and not kind.sandboxes:
        raise ValueError(f"{kind.name} has no sandboxes")
    number = world.db.execute("SELECT count(*) FROM salesforce_orgs").fetchone()[0] + 1
    row = (ids.make("00D", number), name, kind.name, is_sandbox, instance_url, org_settings.dump(made))
    world.db.execute("INSERT INTO salesforce_orgs VALUES (?, ?, ?, ?, ?, ?)", row)
    return find_org(world, row[0])


def change_org(world: "World", org_id: str, **change: object) -> Org:
    """Change the edition of an org, its name, its address, or any of its settings."""
    org = find_org(world, org_id)
    row = world.db.execute("SELECT instance_url FROM salesforce_orgs WHERE id = ?", (org_id,)).fetchone()
    edition = str(change.pop("edition", org.edition))
    if edition.lower().endswith(editions.ADD_ON):
        change["api_add_on"] = True
    name, url = (str(change.pop(part, was)) for part, was in (("name", org.name), ("instance_url", row[0])))
    is_sandbox = bool(change.pop("is_sandbox", org.is_sandbox))
    made = org_settings.dump(org_settings.changed(org.settings, change))
    world.db.execute(
        """
        UPDATE salesforce_orgs SET name = ?, edition = ?, is_sandbox = ?, instance_url = ?, settings = ? WHERE id = ?
        """,
        (name, editions.find(edition).name, is_sandbox, url, made, org_id),
    )
    return find_org(world, org_id)


def create_user(  # noqa: PLR0913 - a user has that many independent parts; they are passed by name
    world: "World",
    org_id: str,
    username: str,
    *,
    password: str = DEFAULT_PASSWORD,
    email: str = "",
    first_name: str = "",
    last_name: str = "User",
    profile: str = "Standard User",
    permissions: Iterable[str] = DEFAULT_PERMISSIONS,
    hidden: Mapping[str, Iterable[str]] | None = None,
    read_only: Mapping[str, Iterable[str]] | None = None,
    active: bool = True,
    frozen: bool = False,
) -> User:
    """Create a user in an org."""
    number = world.db.execute("SELECT count(*) FROM salesforce_users").fetchone()[0] + 1
    row = {
        "id": ids.make("005", number),
        "org_id": org_id,
        "username": username,
        "password": password,
        "email": email or username,
        "first_name": first_name,
        "last_name": last_name,
        "profile": profile,
        "active": active,
        "frozen": frozen,
        "permissions": json.dumps(sorted(permissions)),
        "hidden": _listed(hidden or {}),
        "read_only": _listed(read_only or {}),
    }
    world.db.execute(_INSERT_USER, row)
    return find_user(world.db, username)


def change_user(world: "World", username: str, **change: object) -> User:
    """Change columns of a user; `permissions` is a list, `hidden` and `read_only` are lists of fields by object."""
    user = find_user(world.db, username)
    for name, given in change.items():
        if name not in _CHANGEABLE:
            raise KeyError(name)
        value = given
        if name == "permissions":
            value = json.dumps(given)
        elif name in ("hidden", "read_only") and isinstance(given, Mapping):
            value = _listed(given)
        world.db.execute(f"UPDATE salesforce_users SET {name} = ? WHERE id = ?", (value, user.id))  # noqa: S608 - listed
    return find_user(world.db, user.username)


def find_org(world: "World", org_id: str) -> Org:
    """Answer an org; raises `KeyError`."""
    row = world.db.execute("SELECT * FROM salesforce_orgs WHERE id = ?", (org_id,)).fetchone()
    if row is None:
        raise KeyError(org_id)
    url = row["instance_url"] or world.urls.get("salesforce", "")
    settings = org_settings.load(row["settings"])
    return Org(row["id"], row["name"], row["edition"], bool(row["is_sandbox"]), url, settings)


def find_user(db: sqlite3.Connection, name: str) -> User:
    """Answer a user by username or id; raises `KeyError`."""
    row = db.execute(f"{_SELECT_USER} WHERE username = ? OR id = ?", (name, name)).fetchone()
    if row is None:
        raise KeyError(name)
    return _user(row)


def all_users(db: sqlite3.Connection) -> list[User]:
    """Answer every user of every org, oldest first."""
    return [_user(row) for row in db.execute(f"{_SELECT_USER} ORDER BY id")]


def all_orgs(world: "World") -> list[Org]:
    """Answer every org, oldest first; the first one is the main one."""
    return [find_org(world, row["id"]) for row in world.db.execute("SELECT id FROM salesforce_orgs ORDER BY id")]


def populate(world: "World") -> None:
    """Create what is there at first: the main org with its sync user and a second user, and another org with one."""
    main = create_org(world, "Acme Robotics", **world.main_org)
    create_user(world, main.id, "sync@acme.example", first_name="Sam", last_name="Sync", profile="Integration")
    create_user(world, main.id, "dana@acme.example", first_name="Dana", last_name="Doe")
    other = create_org(world, "Globex Sandbox", is_sandbox=True)
    create_user(world, other.id, "sync@globex.example", first_name="Gil", last_name="Globex")


_INSERT_USER = """
INSERT INTO salesforce_users (id, org_id, username, password, email, first_name, last_name, profile, active,
                              frozen, permissions, hidden, read_only)
VALUES (:id, :org_id, :username, :password, :email, :first_name, :last_name, :profile, :active, :frozen, :permissions,
        :hidden, :read_only)
"""
#: With what permission sets add to the permissions of the profile, as lists with a space between them.
_SELECT_USER = """
SELECT *, (SELECT group_concat(s.permissions, ' ') FROM salesforce_permission_sets s
           JOIN salesforce_permission_set_assignments a ON a.set_number = s.number
           WHERE a.user_id = salesforce_users.id) AS granted
FROM salesforce_users
"""
_CHANGEABLE = frozenset(
    (
        *("username", "password", "email", "first_name", "last_name", "profile", "active", "frozen"),
        *("permissions", "hidden", "read_only"),
    )
)


def _listed(fields_by_object: Mapping[str, Iterable[str]]) -> str:
    return json.dumps({name: sorted(fields) for name, fields in fields_by_object.items()})


def _user(row: sqlite3.Row) -> User:
    return User(
        id=row["id"],
        org_id=row["org_id"],
        username=row["username"],
        password=row["password"],
        email=row["email"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        profile=row["profile"],
        active=bool(row["active"]),
        frozen=bool(row["frozen"]),
        permissions=frozenset(json.loads(row["permissions"]) + re.findall(r"\w+", row["granted"] or "")),
        hidden={name: frozenset(fields) for name, fields in json.loads(row["hidden"]).items()},
        read_only={name: frozenset(fields) for name, fields in json.loads(row["read_only"]).items()},
        locked_until=row["locked_until"],
    )
