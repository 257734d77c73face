"""Sealed secrets, data keys and login attempts, as they lie in the database."""

import msgspec

from syncline.core.brought import DataKey, SealedSecret
from syncline.errors import NotFoundError
from syncline.store.transaction import Transaction


class SealedRow(msgspec.Struct, frozen=True):
    """A sealed secret and what may be seen of it."""

    field: str
    blob: bytes
    key_id: str
    fingerprint: str
    seq: int
    at: int


class OpenAttempt(msgspec.Struct, frozen=True):
    """A login attempt that was not consumed yet; it may have expired."""

    state_hash: str
    integration: str
    browser_hash: str
    verifier: SealedSecret
    expires_at: int


class SpentLogin(msgspec.Struct, frozen=True):
    """A login attempt that was consumed."""

    integration: str
    browser_hash: str


def data_key(tx: Transaction, *, integration: str) -> DataKey:
    """Answer the wrapped data key of an integration; raises `NotFoundError` when it has none."""
    row = tx.find_data_key(integration=integration)
    if row is None:
        raise NotFoundError("secret.unknown", "the integration does not exist or its secrets are erased")
    return DataKey(*row)


def has_data_key(tx: Transaction, *, integration: str) -> bool:
    """Whether an integration has a data key."""
    return tx.find_data_key(integration=integration) is not None


def master_keys(tx: Transaction) -> list[str]:
    """List the ids of the master keys without which some data key or key of a subject cannot be unwrapped."""
    return [key_id for (key_id,) in tx.list_master_keys()]


def wrapped_by(tx: Transaction) -> dict[str, int]:
    """Count the data keys by the master key that wraps them."""
    return dict(tx.count_data_keys())


def data_keys_but(tx: Transaction, *, key_id: str, after: str, most: int) -> list[tuple[str, DataKey]]:
    """List the data keys that another master key wraps, by integration, behind one of them."""
    found = tx.list_data_keys_but(key_id=key_id, after=after, most=most)
    return [(integration, DataKey(blob, master)) for integration, blob, master in found]


def old_grants(tx: Transaction, *, before: int, most: int) -> list[str]:
    """List the integrations whose grant can be refreshed and was not since `before`, the oldest first."""
    return [integration for (integration,) in tx.list_old_grants(before=before, most=most)]


def sealed(tx: Transaction, *, integration: str) -> dict[str, SealedRow]:
    """Answer the sealed secrets of an integration by field."""
    rows = (SealedRow(*row) for row in tx.list_secrets(integration=integration))
    return {row.field: row for row in rows}


def login_attempt(tx: Transaction, *, state_hash: str) -> OpenAttempt | None:
    """Answer the attempt that a `state` belongs to, unless there is none or it was consumed."""
    row = tx.find_login_attempt(state_hash=state_hash)
    if row is None:
        return None
    found, integration, browser_hash, verifier, key_id, fingerprint, expires_at = row
    return OpenAttempt(
        found, integration, browser_hash, SealedSecret("verifier", verifier, key_id, fingerprint), expires_at
    )


def spent_login(tx: Transaction, *, state_hash: str) -> SpentLogin | None:
    """Answer the attempt that a `state` belonged to and that was consumed, unless there is none."""
    row = tx.find_spent_login(state_hash=state_hash)
    return None if row is None else SpentLogin(*row)
