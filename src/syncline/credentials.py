"""Sealed secrets, fetched and opened for those who use them: the effects and the doors."""

from functools import partial

from pydantic import SecretStr

from syncline.errors import ConfigurationError, NotFoundError
from syncline.store.hooks import Door, hook_secrets, short_hook_secret
from syncline.store.secrets import SealedRow, data_key, sealed
from syncline.store.transaction import Store, Transaction
from syncline.vault import Safe, Vault

#: The fields that secrets are sealed under.
CONSUMER_KEY = "consumer_key"
CONSUMER_SECRET = "consumer_secret"  # noqa: S105  a name
ACCESS_TOKEN = "access_token"  # noqa: S105
REFRESH_TOKEN = "refresh_token"  # noqa: S105
CODE = "code"
VERIFIER = "verifier"
CLIENT_ID = "client_id"
CLIENT_SECRET = "client_secret"  # noqa: S105
HOOK_SECRET = "hook_secret"  # noqa: S105  the first of them; `store.hooks` knows the names of the others

#: What the sealed secret of a hook has at least: nonce, tag, and 24 bytes in base64, the least that a key should have.
_SHORTEST_HOOK = 12 + 16 + 32

#: What serves one effect only, and is erased when that is over, however it ended.
SPENT_BY = {"exchange_code": (CODE, VERIFIER)}


async def open_safe(store: Store, vault: Vault, integration: str) -> Safe:
    """Open the safe of an integration; raises `NotFoundError` when it has none (unknown, or its secrets are erased)."""
    key = await store.read(partial(data_key, integration=integration))
    return vault.open_safe(integration, key)


async def open_secrets(store: Store, vault: Vault, integration: str, *fields: str) -> dict[str, SecretStr]:
    """Open the named secrets of an integration, those that exist; raises `NotFoundError` as `open_safe`."""

    def read(tx: Transaction) -> tuple[Safe, dict[str, SealedRow]]:
        safe = vault.open_safe(integration, data_key(tx, integration=integration))
        return safe, sealed(tx, integration=integration)

    safe, rows = await store.read(read)
    return {name: safe.open(name, rows[name].blob, rows[name].key_id) for name in fields if name in rows}


async def open_hook(store: Store, vault: Vault, integration: str, door: Door, now: int) -> list[tuple[SecretStr, int]]:
    """Open the secrets of a hook that count now: (secret, when it ends or 0); raises `NotFoundError` without any."""

    def read(tx: Transaction) -> list[tuple[SecretStr, int]]:
        safe = vault.open_safe(integration, data_key(tx, integration=integration))
        found = hook_secrets(tx, integration=integration, now=now)[door]
        return [(safe.open(one.sealed.field, one.sealed.blob, one.sealed.key_id), one.until) for one in found]

    opened = await store.read(read)
    if not opened:
        raise NotFoundError("secret.unknown", "the hook has no secret")
    return opened


async def refuse_empty_hooks(store: Store) -> None:
    """Raise `ConfigurationError` when some hook has a secret with which everybody could sign."""
    found = await store.read(partial(short_hook_secret, shortest=_SHORTEST_HOOK))
    if found is not None:
        raise ConfigurationError("hook.empty_secret", f"{found[1]} of {found[0]}")


async def open_secret(store: Store, vault: Vault, integration: str, field: str) -> SecretStr:
    """Open one secret of an integration; raises `NotFoundError` when it is not there."""
    secrets = await open_secrets(store, vault, integration, field)
    if field not in secrets:
        raise NotFoundError("secret.unknown", f"{field} is not stored")
    return secrets[field]
