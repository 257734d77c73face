"""Logins on their way out and back: the state, the verifier, and the cookie that binds them to a browser and a person.

Law: only who started a login, in the browser that started it, while they may still do so, can bring it back; and only
while the credentials and the login host are those that it was started with.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass

from aiohttp import web
from pydantic import SecretStr

from syncline.core.brought import LoginAttempt
from syncline.errors import ForbiddenError
from syncline.store.access import keys
from syncline.vault import Safe
from syncline.web import guests
from syncline.web.access import Who
from syncline.web.site import Site

_COOKIE_PREFIX = "__Host-syncline-login-"
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Login:
    """A login that is about to be sent out."""

    state: str
    challenge: str
    attempt: LoginAttempt
    cookie: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Start:
    """How a login was started, as its cookie says."""

    key: str
    session: str
    #: The event that had saved the credentials and the login host.
    saved_by: str


def start(site: Site, safe: Safe, who: Who, saved_by: int) -> Login:
    """Make a login: state, PKCE verifier and challenge (RFC 7636 §4.2, S256), and the browser's cookie."""
    state = secrets.token_urlsafe(_SECRET_BYTES)
    verifier = secrets.token_urlsafe(_SECRET_BYTES)
    # The starter's key, the session and the credentials are in the cookie and so under its hash: they cannot be
    # exchanged.
    value = f"{secrets.token_urlsafe(_SECRET_BYTES)}.{who.key.id}.{who.session.hex()}.{saved_by}"
    attempt = LoginAttempt(
        state_hash=hash_of(state),
        browser_hash=hash_of(value),
        verifier=safe.seal("verifier", SecretStr(verifier)),
        expires_at=site.now() + site.settings.login_lifetime * 1_000_000,
    )
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return Login(state, challenge, attempt, (cookie_name(attempt.state_hash), value))


def hash_of(text: str) -> str:
    """Answer the SHA-256 of a state or a cookie, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def cookie_name(state_hash: str) -> str:
    """Answer the name of a login's cookie; each has its own, so that one browser may have several open."""
    return _COOKIE_PREFIX + state_hash[:16]


def give(site: Site, response: web.StreamResponse, cookie: tuple[str, str]) -> None:
    """Set a login's cookie. `Lax`, since the browser comes back from another site."""
    name, value = cookie
    age = site.settings.login_lifetime
    response.set_cookie(name, value, path="/", secure=True, httponly=True, samesite="Lax", max_age=age)


def take(response: web.StreamResponse, state_hash: str) -> None:
    """Remove a login's cookie."""
    name = cookie_name(state_hash)
    response.set_cookie(name, "", path="/", secure=True, httponly=True, samesite="Lax", max_age=0)


def read(cookie: str) -> Start:
    """Answer how a login was started; the cookie's hash has been compared."""
    _, key, session, saved_by = cookie.split(".")
    return Start(key, session, saved_by)


async def check_starter(site: Site, begun: Start) -> None:
    """Raise `ForbiddenError` when whoever started a login may not go on with it."""
    if begun.key.startswith(guests.LINK):
        guest = await guests.find(site.store, bytes.fromhex(begun.session), site.now())
        if guest is None or guest.id != begun.key:
            raise ForbiddenError("login.starter_left", "the connect link that started the login is over")
        return
    key = next((key for key in await site.store.read(keys) if key.id == begun.key), None)
    if key is None or key.revoked_at is not None or not Who(key, "session").may("command"):
        raise ForbiddenError("login.starter_left", "the API key that started the login may no longer do it")
    if begun.session and await site.sessions.find(site.store, bytes.fromhex(begun.session), site.now()) is None:
        raise ForbiddenError("login.starter_left", "the session that started the login has ended")
