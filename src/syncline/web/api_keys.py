"""API keys as text: `syn_<id>_<secret>_<check>`, so that a mistyped key and a leaked one are told by their looks."""

import base64
import hashlib
import secrets
from dataclasses import dataclass

from syncline.errors import ForbiddenError
from syncline.store.access import ApiKey, Role, add_key
from syncline.store.transaction import Transaction

_SECRET_BYTES = 20
_CHECK_LETTERS = 6
_MOST_LETTERS = 200


@dataclass(frozen=True, slots=True)
class KeyProof:
    """What is looked up for the text of a key: its id and the SHA-256 of the whole."""

    id: str
    hash: bytes


def read_key(text: str) -> KeyProof:
    """Take a key's text apart; raises `ForbiddenError` when it cannot be one, before any look-up."""
    parts = text.strip().split("_") if len(text) <= _MOST_LETTERS and text.isascii() else []
    if len(parts) != 4 or parts[0] != "syn" or parts[3] != _check(*parts[1:3]):  # noqa: PLR2004  the four parts
        raise ForbiddenError("access.unauthenticated", "this is not an API key, or it was not copied whole")
    return KeyProof(parts[1], hashlib.sha256(text.strip().encode()).digest())


def make_key(
    tx: Transaction, *, name: str, role: Role, now: int, integrations: tuple[str, ...] = ()
) -> tuple[ApiKey, str]:
    """Make and store a key; answers it and its text, which exists nowhere else. Raises as `store.access.add_key`."""
    name_of_key = secrets.token_hex(4)
    secret = base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode().lower()
    text = f"syn_{name_of_key}_{secret}_{_check(name_of_key, secret)}"
    key = ApiKey(name_of_key, name, role, now, None, integrations)
    add_key(tx, key, read_key(text).hash)
    return key, text


def _check(id_: str, secret: str) -> str:
    return hashlib.sha256(f"syn_{id_}_{secret}".encode()).hexdigest()[:_CHECK_LETTERS]
