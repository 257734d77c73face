"""Where secrets are sealed and opened: AES-256-GCM, a data key per integration, wrapped by a master key.

Law: a sealed value opens only for the integration, the field and the key it was sealed for (they are its associated
data), so none can be moved to another row. What may be seen of a secret is its fingerprint, which is keyed: without
the data key nobody can try guesses against it.

Both kinds of blob are nonce (12 bytes, random) ‖ ciphertext ‖ tag (16 bytes), NIST SP 800-38D §8.2.2.
"""

import base64
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from syncline.core.event import DataKey, SealedSecret
from syncline.errors import ConfigurationError

_KEY_BYTES = 32
_NONCE_BYTES = 12
_FINGERPRINT_LETTERS = 16
KEY_FILE = "master.key"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The master keys by id; new data keys are wrapped by the current one."""

    current: str
    keys: dict[str, bytes] = field(repr=False)


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
    """Makes data keys and opens them, each for one integration."""

    def __init__(self, ring: KeyRing) -> None:
        """Take the master keys."""
        self._ring = ring

    def create_safe(self, integration: str) -> tuple[Safe, DataKey]:
        """Make a data key for an integration; answers the safe and the wrapped key to be stored."""
        key = AESGCM.generate_key(bit_length=_KEY_BYTES * 8)
        master = self._ring.current
        blob = _encrypt(self._ring.keys[master], key, _wrapped_for(integration, master))
        return _safe(integration, key), DataKey(blob, master)

    def open_safe(self, integration: str, data_key: DataKey) -> Safe:
        """Unwrap an integration's data key; raises `ConfigurationError` when the master key is not the right one."""
        master = self._ring.keys.get(data_key.key_id)
        if master is None:
            raise ConfigurationError("vault.key_missing", f"the master key {data_key.key_id} is not in the key ring")
        try:
            key = _decrypt(master, data_key.blob, _wrapped_for(integration, data_key.key_id))
        except (InvalidTag, ValueError):
            raise ConfigurationError("vault.sealed_elsewhere", "the data key cannot be opened here") from None
        return _safe(integration, key)


def open_key_file(folder: Path, *, needed: Collection[str] = ()) -> KeyRing:
    """Read the key ring of a data directory, or make one with mode 0600; raises `ConfigurationError`.

    One line a key: its id, a space, 32 bytes in base64. The last line is the current one. When something was sealed
    already, its keys are `needed`: then no new file is made, and one without them is refused.
    """
    path = folder / KEY_FILE
    if not needed:
        _make_key_file(path)
    ring = _read_key_file(path)
    if missing := sorted(set(needed) - ring.keys.keys()):
        raise ConfigurationError("vault.key_missing", f"{path.name} does not hold {', '.join(missing)}")
    return ring


def _make_key_file(path: Path) -> None:
    """Make a ring of one key, unless there is a file."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    line = f"mk_{secrets.token_hex(4)} {base64.b64encode(AESGCM.generate_key(bit_length=256)).decode()}\n"
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _read_key_file(path: Path) -> KeyRing:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        raise ConfigurationError("vault.key_missing", f"there is no {path.name} beside the database") from None
    if mode & 0o077:
        raise ConfigurationError("vault.key_file_open", f"{path.name} has mode {mode:04o}; run chmod 600 on it")
    keys = {}
    for line in path.read_text(encoding="ascii").splitlines():
        name, _, encoded = line.partition(" ")
        try:
            keys[name] = base64.b64decode(encoded, validate=True)
        except ValueError:
            keys[name] = b""
        if not name or len(keys[name]) != _KEY_BYTES:
            raise ConfigurationError("vault.key_file_broken", f"{path.name} has a line that is no key")
    if not keys:
        raise ConfigurationError("vault.key_file_broken", f"{path.name} is empty")
    return KeyRing(next(reversed(keys)), keys)


def _safe(integration: str, key: bytes) -> Safe:
    return Safe(integration, f"dk_{hashlib.sha256(b'syncline data key id' + key).hexdigest()[:12]}", key)


def _wrapped_for(integration: str, master: str) -> bytes:
    return f"{integration}|data key|{master}".encode()


def _encrypt(key: bytes, message: bytes, associated: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, message, associated)


def _decrypt(key: bytes, blob: bytes, associated: bytes) -> bytes:
    return AESGCM(key).decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], associated)
