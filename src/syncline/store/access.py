"""API keys and browser sessions; only hashes are stored.

Law: there is always an admin key. The store holds that, so that no door can forget to.
"""

from typing import Literal

import msgspec

from syncline.errors import ConflictError, NotFoundError
from syncline.store.transaction import Transaction

#: `guest` is who has redeemed a connect link; no key that is stored has it.
Role = Literal["viewer", "operator", "auditor", "admin", "guest"]


class ApiKey(msgspec.Struct, frozen=True):
    """A key as it may be shown."""

    id: str
    name: str
    role: Role
    created_at: int
    revoked_at: int | None
    #: The ids of the integrations that it is for; none: it is for all, also for those that are made later.
    integrations: tuple[str, ...] = ()

    def sees(self, integration: str) -> bool:
        """Whether it is for an integration."""
        return not self.integrations or integration in self.integrations


def add_key(tx: Transaction, key: ApiKey, hash: bytes) -> None:  # noqa: A002  as the column
    """Store a new key by the SHA-256 of its text; raises `NotFoundError` for an integration that there is not."""
    for integration in key.integrations:
        if tx.find_integration(id=integration) is None:
            raise NotFoundError("integration.unknown", f"there is no integration {integration}")
    integrations = msgspec.json.encode(key.integrations).decode()
    tx.add_api_key(id=key.id, name=key.name, role=key.role, integrations=integrations, hash=hash, now=key.created_at)


def find_key(tx: Transaction, *, id: str, hash: bytes) -> ApiKey | None:  # noqa: A002
    """Answer the key that has this id and hash, unless it is revoked."""
    found = tx.find_api_key(id=id, hash=hash)
    return None if found is None else _key(found)


def keys(tx: Transaction) -> list[ApiKey]:
    """List all keys, revoked ones too."""
    return [_key(found) for found in tx.list_api_keys()]


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
    return None if found is None else _key(found)


def touch_session(tx: Transaction, *, hash: bytes, now: int) -> None:  # noqa: A002
    """Note that a session was used."""
    tx.touch_session(hash=hash, now=now)


def end_session(tx: Transaction, *, hash: bytes) -> None:  # noqa: A002
    """End a session."""
    tx.end_session(hash=hash)


def _key(row: tuple[str, str, Role, int, int | None, str]) -> ApiKey:
    id_, name, role, created_at, revoked_at, integrations = row
    return ApiKey(id_, name, role, created_at, revoked_at, msgspec.json.decode(integrations, type=tuple[str, ...]))
