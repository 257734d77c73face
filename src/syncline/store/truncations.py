"""What was let go of the log by retention, and where the fold of each chain starts again."""

import hashlib

import msgspec

from syncline.store.transaction import Transaction


class Truncation(msgspec.Struct, frozen=True):
    """A signed record that the rows up to a position were let go, at a moment (µs)."""

    through: int
    at: int
    note: str


class Base(msgspec.Struct, frozen=True, array_like=True):
    """The last row that was let go of a chain, and what it led to; the memory in canonical JSON."""

    integration: str
    seq: int
    hash: bytes
    state: str
    state_seq: int
    context: str


def truncations(tx: Transaction) -> list[Truncation]:
    """List the records, the oldest first."""
    return [Truncation(*row) for row in tx.list_truncations()]


def let_go(tx: Transaction) -> int:
    """Answer the last position that was let go, 0 when there is none."""
    found = tx.find_last_truncation()
    return 0 if found is None else int(found[0])


def bases(tx: Transaction, *, integration: str = "") -> list[Base]:
    """List where the chains start again, by integration."""
    return [Base(*row) for row in tx.list_bases(integration=integration)]


def digest_of(found: list[Base]) -> str:
    """Answer the SHA-256 over bases, in hexadecimal: a line of JSON each, in the order of their integrations."""
    lines = b"".join(
        msgspec.json.encode((base.integration, base.seq, base.hash.hex(), base.state, base.state_seq, base.context))
        + b"\n"
        for base in found
    )
    return hashlib.sha256(lines).hexdigest()


def drop_rows(tx: Transaction, *, most: int) -> int:
    """Remove some of the rows that were let go; answers how many there were."""
    return int(tx.drop_rows(through=let_go(tx), most=most))
