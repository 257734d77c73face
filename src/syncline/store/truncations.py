"""What was let go of the log by retention, and where the fold of each chain starts again."""

import hashlib

import msgspec

from syncline.core.merkle import KEPT_LEAVES
from syncline.store.checkpoints import newest
from syncline.store.forwarding import standing
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


def bases_at(tx: Transaction, *, through: int) -> list[Base]:
    """Answer where the chains would start again if the rows up to a position went, by integration."""
    found = {base.integration: base for base in bases(tx)}
    for row in tx.list_last_rows(after=let_go(tx), through=through):
        found[row[0]] = Base(*row)
    return [found[name] for name in sorted(found)]


def find_cut(tx: Transaction, *, horizon: int, destinations: tuple[str, ...] = ()) -> int:
    """Answer up to which position rows may go that are older than a moment (µs), 0 when no more of them may.

    `destinations` are the places that rows are forwarded to; one that has got none yet keeps all of them.
    A whole number of the blocks of 256 rows whose roots are kept, so that the tree needs none of those that went.
    """
    checkpoint, gone = newest(tx), let_go(tx)
    sent = [standing(tx, destination=name).acknowledged for name in destinations]
    (told,) = tx.find_least_scanned()  # Whoever subscribes has to be told of a row before it goes.
    known = [] if told is None else [int(told)]
    low, high = gone, min([checkpoint.size if checkpoint else 0, *sent, *known])
    while low < high:  # Moments grow with positions, but for what is of the same fraction of a second.
        middle = (low + high + 1) // 2
        if tx.find_row_at(position=middle)[0] < horizon:
            low = middle
        else:
            high = middle - 1
    cut = low // KEPT_LEAVES * KEPT_LEAVES
    return cut if cut > gone else 0


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
