"""The tree over all rows of the log: one root for any number of rows, and short proofs about it (RFC 6962 §2.1).

Law: a leaf is hashed behind a 0x00 byte and a node behind a 0x01 byte, so that nobody can pass one off as the other.
A span is the leaves from `start` up to and without `end`, in the order of the log; the first leaf is leaf 0. A perfect
subtree of 2^height leaves is named by its height and its number from the left.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Self

import msgspec

Span = tuple[int, int]

#: The root of a tree without leaves.
EMPTY = sha256().digest()
HASH_BYTES = 32
#: Subtrees of 256, 256² … leaves are worth keeping: with them no proof has to read more than a few hundred hashes.
KEPT_HEIGHT = 8
KEPT_LEAVES = 1 << KEPT_HEIGHT


class Kept(msgspec.Struct, frozen=True):
    """The root of a perfect subtree of 256^level leaves."""

    level: int  #: 1 or more
    number: int  #: from the left, the first is 0
    hash: bytes


def leaf(data: bytes) -> bytes:
    """Answer the hash of a leaf, 32 bytes (RFC 6962 §2.1)."""
    return sha256(b"\0" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Answer the hash of the node above two others, 32 bytes (RFC 6962 §2.1)."""
    return sha256(b"\1" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Answer the root above perfect subtrees that stand side by side, none smaller than the one right of it."""
    if not hashes:
        return EMPTY
    *rest, root = hashes
    for left in reversed(rest):
        root = node(left, root)
    return root


class Range:
    """The first `size` leaves as the roots of their perfect subtrees, the largest first: as many as `size` has ones.

    That is all that is needed to know the root, now and after any number of further leaves.
    """

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        """Begin without leaves, or where another range was; raises `ValueError` when the nodes are not its own."""
        self.size = size
        self.nodes = list(nodes)
        if len(self.nodes) != size.bit_count():
            raise ValueError(f"{len(self.nodes)} subtrees cannot be those of {size} leaves")

    def copy(self) -> Self:
        """Answer the same range, to be extended by itself."""
        return type(self)(self.size, self.nodes)

    def extend(self, leaves: Iterable[bytes]) -> list[Kept]:
        """Add leaves at the right by their data; answers the subtrees worth keeping that have become whole.

        Level by level, each in one go: the Python around the hashes costs as much as they do.
        """
        level = [sha256(b"\0" + data).digest() for data in leaves]
        first, height, single, whole = self.size, 0, [], []
        self.size += len(level)
        while level:
            if first & 1:
                level.insert(0, self.nodes.pop())
            if len(level) & 1:
                single.append(level.pop())
            pairs = iter(level)
            level = [sha256(b"\1" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
            first, height = first >> 1, height + 1
            if not height % KEPT_HEIGHT:
                whole += [Kept(height // KEPT_HEIGHT, number, hash_) for number, hash_ in enumerate(level, first)]
        self.nodes += reversed(single)
        return whole

    def root(self) -> bytes:
        """Answer the root over all leaves so far."""
        return fold(self.nodes)


def perfect(span: Span) -> list[tuple[int, int]]:
    """Answer the perfect subtrees (height, number) that make up a span of the tree, from the left."""
    start, end = span
    found = []
    while start < end:
        height = (end - start).bit_length() - 1
        found.append((height, start >> height))
        start += 1 << height
    return found


def inclusion_spans(index: int, size: int) -> list[Span]:
    """Answer the spans whose roots prove that a leaf is among the first `size`, the leaf's sibling first.

    RFC 6962 §2.1.1. Raises `ValueError` when there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} among {size}")
    spans, start, end = [], 0, size
    while end - start > 1:
        middle = start + _half(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """Answer the spans whose roots prove that the first `old` leaves are the beginning of the first `new`.

    RFC 6962 §2.1.2; nothing needs to be proved of an empty tree. Raises `ValueError` when `old` is the larger.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves does not begin with {old}")
    spans: list[Span] = []
    start, end = 0, new
    while 0 < old < end:
        middle = start + _half(end - start)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    if start:
        spans.append((start, end))  # The old tree's right edge; without a left neighbour it is the old root itself.
    return spans[::-1]


def includes(root: bytes, size: int, index: int, data: bytes, path: Sequence[bytes]) -> bool:
    """Whether a path proves that the leaf with this data is leaf `index` of the tree with this root and size."""
    if not 0 <= index < size:
        return False
    spans = inclusion_spans(index, size)
    if len(path) != len(spans):
        return False
    hash_ = leaf(data)
    for (start, _), beside in zip(spans, path, strict=True):
        hash_ = node(hash_, beside) if start > index else node(beside, hash_)
    return hash_ == root


def continues(old: tuple[int, bytes], new: tuple[int, bytes], path: Sequence[bytes]) -> bool:
    """Whether a path proves that the tree `new` (size, root) begins with the whole tree `old`."""
    (old_size, old_root), (new_size, new_root) = old, new
    if not 0 <= old_size <= new_size:
        return False
    spans = consistency_spans(old_size, new_size)
    if len(path) != len(spans):
        return False
    if not old_size:
        return old_root == EMPTY
    if spans and spans[0][1] == old_size and spans[0][0]:
        (_, *spans), (edge, *path) = spans, path
        was = now = edge
    else:
        was = now = old_root
    for (start, _), beside in zip(spans, path, strict=True):
        if start >= old_size:
            now = node(now, beside)
        else:
            was, now = node(beside, was), node(beside, now)
    return was == old_root and now == new_root


def _half(count: int) -> int:
    """Answer the largest power of two below a number of leaves."""
    return 1 << ((count - 1).bit_length() - 1)
