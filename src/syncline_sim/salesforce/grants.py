"""Approvals and what lives on them: authorization codes, refresh tokens and access tokens, from birth to death.

Law: an approval that is revoked takes all of its tokens with it, at once. A row that is a `session` holds the tokens
of logins without a browser; it is nobody's approval and counts as none.
"""

import base64
import hashlib
import sqlite3
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from syncline_sim.salesforce import orgs, tokens
from syncline_sim.salesforce.apps import OFFLINE, App
from syncline_sim.salesforce.oauth_errors import OAuthError
from syncline_sim.salesforce.orgs import User

if TYPE_CHECKING:
    from syncline_sim.world import World

_LETTERS = string.ascii_letters + string.digits + "._"


#: Raises `OAuthError` for a user whom the app may not serve.
Judge = Callable[[User], None]


@dataclass(frozen=True, slots=True)
class Grant:
    """One approval of one app by one user."""

    id: int
    consumer_key: str
    user: User
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Issued:
    """What the token endpoint hands out; `refresh_token` is empty when there is no new one."""

    grant: Grant
    access_token: str
    refresh_token: str
    nonce: str = ""  #: what the app has sent with the login


def issue_code(
    world: "World", app: App, user: User, *, redirect_uri: str, scopes: frozenset[str], challenge: str, nonce: str = ""
) -> str:
    """Answer a fresh authorization code; its `=` at the end have to survive a URL, as in life."""
    code = f"aPrx{world.word(72, _LETTERS)}=="
    world.db.execute(
        "INSERT INTO salesforce_codes VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
        (code, app.consumer_key, user.id, redirect_uri, " ".join(sorted(scopes)), challenge, nonce, world.now()),
    )
    return code


def spend_code(world: "World", app: App, code: str, *, redirect_uri: str, verifier: str, judge: Judge) -> Issued:
    """Turn a code into tokens, once, if the user passes the judge; raises `OAuthError`."""
    row = world.db.execute(
        "SELECT * FROM salesforce_codes WHERE code = ? AND consumer_key = ?", (code, app.consumer_key)
    ).fetchone()
    if row is None:
        raise OAuthError("code_unknown")
    lifetime = world.switches["salesforce"]["code_lifetime"]
    if row["spent"] or row["issued_at"] + lifetime <= world.now():
        raise OAuthError("code_expired")
    if row["redirect_uri"] != redirect_uri:
        raise OAuthError("redirect_uri" if redirect_uri else "redirect_uri_missing")
    if row["challenge"] and _challenge(verifier) != row["challenge"]:
        raise OAuthError("verifier")
    world.db.execute("UPDATE salesforce_codes SET spent = 1 WHERE code = ?", (code,))
    user = orgs.find_user(world.db, row["user_id"])
    if not user.active:
        raise OAuthError("inactive_user")
    judge(user)
    grant = _approve(world, app, user, frozenset(row["scopes"].split()))
    refresh = _issue_refresh(world, grant) if _offline(world, grant) else ""
    return Issued(grant, tokens.issue_access(world, grant.id), refresh, row["nonce"])


def refresh(world: "World", app: App, token: str, judge: Judge) -> Issued:
    """Turn a refresh token into an access token, and into another refresh token under rotation; raises `OAuthError`.

    A replaced token that comes back revokes the approval (https://help.salesforce.com/s/articleView?id=005316711).
    """
    row = world.db.execute(
        """
        SELECT r.*, g.used_at, g.user_id, g.scopes FROM salesforce_refresh_tokens r
        JOIN salesforce_grants g ON g.id = r.grant_id
        WHERE r.token = ? AND g.consumer_key = ? AND g.revoked = ''
        """,
        (token, app.consumer_key),
    ).fetchone()
    if row is None:
        raise OAuthError("token_dead")
    user = orgs.find_user(world.db, row["user_id"])
    grant = Grant(row["grant_id"], app.consumer_key, user, frozenset(row["scopes"].split()))
    _check_age(world, app, row)
    if not user.active:
        raise OAuthError("inactive_user")
    judge(user)
    if row["replaced_at"] is not None:
        if world.now() - row["replaced_at"] >= world.switches["salesforce"]["rotation_grace"]:
            revoke(world, grant.id, "a replaced refresh token came back")
            raise OAuthError("token_dead")
        return _renew(world, grant, "")
    fresh = ""
    if rotates(world, app):
        world.db.execute("UPDATE salesforce_refresh_tokens SET replaced_at = ? WHERE token = ?", (world.now(), token))
        fresh = _issue_refresh(world, grant)
    return _renew(world, grant, fresh)


def open_session(world: "World", consumer_key: str, user: User, scopes: frozenset[str]) -> Issued:
    """Answer an access token of a login without a browser; it outlives no revocation, and is no approval itself."""
    row = world.db.execute(
        """
        SELECT max(id) AS id FROM salesforce_grants
        WHERE consumer_key = ? AND user_id = ? AND scopes = ? AND session AND revoked = ''
        """,
        (consumer_key, user.id, " ".join(sorted(scopes))),
    ).fetchone()
    if row["id"] is None:
        return _renew(world, _insert(world, consumer_key, user, scopes, session=True), "")
    return _renew(world, Grant(row["id"], consumer_key, user, scopes), "")


def rotates(world: "World", app: App) -> bool:
    """Whether each refresh makes a new refresh token."""
    overruled = world.switches["salesforce"]["rotation"]
    return app.settings.rotation if overruled is None else bool(overruled)


def approved(db: sqlite3.Connection, app: App, user: User, scopes: frozenset[str]) -> bool:
    """Whether the user has approved the app for these scopes before."""
    return any(scopes <= approved for approved in _approvals(db, app, user))


def lasting_scopes(db: sqlite3.Connection, app: App, user: User) -> frozenset[str]:
    """Answer all the scopes that the user's approvals give the app for longer than a session."""
    return frozenset().union(*(scopes for scopes in _approvals(db, app, user) if scopes & OFFLINE))


def revoke(world: "World", grant_id: int, reason: str) -> None:
    """End an approval and all that lives on it."""
    world.db.execute("UPDATE salesforce_grants SET revoked = ? WHERE id = ? AND revoked = ''", (reason, grant_id))


def revoke_token(world: "World", token: str) -> bool:
    """End a refresh token with its approval, or one access token; answers whether there was such a token alive."""
    row = world.db.execute(
        """
        SELECT g.id FROM salesforce_refresh_tokens r JOIN salesforce_grants g ON g.id = r.grant_id
        WHERE r.token = ? AND g.revoked = ''
        """,
        (token,),
    ).fetchone()
    if row:
        revoke(world, row["id"], "its refresh token was revoked")
        return True
    ended = world.db.execute(
        "UPDATE salesforce_access_tokens SET expires_at = ? WHERE token = ? AND expires_at > ?",
        (world.now(), token, world.now()),
    )
    return ended.rowcount > 0


def revoke_all(world: "World", *, username: str = "") -> int:
    """End all approvals, or those of a user, and answer how many those were."""
    user_id = orgs.find_user(world.db, username).id if username else ""
    ended = world.db.execute(
        "UPDATE salesforce_grants SET revoked = 'revoked by an admin' WHERE revoked = '' AND (user_id = ? OR ? = '')",
        (user_id, user_id),
    )
    return ended.rowcount


def every(world: "World") -> list[dict[str, Any]]:
    """Answer all approvals, oldest first, with how many tokens of each are alive."""
    rows = world.db.execute(
        """
        SELECT g.id, g.consumer_key, u.username, g.scopes, g.approved_at, g.used_at, g.revoked, g.session,
               (SELECT count(*) FROM salesforce_access_tokens a
                WHERE a.grant_id = g.id AND a.expires_at > ? AND g.revoked = '') AS access_tokens,
               (SELECT count(*) FROM salesforce_refresh_tokens r
                WHERE r.grant_id = g.id AND r.replaced_at IS NULL AND g.revoked = '') AS refresh_tokens
        FROM salesforce_grants g JOIN salesforce_users u ON u.id = g.user_id ORDER BY g.id
        """,
        (world.now(),),
    )
    return [dict(row) for row in rows]


def _approvals(db: sqlite3.Connection, app: App, user: User) -> list[frozenset[str]]:
    rows = db.execute(
        "SELECT scopes FROM salesforce_grants WHERE consumer_key = ? AND user_id = ? AND revoked = '' AND NOT session",
        (app.consumer_key, user.id),
    )
    return [frozenset(row["scopes"].split()) for row in rows]


def _approve(world: "World", app: App, user: User, scopes: frozenset[str]) -> Grant:
    rows = world.db.execute(
        """
        SELECT id FROM salesforce_grants
        WHERE consumer_key = ? AND user_id = ? AND revoked = '' AND NOT session ORDER BY id
        """,
        (app.consumer_key, user.id),
    ).fetchall()
    keep = world.switches["salesforce"]["max_approvals"] - 1
    for row in rows[: max(len(rows) - keep, 0)]:
        revoke(world, row["id"], "a newer approval took its place")
    return _insert(world, app.consumer_key, user, scopes)


def _insert(world: "World", consumer_key: str, user: User, scopes: frozenset[str], *, session: bool = False) -> Grant:
    now = world.now()
    cursor = world.db.execute(
        """
        INSERT INTO salesforce_grants (consumer_key, user_id, scopes, approved_at, used_at, session)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (consumer_key, user.id, " ".join(sorted(scopes)), now, now, session),
    )
    return Grant(int(cursor.lastrowid or 0), consumer_key, user, scopes)


def _issue_refresh(world: "World", grant: Grant) -> str:
    token = f"5Aep861{world.word(80, _LETTERS)}"
    world.db.execute(
        "INSERT INTO salesforce_refresh_tokens (token, grant_id, issued_at) VALUES (?, ?, ?)",
        (token, grant.id, world.now()),
    )
    return token


def _renew(world: "World", grant: Grant, refresh_token: str) -> Issued:
    world.db.execute("UPDATE salesforce_grants SET used_at = ? WHERE id = ?", (world.now(), grant.id))
    return Issued(grant, tokens.issue_access(world, grant.id), refresh_token)


def _offline(world: "World", grant: Grant) -> bool:
    return bool(grant.scopes & OFFLINE) and not world.switches["salesforce"]["omit_refresh_token"]


def _check_age(world: "World", app: App, row: sqlite3.Row) -> None:
    now = world.now()
    if app.settings.refresh_at_once:
        raise OAuthError("token_dead")
    for idle in (world.switches["salesforce"]["refresh_idle_lifetime"], app.settings.refresh_idle_lifetime):
        if idle and row["used_at"] + idle <= now:
            raise OAuthError("token_idle")
    if app.settings.refresh_lifetime and row["issued_at"] + app.settings.refresh_lifetime <= now:
        raise OAuthError("token_idle")


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
