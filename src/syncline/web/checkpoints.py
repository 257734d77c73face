"""Checkpoints, the keys that sign them, and proofs, as the API shows them."""

from functools import partial

from pydantic import Field

from syncline.checkpoints.keys import known_keys
from syncline.core.key_trail import KnownKey
from syncline.core.merkle import consistency_spans
from syncline.core.note import VerifierKey
from syncline.core.proof import Consistency, RowProof
from syncline.errors import NotFoundError
from syncline.store.checkpoints import (
    BrokenLogError,
    Signed,
    log_end,
    prove_row,
    root_of,
    roots,
    signed_at,
    signed_before,
)
from syncline.store.transaction import Transaction
from syncline.web.access import Who
from syncline.web.models import Model
from syncline.web.site import Site

_LARGEST = 2**62
_DIGITS = 19  #: fewer fit into 63 bits


class CheckpointsAsked(Model):
    """Which page of the checkpoints is wanted."""

    before: int = Field(_LARGEST, ge=1, le=_LARGEST)
    limit: int = Field(50, ge=1, le=1000)


class CheckpointView(Model):
    """A checkpoint: how long the log was at a moment (µs), and the signed note that says so."""

    number: int
    size: int
    at: int
    note: str

    @classmethod
    def of(cls, signed: Signed) -> "CheckpointView":
        """As it lies in the database."""
        return cls(number=signed.number, size=signed.size, at=signed.at, note=signed.note)


class CheckpointList(Model):
    """A page of checkpoints, the newest first; `next` is the `before` of the page that follows."""

    items: tuple[CheckpointView, ...]
    next: int | None
    #: Rows that no checkpoint covers yet.
    waiting: int
    #: Why nothing is signed any more; empty when nothing is wrong.
    contradiction: str


class KeyOfCheckpoints(Model):
    """A public key as a verifier key (c2sp.org/signed-note), its id, and since when it signs (µs)."""

    key: str
    id: str
    since: int

    @classmethod
    def of(cls, known: KnownKey) -> "KeyOfCheckpoints":
        """As the service keeps it."""
        return cls(key=known.key, id=VerifierKey.read(known.key).id.hex(), since=known.at)


class KeysOfCheckpoints(Model):
    """All keys that checkpoints were signed with, the present one last."""

    items: tuple[KeyOfCheckpoints, ...]


class KeyRotation(Model):
    """A change to a new key for checkpoints."""

    #: Sign again although the log contradicts an earlier checkpoint: it was restored from an older copy.
    after_restore: bool = False


class ProofOfRow(Model):
    """What shows that one row is in the log that a checkpoint speaks of; `syncline audit check-proof` checks it."""

    row: str
    previous: str
    position: int
    checkpoint: str
    path: tuple[str, ...]

    @classmethod
    def of(cls, proof: RowProof) -> "ProofOfRow":
        """As the store puts it together."""
        return cls(
            row=proof.row,
            previous=proof.previous,
            position=proof.position,
            checkpoint=proof.checkpoint,
            path=proof.path,
        )


class ConsistencyAsked(Model):
    """The two sizes between which the log was only added to."""

    old: int = Field(ge=0, le=_LARGEST)
    new: int = Field(ge=0, le=_LARGEST)


class ProofOfConsistency(Model):
    """What shows that the newer log begins with the older one (RFC 6962 §2.1.2); hashes are hexadecimal."""

    old_size: int
    old_root: str
    new_size: int
    new_root: str
    path: tuple[str, ...]
    #: The checkpoints over exactly so many rows, where there are such; empty otherwise.
    old_checkpoint: str
    new_checkpoint: str


async def listing(site: Site, asked: CheckpointsAsked) -> CheckpointList:
    """List checkpoints, the newest first."""
    found = await site.store.read(partial(signed_before, number=asked.before, most=asked.limit + 1))
    shown = found[: asked.limit]
    standing = site.checkpoints.standing
    return CheckpointList(
        items=tuple(map(CheckpointView.of, shown)),
        next=shown[-1].number if len(found) > len(shown) else None,
        waiting=standing.waiting,
        contradiction=standing.contradiction,
    )


async def keys(site: Site) -> KeysOfCheckpoints:
    """List the public keys."""
    return KeysOfCheckpoints(items=tuple(map(KeyOfCheckpoints.of, await known_keys(site.store))))


async def proof(site: Site, who: Who, integration: str, seq: str, *, request: str) -> ProofOfRow:
    """Prove a row, which takes it away, so that the log says who did.

    Raises `NotFoundError` without such a row, `ConflictError` before a checkpoint holds it.
    """
    if not (seq.isascii() and seq.isdecimal() and len(seq) < _DIGITS):
        raise NotFoundError("audit.unknown_row", f"{integration} has no row {seq[:_DIGITS]}")
    try:
        proved = await site.store.read(partial(prove_row, integration=integration, seq=int(seq)))
    except BrokenLogError as error:
        raise NotFoundError("checkpoint.unknown", str(error)) from None
    told = {"format": "proof", "filter": {"integration": integration}, "rows": 1, "through": proved.position}
    await site.service_log.note("log.exported", told | {"complete": True}, actor=who.actor, request=request)
    return ProofOfRow.of(proved)


async def consistency(site: Site, asked: ConsistencyAsked) -> ProofOfConsistency:
    """Prove that the log was only added to between two sizes; raises `NotFoundError` for sizes it never had."""

    def find(tx: Transaction) -> tuple[Consistency, Signed | None, Signed | None]:
        end = log_end(tx)
        if not asked.old <= asked.new <= end:
            text = f"the log has {end} rows, asked was for {asked.old} and {asked.new}"
            raise NotFoundError("checkpoint.unknown", text)
        path = roots(tx, spans=consistency_spans(asked.old, asked.new))
        old, new = (root_of(tx, size=size).hex() for size in (asked.old, asked.new))
        proof = Consistency(asked.old, old, asked.new, new, tuple(hash_.hex() for hash_ in path))
        return proof, signed_at(tx, size=asked.old), signed_at(tx, size=asked.new)

    try:
        proof, before, after = await site.store.read(find)
    except BrokenLogError as error:
        raise NotFoundError("checkpoint.unknown", str(error)) from None
    return ProofOfConsistency(
        old_size=proof.old_size,
        old_root=proof.old_root,
        new_size=proof.new_size,
        new_root=proof.new_root,
        path=proof.path,
        old_checkpoint=before.note if before else "",
        new_checkpoint=after.note if after else "",
    )
