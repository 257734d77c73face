"""Where secrets are sealed and opened: AES-256-GCM, a data key per integration, wrapped by a master key.

Law: a sealed value opens only for the integration, the field and the key it was sealed for (they are its associated
data), so none can be moved to another row. What may be seen of a secret is its fingerprint, which is keyed: without
the data key nobody can try guesses against it.

Both kinds of blob are nonce (12 bytes, random) ‖ ciphertext ‖ tag (16 bytes), NIST SP 800-38D §8.2.2.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from syncline.core.brought import DataKey, SealedSecret
from syncline.errors import ConfigurationError
from syncline.key_ring import KEY_BYTES, KeyRing

_NONCE_BYTES = 12
_FINGERPRINT_LETTERS = 16


@dataclass(frozen=True, slots=True)
class Safe:
    """The secrets of one integration, sealed and opened with its data key."""

    integration: str
    key_id: str
    _key: bytes = field(repr=False)

    def seal(self, name: str, secret: SecretStr) -> SealedSecret:
        """Seal a secret for one field."""
        blob = _encrypt(self._key, secret.get_secret_value().encode(), self._bound_to(name, self.key_id))
        return SealedSecret(name, blob, self.key_id, self.fingerprint(name, secret))

    def open(self, name: str, blob: bytes, key_id: str) -> SecretStr:
        """Open what was sealed for this field; raises `ConfigurationError` for anything else."""
        try:
            return SecretStr(_decrypt(self._key, blob, self._bound_to(name, key_id)).decode())
        except (InvalidTag, ValueError):
            raise ConfigurationError("vault.sealed_elsewhere", f"{name} cannot be opened here") from None

    def fingerprint(self, name: str, secret: SecretStr) -> str:
        """Answer what may be seen of a secret: 16 hexadecimal letters of an HMAC-SHA-256 (RFC 2104)."""
        message = f"{name}\0{secret.get_secret_value()}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()[:_FINGERPRINT_LETTERS]

    def _bound_to(self, name: str, key_id: str) -> bytes:
        return f"{self.integration}|{name}|{key_id}".encode()


class Vault:
    """Makes data keys and opens them: each is wrapped for one owner, an integration or a subject of the log."""

    def __init__(self, ring: KeyRing) -> None:
        """Take the master keys."""
        self.ring = ring

    def use(self, ring: KeyRing) -> None:
        """Wrap by another current key from now on; raises `ConfigurationError` when a key of before is missing."""
        if missing := sorted(self.ring.keys.keys() - ring.keys.keys()):
            raise ConfigurationError("vault.key_missing", f"the new key ring does not hold {', '.join(missing)}")
        self.ring = ring

    def create_safe(self, integration: str) -> tuple[Safe, DataKey]:
        """Make a data key for an integration; answers the safe and the wrapped key to be stored."""
        key = AESGCM.generate_key(bit_length=KEY_BYTES * 8)
        return _safe(integration, key), self.wrap(integration, key)

    def open_safe(self, integration: str, data_key: DataKey) -> Safe:
        """Unwrap an integration's data key; raises `ConfigurationError` when the master key is not the right one."""
        return _safe(integration, self.unwrap(integration, data_key))

    def rewrap(self, owner: str, data_key: DataKey) -> DataKey:
        """Answer the same data key wrapped by the current master key; raises as `open_safe`.

        What is sealed by it, and its fingerprints, stay as they are.
        """
        return self.wrap(owner, self.unwrap(owner, data_key))

    def wrap(self, owner: str, key: bytes) -> DataKey:
        """Wrap a key by the current master key, for one owner."""
        master = self.ring.current
        return DataKey(_encrypt(self.ring.keys[master], key, _wrapped_for(owner, master)), master)

    def unwrap(self, owner: str, data_key: DataKey) -> bytes:
        """Answer a key that was wrapped for this owner; raises as `open_safe`."""
        master = self.ring.keys.get(data_key.key_id)
        if master is None:
            raise ConfigurationError("vault.key_missing", f"the master key {data_key.key_id} is not in the key ring")
        try:
            return _decrypt(master, data_key.blob, _wrapped_for(owner, data_key.key_id))
        except (InvalidTag, ValueError):
            raise ConfigurationError("vault.sealed_elsewhere", "the data key cannot be opened here") from None


def _safe(integration: str, key: bytes) -> Safe:
    return Safe(integration, f"dk_{hashlib.sha256(b'syncline data key id' + key).hexdigest()[:12]}", key)


def _wrapped_for(owner: str, master: str) -> bytes:
    return f"{owner}|data key|{master}".encode()


def _encrypt(key: bytes, message: bytes, associated: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, message, associated)


def _decrypt(key: bytes, blob: bytes, associated: bytes) -> bytes:
    return AESGCM(key).decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], associated)
