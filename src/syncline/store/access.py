"""API keys and browser sessions; only hashes are stored.

Law: there is always an admin key. The store holds that, so that no door can forget to.
"""

from typing import Literal

import msgspec

from syncline.errors import ConflictError, NotFoundError
from syncline.store.transaction import Transaction

Role = Literal["viewer", "operator", "auditor", "admin"]


class ApiKey(msgspec.Struct, frozen=True):
    """A key as it may be shown."""

    id: str
    name: str
    role: Role
    created_at: int
    revoked_at: int | None


def add_key(tx: Transaction, *, id: str, name: str, role: Role, hash: bytes, now: int) -> None:  # noqa: A002  as the columns
    """Store a new key by the SHA-256 of its text."""
    tx.add_api_key(id=id, name=name, role=role, hash=hash, now=now)


def find_key(tx: Transaction, *, id: str, hash: bytes) -> ApiKey | None:  # noqa: A002
    """Answer the key that has this id and hash, unless it is revoked."""
    found = tx.find_api_key(id=id, hash=hash)
    return None if found is None else ApiKey(*found)


def keys(tx: Transaction) -> list[ApiKey]:
    """List all keys, revoked ones too."""
    return [ApiKey(*found) for found in tx.list_api_keys()]


def revoke_key(tx: Transaction, *, id: str, now: int) -> None:  # noqa: A002
    """Revoke a key and end its sessions; raises `NotFoundError`, and `ConflictError` for the last admin key."""
    live = {key.id: key.role for key in keys(tx) if key.revoked_at is None}
    if id not in live:
        raise NotFoundError("access.unknown_key")
    if [key for key, role in live.items() if role == "admin"] == [id]:
        raise ConflictError("access.last_admin")
    tx.end_sessions_of(api_key=id)
    tx.revoke_api_key(id=id, now=now)


def add_session(tx: Transaction, *, hash: bytes, api_key: str, now: int, expires_at: int) -> None:  # noqa: A002
    """Store a browser session by the SHA-256 of its cookie."""
    tx.forget_sessions(now=now)
    tx.add_session(hash=hash, api_key=api_key, now=now, expires_at=expires_at)


def find_session(tx: Transaction, *, hash: bytes, now: int, idle_since: int) -> ApiKey | None:  # noqa: A002
    """Answer the key that a session was opened with, unless it has expired, idled or ended."""
    found = tx.find_session(hash=hash, now=now, idle_since=idle_since)
    return None if found is None else ApiKey(*found)


def touch_session(tx: Transaction, *, hash: bytes, now: int) -> None:  # noqa: A002
    """Note that a session was used."""
    tx.touch_session(hash=hash, now=now)


def end_session(tx: Transaction, *, hash: bytes) -> None:  # noqa: A002
    """End a session."""
    tx.end_session(hash=hash)
