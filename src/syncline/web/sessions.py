"""Browser sessions: opened with an API key, ended by signing out, by resting or by age. Only hashes are stored."""

import hashlib
import secrets
from functools import partial

from aiohttp import web

from syncline.core.brought import NewSession
from syncline.store import access
from syncline.store.access import ApiKey
from syncline.store.transaction import Store

#: `__Host-` binds the cookie to this host, to `/` and to secure origins (RFC 6265bis §4.1.3.2).
COOKIE = "__Host-syncline"
_REST = 2 * 3600 * 1_000_000
_AGE = 12 * 3600 * 1_000_000
_TOUCH = 60 * 1_000_000
_MOST_TOUCHED = 10_000


class Sessions:
    """Finds sessions; a use is noted at most once a minute, so that reading pages does not write."""

    def __init__(self) -> None:
        """Start with no session seen."""
        self._touched: dict[bytes, int] = {}

    async def find(self, store: Store, hash_: bytes, now: int) -> ApiKey | None:
        """Answer the key a session was opened with, by the hash of its cookie; None when it has ended."""
        key = await store.read(partial(access.find_session, hash=hash_, now=now, idle_since=now - _REST))
        if key is not None and now - self._touched.get(hash_, 0) > _TOUCH:
            if len(self._touched) >= _MOST_TOUCHED:
                self._touched.clear()
            self._touched[hash_] = now
            await store.write(partial(access.touch_session, hash=hash_, now=now))
        return key

    def forget(self, hash_: bytes) -> None:
        """Drop what is at hand of a session that has ended."""
        self._touched.pop(hash_, None)


def new_session(key: str, now: int) -> tuple[NewSession, str]:
    """Make a session for a key; answers what an event brings of it, and the cookie's value."""
    value = secrets.token_urlsafe(32)
    return NewSession(hash_of(value), key, now + _AGE), value


def hash_of(value: str) -> bytes:
    """Answer the SHA-256 of a cookie's value."""
    return hashlib.sha256(value.encode()).digest()


def give(response: web.StreamResponse, value: str) -> None:
    """Set the session's cookie."""
    response.set_cookie(COOKIE, value, path="/", secure=True, httponly=True, samesite="Lax")


def take(response: web.StreamResponse) -> None:
    """Remove the session's cookie."""
    response.set_cookie(COOKIE, "", path="/", secure=True, httponly=True, samesite="Lax", max_age=0)
