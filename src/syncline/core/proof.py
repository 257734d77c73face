"""Proofs that can be checked far away, with nothing at hand but a file and a public key.

Law: a proof is believed for what follows from a signature and from hashes, never for what it says of itself.
"""

from collections.abc import Sequence

import msgspec

from syncline.core.audit import UNREADABLE, chain
from syncline.core.merkle import HASH_BYTES, continues, includes
from syncline.core.note import Checkpoint, NoteError, VerifierKey, open_checkpoint


class ProofError(ValueError):
    """A proof does not show what it should; the text says why, and may be shown."""


class RowProof(msgspec.Struct, frozen=True):
    """What shows that one row is in the log that a checkpoint speaks of."""

    row: str  #: the canonical text of the row
    previous: str  #: the hash of the row before it in its chain, in hexadecimal
    position: int  #: where it stands among all rows, from 1
    checkpoint: str  #: the signed note
    path: tuple[str, ...] = ()  #: hashes beside the way up, the lowest first, in hexadecimal


class Consistency(msgspec.Struct, frozen=True):
    """What shows that a log was only ever added to: the older tree is the beginning of the newer one."""

    old_size: int
    old_root: str  #: in hexadecimal, as all hashes here
    new_size: int
    new_root: str
    path: tuple[str, ...] = ()


class Noted(msgspec.Struct, frozen=True):
    """A checkpoint as a place outside has it: when it was signed (µs), and the signed note. One line of JSON each."""

    at: int
    checkpoint: str


_NOTED = msgspec.json.Decoder(Noted)
_ROW_PROOF = msgspec.json.Decoder(RowProof)


def write_noted(noted: Noted) -> bytes:
    """Answer the line for a place outside."""
    return msgspec.json.encode(noted) + b"\n"


def read_noted(line: bytes) -> Noted | None:
    """Read such a line; None for anything else, such as one that was cut off."""
    try:
        return _NOTED.decode(line)
    except UNREADABLE:
        return None


def read_row_proof(text: bytes) -> RowProof:
    """Read the proof file of a row; raises `ProofError`."""
    try:
        return _ROW_PROOF.decode(text)
    except UNREADABLE as error:
        raise ProofError(f"this is no proof of a row: {error}") from None


def check_row(proof: RowProof, keys: Sequence[VerifierKey]) -> Checkpoint:
    """Answer the checkpoint that one of the keys has signed and that the row is in; raises `ProofError`."""
    try:
        checkpoint, _ = open_checkpoint(proof.checkpoint, keys)
    except NoteError as error:
        raise ProofError(f"the checkpoint: {error}") from None
    hash_ = chain(_hash(proof.previous), proof.row.encode())
    path = [_hash(text) for text in proof.path]
    if not includes(checkpoint.root, checkpoint.size, proof.position - 1, hash_, path):
        raise ProofError(f"the row is not at position {proof.position} of the log that the checkpoint was signed for")
    return checkpoint


def check_consistency(proof: Consistency) -> None:
    """Check that the newer tree begins with the older one; raises `ProofError`."""
    old, new = (proof.old_size, _hash(proof.old_root)), (proof.new_size, _hash(proof.new_root))
    if not continues(old, new, [_hash(text) for text in proof.path]):
        raise ProofError(f"the log of {proof.new_size} rows does not begin with the one of {proof.old_size}")


def _hash(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != HASH_BYTES:
        raise ProofError("a hash is 64 hexadecimal letters")
    return raw
