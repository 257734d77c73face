"""The key that checkpoints are signed with: made at the first start, sealed like every secret, changed when asked.

Law: the row that names a key is written before anything is signed with it (core/key_trail.py).
"""

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec
import structlog
from pydantic import SecretStr

from syncline.core.brought import Brought, Document
from syncline.core.event import SERVICE, Actor
from syncline.core.key_trail import FIELD, KEYS, MADE, ROTATED, KnownKey, KnownKeys, endorse
from syncline.core.note import Signer
from syncline.credentials import open_safe, open_secret
from syncline.errors import UnavailableError
from syncline.service_log import ServiceLog
from syncline.store.integrations import documents
from syncline.store.transaction import Store
from syncline.vault import Vault

_SEED_BYTES = 32
_ACTOR = Actor("service", "checkpoints")
_tell = structlog.get_logger()


class SigningKeys:
    """Makes the key, finds it again, and changes to a new one."""

    def __init__(self, store: Store, vault: Vault, log: ServiceLog, now: Callable[[], int], origin: str = "") -> None:
        """Take where keys are kept; `origin` names the log when its first key is made, without it by chance."""
        self._store, self._vault, self._log, self._now, self._origin = store, vault, log, now, origin

    async def known(self) -> tuple[KnownKey, ...]:
        """List the public keys, the present one last."""
        return await known_keys(self._store)

    async def open(self) -> Signer:
        """Answer what signs, made now if there was none; the service has to have its safe by then."""
        known = await self.known()
        if not known:
            signer = Signer(self._origin or f"syncline/{secrets.token_hex(8)}", seed := os.urandom(_SEED_BYTES))
            brings = await self._brought(seed, signer, known)
            outcome = await self._log.note(
                MADE, {"key": str(signer.verifier)}, *brings, actor=_ACTOR, name="checkpoint_key:first"
            )
            if not outcome.accepted:
                raise UnavailableError("store.unavailable", f"no key for checkpoints: {outcome.reason}")
            return signer
        seed_text = await open_secret(self._store, self._vault, SERVICE, FIELD)
        name, _, _ = known[-1].key.partition("+")
        if self._origin not in {"", name}:
            _tell.warning("checkpoint_origin_stays", origin=name, asked_for=self._origin)
        return Signer(name, base64.b64decode(seed_text.get_secret_value()))

    async def rotate(self, old: Signer, data: Mapping[str, Any], actor: Actor, request: str) -> Signer:
        """Change to a new key, which the old one endorses; `data` is what else the row is to say."""
        new = Signer(old.verifier.name, seed := os.urandom(_SEED_BYTES))
        told = {"key": str(new.verifier), "replaces": str(old.verifier), "endorsement": endorse(old, new.verifier)}
        brings = await self._brought(seed, new, await self.known())
        outcome = await self._log.note(ROTATED, {**told, **data}, *brings, actor=actor, request=request)
        if not outcome.accepted:
            raise UnavailableError("store.unavailable", f"the key for checkpoints stays: {outcome.reason}")
        return new

    async def _brought(self, seed: bytes, signer: Signer, before: tuple[KnownKey, ...]) -> tuple[Brought, ...]:
        safe = await open_safe(self._store, self._vault, SERVICE)
        secret = SecretStr(base64.b64encode(seed).decode())
        keys = KnownKeys((*before, KnownKey(str(signer.verifier), self._now())))
        return safe.seal(FIELD, secret), Document(KEYS, keys)


async def known_keys(store: Store) -> tuple[KnownKey, ...]:
    """List the public keys that checkpoints were signed with, the present one last."""
    found = (await store.read(partial(documents, integration=SERVICE))).get(KEYS)
    return msgspec.convert(found, KnownKeys).keys if found else ()
