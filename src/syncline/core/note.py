"""Signed notes and checkpoints, as other transparency logs write them, so that their tools can read ours.

Sources: C2SP signed-note (c2sp.org/signed-note) and tlog-checkpoint (c2sp.org/tlog-checkpoint). A note is a text that
ends with a line feed, an empty line, and one line for each signature: em dash, space, name of the key, space, and in
base64 the id of the key (4 bytes) and an Ed25519 signature (64 bytes, RFC 8032) over the text.

Law: a text is nothing before a signature on it was checked; so whatever reads a note takes the keys that it trusts.
"""

import base64
import binascii
from collections.abc import Iterable
from hashlib import sha256
from typing import Self

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from syncline.core.merkle import HASH_BYTES

_ED25519 = b"\x01"
_KEY_BYTES, _ID_BYTES, _ID_LETTERS = 32, 4, 8
_DASH = "\N{EM DASH} "
_MOST_SIGNATURES, _MOST_LETTERS = 100, 1_000_000
_LARGEST_SIZE = 2**63 - 1


class NoteError(ValueError):
    """A note, a key or a checkpoint is not what it has to be; the text says in what, and may be shown."""


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key under its name; written `<name>+<id, 8 hexadecimal letters>+<base64 of 0x01 and the key>`."""

    name: str
    key: bytes  #: 32 bytes, RFC 8032

    @property
    def id(self) -> bytes:
        """What tells a signature whose it is, 4 bytes: no proof of anything, as others can be made to have the same."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.key).decode()}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a key as it is written; raises `NoteError`."""
        name, _, rest = text.partition("+")
        id_, _, body = rest.partition("+")
        raw = _unpacked(body)
        if not _is_name(name) or len(id_) != _ID_LETTERS or raw[:1] != _ED25519 or len(raw) != 1 + _KEY_BYTES:
            raise NoteError("this is no verifier key of the kind Ed25519")
        key = cls(name, raw[1:])
        if key.id.hex() != id_.lower():
            raise NoteError("the id of the verifier key is not that of its name and key")
        return key

    def approves(self, text: str, signature: bytes) -> bool:
        """Whether the signature on the text is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class Signer:
    """A private key under its name."""

    def __init__(self, name: str, seed: bytes) -> None:
        """Take the 32 bytes that the key is made from (RFC 8032 §5.1.5); raises `NoteError` for a name that is none."""
        if not _is_name(name):
            raise NoteError(f"{name!r} cannot be the name of a key")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = VerifierKey(name, self._key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """Answer the signed note of a text; raises `NoteError` for a text that no note can have."""
        if not text.endswith("\n") or not _is_plain(text) or len(text) > _MOST_LETTERS:
            raise NoteError("this text cannot be signed: it has to end with a line feed and be without control codes")
        signature = base64.b64encode(self.verifier.id + self._key.sign(text.encode())).decode()
        return f"{text}\n{_DASH}{self.verifier.name} {signature}\n"


def open_note(note: str, keys: Iterable[VerifierKey]) -> tuple[str, list[VerifierKey]]:
    """Answer the text of a note and which of the keys have signed it, at least one.

    Signatures of other keys say nothing. Raises `NoteError` when none of the keys has signed, or when a signature that
    goes under one of them is not its own.
    """
    known = {(key.name, key.id): key for key in keys}
    text, signatures = _split(note)
    signed: list[VerifierKey] = []
    for name, id_, signature in signatures:
        key = known.get((name, id_))
        if key is None or key in signed:
            continue
        if not key.approves(text, signature):
            raise NoteError(f"the signature that goes under {name}+{id_.hex()} is not its own")
        signed.append(key)
    if not signed:
        names = ", ".join(f"{name}+{id_.hex()}" for name, id_, _ in signatures)
        raise NoteError(f"no known key has signed it, only {names}")
    return text, signed


class Checkpoint(msgspec.Struct, frozen=True):
    """How long a log was and what its rows led to."""

    origin: str  #: names the log
    size: int  #: rows
    root: bytes  #: over the first `size` rows, 32 bytes (core/merkle.py)

    @property
    def text(self) -> str:
        """What is signed: origin, size and root, a line each."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what was signed; lines behind the third say nothing to us. Raises `NoteError`."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):  # noqa: PLR2004  three lines and what follows the last
            raise NoteError("a checkpoint has at least three lines and no empty one")
        origin, size, root = lines[:3]
        if not (size.isascii() and size.isdecimal()) or str(int(size[:20])) != size or int(size) > _LARGEST_SIZE:
            raise NoteError(f"the size of a checkpoint is a number, this one's is {size[:40]!r}")
        hash_ = _unpacked(root)
        if len(hash_) != HASH_BYTES:
            raise NoteError("the root of a checkpoint is 32 bytes in base64")
        return cls(origin, int(size), hash_)


def open_checkpoint(note: str, keys: Iterable[VerifierKey]) -> tuple[Checkpoint, VerifierKey]:
    """Answer a checkpoint and the key that has signed it; raises `NoteError` as `open_note` and `Checkpoint.read`.

    A key signs for the log that it is named after and for no other.
    """
    text, signed = open_note(note, keys)
    checkpoint = Checkpoint.read(text)
    for key in signed:
        if key.name == checkpoint.origin:
            return checkpoint, key
    raise NoteError(f"the log {checkpoint.origin!r} is not the one that its key is for")


def claimed(note: str) -> Checkpoint:
    """Answer what a note says without asking who has signed it, to find the rows to check; raises `NoteError`."""
    return Checkpoint.read(_split(note)[0])


def _split(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Answer the text of a note and its signatures: name, id of the key, signature."""
    text, found, rest = note.rpartition("\n\n")
    lines = rest.split("\n")
    if len(note) > _MOST_LETTERS or not found or not _is_plain(note):
        raise NoteError("this is no signed note")
    if lines[-1] or not 1 < len(lines) <= _MOST_SIGNATURES:
        raise NoteError("this is no signed note")
    return f"{text}\n", [_signature(line) for line in lines[:-1]]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, body = line.removeprefix(_DASH).partition(" ")
    raw = _unpacked(body)
    if not line.startswith(_DASH) or not _is_name(name) or len(raw) <= _ID_BYTES:
        raise NoteError("a line of the note is no signature")
    return name, raw[:_ID_BYTES], raw[_ID_BYTES:]


def _unpacked(text: str) -> bytes:
    """Decode base64 as RFC 4648 §4 writes it and in no other way; nothing for anything else."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""


def _is_name(text: str) -> bool:
    return bool(text) and "+" not in text and not any(letter.isspace() for letter in text) and _is_plain(text)


def _is_plain(text: str) -> bool:
    """Whether there are no control codes but line feeds, and nothing that UTF-8 has no bytes for."""
    return not any((letter < " " and letter != "\n") or "\ud800" <= letter <= "\udfff" for letter in text)
