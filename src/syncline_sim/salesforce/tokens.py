"""Grants and the tokens that live on them: issuing, rotating, expiring, revoking, and asking whose a token is."""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from syncline_sim.salesforce import apps, orgs
from syncline_sim.salesforce.failure import SESSION_INVALID, SalesforceError
from syncline_sim.salesforce.orgs import Org, User

if TYPE_CHECKING:
    from syncline_sim.world import World

#: Clients check access tokens against `00D\\w{12,15}![.\\w]*`, so only these letters.
_LETTERS = string.ascii_letters + string.digits + "._"
_ALPHANUMERIC = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Login:
    """Whose call it is; `scopes` are those of the grant, `consumer_key` is the app's."""

    org: Org
    user: User
    token: str
    scopes: frozenset[str]
    consumer_key: str


def authenticate(world: "World", request: web.Request) -> Login:
    """Answer whose token a request carries; raises `SalesforceError` 401 INVALID_SESSION_ID or INVALID_AUTH_HEADER."""
    return login(world, carried(request.headers))


def carried(headers: Mapping[str, str]) -> str:
    """Answer the token in the headers of a request, nothing when there is none; raises `SalesforceError` 401."""
    scheme, _, token = headers.get("Authorization", "").strip().partition(" ")
    if scheme and scheme.lower() not in ("bearer", "oauth"):
        raise SalesforceError(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
    return token.strip()


def login(world: "World", token: str) -> Login:
    """Answer whose access token this is; raises `SalesforceError` 401 INVALID_SESSION_ID."""
    row = world.db.execute(
        """
        SELECT g.* FROM salesforce_access_tokens a JOIN salesforce_grants g ON g.id = a.grant_id
        WHERE a.token = ? AND a.expires_at > ? AND g.revoked = ''
        """,
        (token, world.now()),
    ).fetchone()
    user = orgs.find_user(world.db, row["user_id"]) if row else None
    if user is None or not user.active:
        raise SalesforceError(401, "INVALID_SESSION_ID", SESSION_INVALID)
    return Login(orgs.find_org(world, user.org_id), user, token, frozenset(row["scopes"].split()), row["consumer_key"])


def issue_access(world: "World", grant_id: int) -> str:
    """Make an access token for a grant and answer it."""
    row = world.db.execute(
        """
        SELECT u.org_id, g.consumer_key FROM salesforce_grants g JOIN salesforce_users u ON u.id = g.user_id
        WHERE g.id = ?
        """,
        (grant_id,),
    ).fetchone()
    token = f"{row['org_id'][:15]}!AQ{world.word(94, _LETTERS)}"
    now, app = world.now(), apps.find(world.db, row["consumer_key"])
    life = (app.settings.session_timeout if app else 0) or world.switches["salesforce"]["session_lifetime"]
    world.db.execute("INSERT INTO salesforce_access_tokens VALUES (?, ?, ?, ?)", (token, grant_id, now, now + life))
    return token
