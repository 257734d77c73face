"""The tree against the recursive definitions of RFC 6962 §2.1, and proofs that hold for what they prove only."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.core.merkle import (
    EMPTY,
    KEPT_LEAVES,
    Range,
    consistency_spans,
    continues,
    fold,
    includes,
    inclusion_spans,
    leaf,
    node,
    perfect,
)

#: The inputs that implementations of Certificate Transparency are tested with, and the roots over the first 1, 2 … 8.
INPUTS = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
INPUTS.append(bytes(range(0x60, 0x70)))
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = st.integers(1, 70)


def row(number: int) -> bytes:
    """The data of a leaf."""
    return sha256(str(number).encode()).digest()


def rows(count: int) -> list[bytes]:
    """The data of the first leaves."""
    return [row(number) for number in range(count)]


def split(count: int) -> int:
    """The largest power of two below a number, found by trying."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def naive_root(data: list[bytes]) -> bytes:
    """MTH of RFC 6962 §2.1, word by word."""
    if not data:
        return sha256(b"").digest()
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    k = split(len(data))
    return sha256(b"\x01" + naive_root(data[:k]) + naive_root(data[k:])).digest()


def naive_path(m: int, data: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 §2.1.1, word by word."""
    if len(data) == 1:
        return []
    k = split(len(data))
    if m < k:
        return [*naive_path(m, data[:k]), naive_root(data[k:])]
    return [*naive_path(m - k, data[k:]), naive_root(data[:k])]


def naive_proof(m: int, data: list[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962 §2.1.2, word by word."""
    if m == len(data):
        return [] if whole else [naive_root(data)]
    k = split(len(data))
    if m <= k:
        return [*naive_proof(m, data[:k], whole=whole), naive_root(data[k:])]
    return [*naive_proof(m - k, data[k:], whole=False), naive_root(data[:k])]


def in_pieces(data: list[bytes], spans: list[tuple[int, int]]) -> list[bytes]:
    """The roots of spans, put together from perfect subtrees as the store does it."""
    return [
        fold([naive_root(data[number << height : (number + 1) << height]) for height, number in perfect(span)])
        for span in spans
    ]


def test_the_roots_are_those_that_others_compute() -> None:
    """The known vectors, and the root of nothing."""
    assert Range().root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" == EMPTY.hex()
    tree = Range()
    for data, root in zip(INPUTS, ROOTS, strict=True):
        tree.extend([data])
        assert tree.root().hex() == root


@given(SIZES, SIZES)
def test_a_range_is_extended_to_the_same_root(first: int, more: int) -> None:
    """In one go or in two, by itself or from a copy that does not touch its model."""
    data = rows(first + more)
    tree = Range()
    tree.extend(data[:first])
    longer = tree.copy()
    longer.extend(data[first:])
    assert tree.root() == naive_root(data[:first])
    assert longer.root() == naive_root(data)
    assert Range(longer.size, longer.nodes).root() == naive_root(data)
    assert longer.nodes == in_pieces(
        data, [(number << h, (number + 1) << h) for h, number in perfect((0, longer.size))]
    )


def test_what_is_worth_keeping_is_told_once_it_is_whole() -> None:
    """Every 256th leaf ends a subtree of the first level, the 65,536th also one of the second."""
    data = rows(KEPT_LEAVES**2 + 3)
    tree, kept = Range(), []
    for start in range(0, len(data), 1000):
        kept += tree.extend(data[start : start + 1000])
    assert [(whole.level, whole.number) for whole in kept] == [*((1, number) for number in range(256)), (2, 0)]
    assert kept[3].hash == naive_root(data[768:1024])
    assert kept[-1].hash == naive_root(data[:65_536])


def test_a_range_needs_the_subtrees_of_its_size() -> None:
    """One too few would give a root of something else."""
    with pytest.raises(ValueError, match="cannot be those of 3 leaves"):
        Range(3, [bytes(32)])


@given(st.data())
def test_every_path_is_the_one_of_the_definition_and_proves_its_leaf_alone(data: st.DataObject) -> None:
    """No other leaf, place, size or root, and no path with a bit changed, a hash more, less or out of place."""
    size = data.draw(SIZES)
    index = data.draw(st.integers(0, size - 1))
    leaves = rows(size)
    root, path = naive_root(leaves), naive_path(index, leaves)
    assert in_pieces(leaves, inclusion_spans(index, size)) == path
    assert includes(root, size, index, leaves[index], path)

    assert not includes(root, size, index, row(size), path)
    assert not includes(naive_root([*leaves[:-1], b"other"]), size, index, leaves[index], path)
    assert not any(includes(root, size, other, leaves[index], path) for other in range(-1, size + 1) if other != index)
    assert not any(includes(root, other, index, leaves[index], path) for other in wrong_sizes(size, index, len(path)))
    assert not any(includes(root, size, index, leaves[index], wrong) for wrong in spoilt(path, data))
    # A node is no leaf, and a leaf no node.
    if path:
        assert not includes(root, size - 1, index >> 1, leaf(leaves[index]) + path[0], path[1:])


def wrong_sizes(size: int, index: int, steps: int) -> list[int]:
    """Sizes at which a path of that many steps would lead elsewhere; the shape may be the same at a few."""
    shape = [start > index for start, _ in inclusion_spans(index, size)]
    sizes = [other for other in range(index + 1, 2 * size + 2) if other != size]
    return [
        other
        for other in sizes
        if len(spans := inclusion_spans(index, other)) != steps or [start > index for start, _ in spans] != shape
    ]


def spoilt(path: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    """Paths that are not quite this one."""
    wrong = [[*path, bytes(32)], [bytes(32), *path]]
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        bit = data.draw(st.integers(0, 255))
        changed = (int.from_bytes(path[at], "big") ^ (1 << bit)).to_bytes(32, "big")
        wrong += [[*path[:at], changed, *path[at + 1 :]], [*path[:at], *path[at + 1 :]]]
        wrong += [other for other in (path[::-1], [*path[:at], path[at], *path[at:]]) if other != path]
    return wrong


@given(st.data())
def test_every_consistency_proof_is_the_one_of_the_definition_and_proves_it_alone(data: st.DataObject) -> None:
    """What was there before is there still: no other beginning or end, and no proof that was touched."""
    new = data.draw(SIZES)
    old = data.draw(st.integers(1, new))
    leaves = rows(new)
    before, after = (old, naive_root(leaves[:old])), (new, naive_root(leaves))
    proof = naive_proof(old, leaves)
    assert in_pieces(leaves, consistency_spans(old, new)) == proof
    assert continues(before, after, proof)

    other = naive_root([*leaves[: old - 1], b"other"])
    assert not continues((old, other), after, proof)
    assert not continues(before, (new, other), proof)
    if old < new:
        assert not continues(after, before, proof)
        assert not continues((old, after[1]), after, proof)
    assert not any(continues(before, after, wrong) for wrong in spoilt(proof, data))


def test_a_log_that_was_written_anew_is_no_continuation() -> None:
    """Nobody finds a proof from the old root: here all that the new log could offer."""
    old, new = rows(21), [*rows(7), b"changed", *rows(60)[8:]]
    proof = naive_proof(21, new)
    assert continues((21, naive_root(new[:21])), (60, naive_root(new)), proof)
    assert not continues((21, naive_root(old)), (60, naive_root(new)), proof)


def test_nothing_is_the_beginning_of_everything() -> None:
    """An empty tree has one root, and a tree continues itself without a proof."""
    assert continues((0, EMPTY), (5, naive_root(rows(5))), [])
    assert not continues((0, row(1)), (5, naive_root(rows(5))), [])
    assert continues((5, naive_root(rows(5))), (5, naive_root(rows(5))), [])
    assert not continues((-1, EMPTY), (5, EMPTY), [])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 2)])
def test_there_is_no_path_to_a_leaf_that_is_not_there(index: int, size: int) -> None:
    """Neither to be made nor to be believed."""
    assert not includes(leaf(b""), size, index, b"", [])
    with pytest.raises(ValueError, match="there is no leaf"):
        inclusion_spans(index, size)


def test_there_is_no_proof_that_a_tree_begins_with_a_larger_one() -> None:
    """The sizes are the wrong way round."""
    with pytest.raises(ValueError, match="does not begin"):
        consistency_spans(3, 2)


def test_leaves_and_nodes_are_hashed_apart() -> None:
    """Else two leaves could be shown as one with their hashes as its data."""
    left, right = leaf(b"a"), leaf(b"b")
    assert leaf(left + right) != node(left, right)
