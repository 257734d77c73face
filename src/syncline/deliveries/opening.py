"""The address and the secrets of a subscription, opened for use.

Law: nothing is opened before the log says what for and which (`secret.lent`). A lane opens them once and keeps them, as
long as the subscription is not changed.
"""

import msgspec
from pydantic import SecretStr

from syncline.core.brought import LentSecret
from syncline.core.event import SERVICE, Actor
from syncline.core.subscription import KeptSubscription, address_field
from syncline.deliveries.caller import key_of
from syncline.errors import NotFoundError
from syncline.service_log import ServiceLog
from syncline.store.secrets import SealedRow, data_key, sealed
from syncline.store.transaction import Store, Transaction
from syncline.vault import Safe, Vault

_ACTOR = Actor("service", "deliveries")


class Opened(msgspec.Struct, frozen=True):
    """What a call needs; neither is in a repr."""

    address: SecretStr
    #: By field: when each of them ends is said by the subscription.
    secrets: dict[str, SecretStr]

    def keys(self, of: KeptSubscription, now: int) -> list[bytes]:
        """Answer the keys that sign at a moment, the newest first."""
        return [key_of(self.secrets[key.field]) for key in of.keys if not key.until or key.until > now]


async def open_subscription(
    store: Store, vault: Vault, log: ServiceLog, of: KeptSubscription, *, to: str, request: str = ""
) -> Opened:
    """Open what a subscription has sealed; raises `NotFoundError` when it was erased meanwhile."""
    names = (address_field(of.id), *(key.field for key in of.keys))

    def read(tx: Transaction) -> tuple[Safe, dict[str, SealedRow]]:
        return vault.open_safe(SERVICE, data_key(tx, integration=SERVICE)), sealed(tx, integration=SERVICE)

    safe, rows = await store.read(read)
    if not all(name in rows for name in names):
        raise NotFoundError("subscription.unknown")
    lent = tuple(LentSecret(name, rows[name].fingerprint) for name in names)
    await log.note("secret.lent", {"to": to, "subscription": of.id}, *lent, actor=_ACTOR, request=request)
    address, *secrets = [safe.open(name, rows[name].blob, rows[name].key_id) for name in names]
    return Opened(address, dict(zip(names[1:], secrets, strict=True)))
