"""Texts that are shown once, `<kind>_<id>_<secret>_<check>`: a mistyped and a leaked one are told by their looks."""

import base64
import hashlib
import secrets
from dataclasses import dataclass

_ID_BYTES = 4
_SECRET_BYTES = 20
_CHECK_LETTERS = 6
_MOST_LETTERS = 200
_PARTS = 4


@dataclass(frozen=True, slots=True)
class Proof:
    """What is looked up for such a text: its id and the SHA-256 of the whole."""

    id: str
    hash: bytes


def make(kind: str) -> tuple[Proof, str]:
    """Make a text with 160 random bits; answers what is stored of it, and the text."""
    id_ = secrets.token_hex(_ID_BYTES)
    secret = base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode().lower()
    text = f"{kind}_{id_}_{secret}_{_check(kind, id_, secret)}"
    return Proof(id_, _hash(text)), text


def read(kind: str, text: str) -> Proof | None:
    """Take a text apart; answers None when it cannot be one, before any look-up."""
    text = text.strip()
    parts = text.split("_") if len(text) <= _MOST_LETTERS and text.isascii() else []
    if len(parts) != _PARTS or parts[0] != kind or parts[3] != _check(*parts[:3]):
        return None
    return Proof(parts[1], _hash(text))


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _check(*parts: str) -> str:
    return hashlib.sha256("_".join(parts).encode()).hexdigest()[:_CHECK_LETTERS]
