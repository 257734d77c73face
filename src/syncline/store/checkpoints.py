"""Checkpoints as they lie in the database, and the tree over the log that they speak of.

The tree's leaves are the hashes of all rows in the order of their positions, which count from 1 without a gap: the row
with the position p is the leaf p - 1. Of the tree above, only every eighth floor is stored (`tree_nodes`).
"""

from collections.abc import Sequence

import msgspec

from syncline.core.audit import GENESIS
from syncline.core.merkle import (
    EMPTY,
    KEPT_HEIGHT,
    KEPT_LEAVES,
    Kept,
    Range,
    Span,
    fold,
    inclusion_spans,
    leaf,
    node,
    perfect,
)
from syncline.core.proof import RowProof
from syncline.errors import ConflictError, NotFoundError
from syncline.store.transaction import Transaction

#: Digits of a position in the text of `join_row_hashes`.
_POSITION = 16


class Signed(msgspec.Struct, frozen=True):
    """A checkpoint: its place among all, what it says, when it was signed (µs), and the signed note."""

    number: int
    size: int
    at: int
    note: str


class BrokenLogError(Exception):
    """The log is not as it was left: a row is missing that was there; the text says which."""


def log_end(tx: Transaction) -> int:
    """Answer how many rows the log has."""
    (end,) = tx.find_log_end()
    return int(end)


def newest(tx: Transaction) -> Signed | None:
    """Answer the checkpoint that was signed last."""
    row = tx.find_newest_checkpoint()
    return None if row is None else Signed(*row)


def signed_at(tx: Transaction, *, size: int) -> Signed | None:
    """Answer the checkpoint over exactly so many rows."""
    row = tx.find_checkpoint_of(size=size)
    return None if row is None else Signed(*row)


def signed_after(tx: Transaction, *, number: int, most: int) -> list[Signed]:
    """List checkpoints behind one of them, the oldest first."""
    return [Signed(*row) for row in tx.list_checkpoints_after(number=number, most=most)]


def signed_before(tx: Transaction, *, number: int, most: int) -> list[Signed]:
    """List checkpoints before one of them, the newest first."""
    return [Signed(*row) for row in tx.list_checkpoints_before(number=number, most=most)]


def keep_signed(tx: Transaction, *, size: int, at: int, note: str, nodes: Sequence[Kept]) -> None:
    """Store a checkpoint and the subtrees that have become whole by then."""
    keep_nodes(tx, nodes=nodes)
    tx.add_checkpoint(size=size, at=at, note=note)


def keep_nodes(tx: Transaction, *, nodes: Sequence[Kept]) -> None:
    """Store subtrees that have become whole."""
    if nodes:
        tx.keep_tree_nodes([{"level": kept.level, "number": kept.number, "hash": kept.hash} for kept in nodes])


def grown(tx: Transaction, *, tree: Range, most: int) -> tuple[Range, list[Kept]]:
    """Answer a tree with the next rows of the log, `most` of them or all there are, and what has become whole.

    Raises `BrokenLogError` when a position is missing.
    """
    hashes = _row_hashes(tx, tree.size, most)
    if not hashes and (end := log_end(tx)) < tree.size:
        raise BrokenLogError(f"the log had {tree.size} rows and has {end}")
    longer = tree.copy()
    return longer, longer.extend(hashes)


def tree_of(tx: Transaction, *, size: int) -> Range:
    """Answer the tree over the first `size` rows from what is stored of it; raises `BrokenLogError`."""
    return Range(size, [_subtree(tx, height, number) for height, number in perfect((0, size))])


def roots(tx: Transaction, *, spans: Sequence[Span]) -> tuple[bytes, ...]:
    """Answer the roots of spans of the tree, as proofs need them; raises `BrokenLogError`."""
    return tuple(fold([_subtree(tx, height, number) for height, number in perfect(span)]) for span in spans)


def root_of(tx: Transaction, *, size: int) -> bytes:
    """Answer the root over the first `size` rows; raises `BrokenLogError`."""
    return tree_of(tx, size=size).root() if size else EMPTY


def changed_block(tx: Transaction, *, first: int, most: int) -> tuple[int, int | None]:
    """Compare stored subtrees of 256 rows with their rows, from the number `first` on.

    Answers how many there were, and the number of the first that is not what its rows lead to.
    """
    stored = tx.list_tree_nodes(level=1, first=first, end=first + most).fetchall()
    for number, hash_ in stored:
        if _level(tx, 0, number * KEPT_LEAVES, KEPT_LEAVES) != hash_:
            return len(stored), number
    return len(stored), None


def prove_row(tx: Transaction, *, integration: str, seq: int) -> RowProof:
    """Answer the proof that a row is in the newest checkpoint.

    Raises `NotFoundError` without such a row, `ConflictError` when no checkpoint holds it yet.
    """
    row = tx.find_row_place(integration=integration, seq=seq)
    before = _hash_before(tx, integration, seq)
    if row is None or before is None:
        raise NotFoundError("audit.unknown_row", f"{integration} has no row {seq}")
    position, content, _ = row
    checkpoint = newest(tx)
    if checkpoint is None or checkpoint.size < position:
        raise ConflictError("checkpoint.not_yet", "the row is younger than the newest checkpoint")
    path = roots(tx, spans=inclusion_spans(position - 1, checkpoint.size))
    return RowProof(
        row=content.decode(),
        previous=before.hex(),
        position=position,
        checkpoint=checkpoint.note,
        path=tuple(hash_.hex() for hash_ in path),
    )


def _hash_before(tx: Transaction, integration: str, seq: int) -> bytes | None:
    """Answer the hash of the row before one in its chain, also when that was let go (store/truncations.py)."""
    if seq == 1:
        return GENESIS
    row = tx.find_row_place(integration=integration, seq=seq - 1)
    if row is not None:
        return bytes(row[2])
    base = next(iter(tx.list_bases(integration=integration)), None)
    return bytes(base[2]) if base is not None and base[1] == seq - 1 else None


def place_got(tx: Transaction, *, place: str) -> int:
    """Answer the number of the last checkpoint that a place outside has got.

    One that was not known yet is noted: it gets the newest that there is, and all that follow.
    """
    row = tx.find_place(place=place)
    if row is not None:
        return int(row[0])
    last = newest(tx)
    number = last.number - 1 if last else 0
    tx.keep_place(place=place, number=number)
    return number


def note_got(tx: Transaction, *, place: str, number: int) -> None:
    """Remember what a place outside has got."""
    tx.keep_place(place=place, number=number)


def _subtree(tx: Transaction, height: int, number: int) -> bytes:
    level, floors = divmod(height, KEPT_HEIGHT)
    return _level(tx, level, number << floors, 1 << floors)


def _level(tx: Transaction, level: int, first: int, count: int) -> bytes:
    """Answer the root above some neighbours of one stored floor; the lowest are the rows themselves."""
    if not level:
        hashes = _row_hashes(tx, first, count)
        if len(hashes) < count:
            raise BrokenLogError(f"the row at position {first + len(hashes) + 1} is missing")
        return _above([leaf(hash_) for hash_ in hashes])
    known = dict(tx.list_tree_nodes(level=level, first=first, end=first + count))
    # What is missing, or was taken away, is computed again from the floor below.
    hashes = [
        known[number] if number in known else _level(tx, level - 1, number * KEPT_LEAVES, KEPT_LEAVES)
        for number in range(first, first + count)
    ]
    return _above(hashes)


def _row_hashes(tx: Transaction, after: int, most: int) -> list[bytes]:
    """Answer the hashes of the rows behind a position, `most` of them or all there are; raises `BrokenLogError`."""
    (text,) = tx.join_row_hashes(after=after, most=most)
    rows = sorted(text.split()) if text else []
    for position, row in enumerate(rows, after + 1):
        if int(row[:_POSITION]) != position:
            raise BrokenLogError(f"the row at position {position} is missing")
    return [bytes.fromhex(row[_POSITION:]) for row in rows]


def _above(hashes: list[bytes]) -> bytes:
    """Answer the root above a power of two of neighbours of the same height."""
    while len(hashes) > 1:
        hashes = [node(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]
