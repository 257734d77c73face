"""API keys and browser sessions; only hashes are stored.

Law: there is always an admin key. The store holds that, so that no door can forget to.
"""

from typing import Literal

import msgspec

from syncline.core.brought import NewApiKey, NewSession, RevokedApiKey
from syncline.store.transaction import Transaction

#: `guest` is who has redeemed a connect link; no key that is stored has it.
Role = Literal["viewer", "operator", "auditor", "admin", "guest"]

#: Why a key opens nothing: no key has its id, another key has, or it was revoked.
Claim = Literal["unknown", "wrong_secret", "revoked"]

#: What may stand against a revocation or a new session, as the log says it.
UNKNOWN_KEY = "there is no such API key, or it was revoked before"
LAST_ADMIN = "it is the last admin key"


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
    """Store a new key by the SHA-256 of its text."""
    integrations = msgspec.json.encode(key.integrations).decode()
    tx.add_api_key(id=key.id, name=key.name, role=key.role, integrations=integrations, hash=hash, now=key.created_at)


def find_key(tx: Transaction, *, id: str, hash: bytes) -> ApiKey | None:  # noqa: A002
    """Answer the key that has this id and hash, unless it is revoked."""
    found = tx.find_api_key(id=id, hash=hash)
    return None if found is None else _key(found)


def claim_of(tx: Transaction, *, id: str, hash: bytes) -> Claim:  # noqa: A002
    """Answer what is wrong with a key that `find_key` does not find."""
    found = tx.find_claimed_key(id=id, hash=hash)
    if found is None:
        return "unknown"
    own, revoked = found
    return "wrong_secret" if not own else "revoked" if revoked else "unknown"


def keys(tx: Transaction) -> list[ApiKey]:
    """List all keys, revoked ones too."""
    return [_key(found) for found in tx.list_api_keys()]


def objection(tx: Transaction, brought: NewApiKey | RevokedApiKey | NewSession) -> str:
    """Answer what stands against a new key, a revocation or a new session; empty when nothing does."""
    match brought:
        case NewApiKey(integrations=integrations):
            unknown = (one for one in integrations if tx.find_integration(id=one) is None)
            return next((f"there is no integration {one}" for one in unknown), "")
        case NewSession(api_key=id_):
            return "" if id_ in _live(tx) else UNKNOWN_KEY
        case RevokedApiKey(id=id_):
            live = _live(tx)
            if id_ not in live:
                return UNKNOWN_KEY
            return LAST_ADMIN if [key for key, role in live.items() if role == "admin"] == [id_] else ""


def keep(tx: Transaction, brought: NewApiKey | RevokedApiKey | NewSession, at: int) -> None:
    """Do what nothing stands against; the sessions of a key that is revoked end with it."""
    match brought:
        case NewApiKey():
            key = ApiKey(brought.id, brought.name, brought.role, at, None, brought.integrations)
            add_key(tx, key, brought.hash)
        case NewSession():
            tx.forget_sessions(now=at)
            tx.add_session(hash=brought.hash, api_key=brought.api_key, now=at, expires_at=brought.expires_at)
        case RevokedApiKey(id=id_):
            tx.end_sessions_of(api_key=id_)
            tx.revoke_api_key(id=id_, now=at)


def find_session(tx: Transaction, *, hash: bytes, now: int, idle_since: int) -> ApiKey | None:  # noqa: A002
    """Answer the key that a session was opened with, unless it has expired, idled or ended."""
    found = tx.find_session(hash=hash, now=now, idle_since=idle_since)
    return None if found is None else _key(found)


def touch_session(tx: Transaction, *, hash: bytes, now: int) -> None:  # noqa: A002
    """Note that a session was used."""
    tx.touch_session(hash=hash, now=now)


def end_session(tx: Transaction, *, hash: bytes) -> bool:  # noqa: A002
    """End a session; answers whether there was one."""
    return bool(tx.end_session(hash=hash))


def sessions_of(tx: Transaction, *, id: str) -> int:  # noqa: A002
    """Count the sessions that were opened with a key and have not been ended; some may have run out."""
    (count,) = tx.count_sessions_of(api_key=id)
    return int(count)


def _live(tx: Transaction) -> dict[str, Role]:
    return {key.id: key.role for key in keys(tx) if key.revoked_at is None}


def _key(row: tuple[str, str, Role, int, int | None, str]) -> ApiKey:
    id_, name, role, created_at, revoked_at, integrations = row
    return ApiKey(id_, name, role, created_at, revoked_at, msgspec.json.decode(integrations, type=tuple[str, ...]))
