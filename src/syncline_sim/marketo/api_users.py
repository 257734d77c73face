"""API-only users, each with one custom service: its credentials, its permissions and its access token."""

import json
import secrets
import sqlite3
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncline_sim.marketo.failure import VendorError

if TYPE_CHECKING:
    from syncline_sim.world import World

DEFAULT_CLIENT_ID = "sim-client-id"
DEFAULT_CLIENT_SECRET = "sim-client-secret"  # noqa: S105
#: The role that a connector asks its admin for.
CONNECTOR_ROLE = (
    "Read-Write Person",
    "Read-Write Company",
    "Read-Write Opportunity",
    "Read-Write Sales Person",
    "Read-Write Custom Object",
    "Read-Write Schema Standard Field",
    "Read-Write Schema Custom Field",
    "Read-Only Activity",
)
#: What the default API user may do besides, so that the whole API can be met without setting anything.
DEFAULT_ROLE = (
    *CONNECTOR_ROLE,
    "Read-Write Activity",
    "Read-Write Activity Metadata",
    "Read-Write Assets",
    "Read-Write Custom Object Type",
)


@dataclass(frozen=True, slots=True)
class ApiUser:
    """An API-only user and the credentials of its custom service."""

    client_id: str
    client_secret: str
    user_id: str
    permissions: frozenset[str]

    def may(self, *permissions: str) -> bool:
        """Whether the role has any of these; the vendor has renamed "Lead" to "Person" there."""
        return bool({_plain(p) for p in permissions} & {_plain(p) for p in self.permissions})


def create(
    db: sqlite3.Connection,
    permissions: tuple[str, ...] = CONNECTOR_ROLE,
    *,
    client_id: str = "",
    client_secret: str = "",
) -> ApiUser:
    """Store a new API user with these permissions and answer it."""
    client_id = client_id or str(uuid.uuid4())
    number = db.execute("SELECT count(*) FROM marketo_api_users").fetchone()[0] + 1
    user = ApiUser(
        client_id, client_secret or secrets.token_hex(16), f"api-{number}@marketo.example", frozenset(permissions)
    )
    db.execute(
        "INSERT INTO marketo_api_users (client_id, client_secret, user_id, permissions) VALUES (?, ?, ?, ?)",
        (user.client_id, user.client_secret, user.user_id, json.dumps(sorted(permissions))),
    )
    return user


def find(db: sqlite3.Connection, client_id: str) -> ApiUser | None:
    """Answer the API user of a custom service."""
    row = db.execute("SELECT * FROM marketo_api_users WHERE client_id = ?", (client_id,)).fetchone()
    if row is None:
        return None
    permissions = frozenset(json.loads(row["permissions"]))
    return ApiUser(row["client_id"], row["client_secret"], row["user_id"], permissions)


def grant(db: sqlite3.Connection, client_id: str, permissions: tuple[str, ...]) -> None:
    """Replace the permissions of an API user; tokens that are out follow at once."""
    db.execute(
        "UPDATE marketo_api_users SET permissions = ? WHERE client_id = ?",
        (json.dumps(sorted(permissions)), client_id),
    )


def token(world: "World", user: ApiUser) -> tuple[str, int]:
    """Answer the user's access token and the seconds it has left: the same one until it has expired."""
    db, now, lifetime = world.db, world.now(), world.switches["marketo"]["token_lifetime"]
    row = db.execute(
        "SELECT token, expires_at FROM marketo_tokens WHERE client_id = ? AND expires_at > ?", (user.client_id, now)
    ).fetchone()
    if row is not None:
        return row["token"], int(row["expires_at"] - now)
    fresh = f"{uuid.UUID(int=world.random.getrandbits(128), version=4)}:int"
    db.execute("INSERT INTO marketo_tokens VALUES (?, ?, ?)", (fresh, user.client_id, now + lifetime))
    return fresh, int(lifetime)


def authenticate(db: sqlite3.Connection, authorization: str, now: float) -> ApiUser:
    """Answer whose token an Authorization header carries; raises `VendorError` 601, 602 or 603."""
    scheme, _, sent = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not sent.strip():
        raise VendorError("603")  # Until 2022 it was 600, says the vendor's note on the updates of that August.
    row = db.execute("SELECT * FROM marketo_tokens WHERE token = ?", (sent.strip(),)).fetchone()
    user = find(db, row["client_id"]) if row else None
    if user is None:
        raise VendorError("601")
    if row["expires_at"] <= now:
        raise VendorError("602")
    return user


def expire_tokens(db: sqlite3.Connection, now: float) -> int:
    """End the life of every token that is out, and answer how many those were."""
    return db.execute("UPDATE marketo_tokens SET expires_at = ? WHERE expires_at > ?", (now, now)).rowcount


def _plain(permission: str) -> str:
    return permission.replace("Person", "Lead").replace("Sales Lead", "Sales Person")
