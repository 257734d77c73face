"""The tree over the log, put together from what is stored of it, and what places outside have got."""

import sqlite3
from functools import partial

import pytest

from syncline.core.audit import GENESIS, chain
from syncline.core.merkle import Range, consistency_spans, continues
from syncline.core.note import Checkpoint, Signer
from syncline.core.proof import ProofError, check_row
from syncline.engine import Engine
from syncline.errors import ConflictError, NotFoundError
from syncline.store.checkpoints import (
    BrokenLogError,
    Signed,
    changed_block,
    grown,
    keep_signed,
    log_end,
    newest,
    note_got,
    place_got,
    prove_row,
    root_of,
    roots,
    signed_after,
    signed_at,
    signed_before,
    tree_of,
)
from syncline.store.transaction import Store
from tests.store.conftest import OpenStore
from tests.store.events import event, walk
from tests.store.leaves import add_rows, grow, reference, tamper

SIGNER = Signer("syncline/test", bytes(32))


async def sign(store: Store, size: int) -> Signed:
    """Sign for the first rows of the log."""
    point = Checkpoint("syncline/test", size, await store.read(partial(root_of, size=size)))
    note = SIGNER.sign(point.text)
    await store.write(partial(keep_signed, size=size, at=size * 10, note=note, nodes=[]))
    found = await store.read(partial(signed_at, size=size))
    assert found is not None
    return found


async def test_the_tree_grows_with_the_log_and_is_found_again(store: OpenStore) -> None:
    """At every size that matters, from what was stored and from the rows of the last block."""
    tree = Range()
    for count in (1, 254, 1, 1, 255, 256, 33, 700):
        await add_rows(store, count)
        tree = await grow(store, tree, most=100)
        assert tree.size == await store.read(log_end)
        assert tree.root() == reference(tree.size).root()
        assert (await store.read(partial(tree_of, size=tree.size))).nodes == tree.nodes
    for size in (0, 1, 2, 255, 256, 257, 512, 767, 1500):
        assert await store.read(partial(root_of, size=size)) == reference(size).root()


async def test_proofs_are_put_together_from_what_is_stored(store: OpenStore) -> None:
    """Also where a stored subtree was taken away: it is computed again from what lies below."""
    await add_rows(store, 1501)
    await grow(store, Range())
    tamper(store, "DELETE FROM tree_nodes WHERE number = 2")

    for old, new in ((1, 1501), (256, 1501), (700, 1400), (1500, 1501)):
        path = await store.read(partial(roots, spans=consistency_spans(old, new)))
        assert continues((old, reference(old).root()), (new, reference(new).root()), path)


@pytest.mark.slow
async def test_a_large_tree_has_a_second_stored_floor(store: OpenStore) -> None:
    """Of 65,536 rows one subtree; the proofs reach over both."""
    size = 2 * 65_536 + 300
    await add_rows(store, size)
    tree = await grow(store, Range(), most=10_000)
    assert tree.root() == reference(size).root() == await store.read(partial(root_of, size=size))
    path = await store.read(partial(roots, spans=consistency_spans(70_000, size)))
    assert continues((70_000, reference(70_000).root()), (size, tree.root()), path)


async def test_a_missing_row_is_told(store: OpenStore) -> None:
    """By those who read on and by those who look back; nothing is signed over a gap."""
    await add_rows(store, 300)
    tree = await grow(store, Range())
    await add_rows(store, 20)

    tamper(store, "DELETE FROM audit WHERE position IN (310, 290)")
    with pytest.raises(BrokenLogError, match="the row at position 310 is missing"):
        await store.read(partial(grown, tree=tree, most=1000))
    with pytest.raises(BrokenLogError, match="the row at position 290 is missing"):
        await store.read(partial(root_of, size=292))


async def test_rows_that_are_not_what_was_stored_of_them_are_found(store: OpenStore) -> None:
    """The number of the first block of 256 rows that leads elsewhere."""
    await add_rows(store, 1030)
    await grow(store, Range())
    assert await store.read(partial(changed_block, first=0, most=16)) == (4, None)
    tamper(store, "UPDATE audit SET hash = zeroblob(32) WHERE position = 700")
    assert await store.read(partial(changed_block, first=0, most=16)) == (4, 2)
    assert await store.read(partial(changed_block, first=0, most=2)) == (2, None)
    assert await store.read(partial(changed_block, first=3, most=2)) == (1, None)


async def test_checkpoints_are_listed_both_ways(store: OpenStore) -> None:
    """In the order in which they were signed, whatever their size; the newest is the last one signed."""
    await add_rows(store, 30)
    assert await store.read(newest) is None
    first, second, third = [await sign(store, size) for size in (10, 20, 15)]
    assert [each.number for each in (first, second, third)] == [1, 2, 3]
    assert await store.read(newest) == third
    assert await store.read(partial(signed_at, size=20)) == second
    assert await store.read(partial(signed_at, size=11)) is None
    assert await store.read(partial(signed_after, number=1, most=1)) == [second]
    assert await store.read(partial(signed_before, number=3, most=9)) == [second, first]


async def test_a_checkpoint_stays_as_it_was_signed(store: OpenStore) -> None:
    """The database refuses to change or to forget one."""
    await add_rows(store, 30)
    await sign(store, 10)
    for statement in ("UPDATE checkpoints SET size = 11", "DELETE FROM checkpoints"):
        with pytest.raises(sqlite3.DatabaseError, match="stays as it was signed"):
            tamper(store, statement)


async def test_a_place_that_is_new_gets_the_newest_and_what_follows(store: OpenStore) -> None:
    """One that was known before there was any gets all, and none is given again what it has."""
    await add_rows(store, 30)
    assert await store.write(partial(place_got, place="early")) == 0
    for size in (10, 20):
        await sign(store, size)
    assert await store.write(partial(place_got, place="late")) == 1
    await store.write(partial(note_got, place="late", number=2))
    assert await store.write(partial(place_got, place="late")) == 2
    assert await store.write(partial(place_got, place="early")) == 0


async def test_a_row_is_proved_by_its_proof_alone(store: OpenStore, engine: Engine) -> None:
    """Every row of two chains, the first too; none that no checkpoint holds yet, and none that there is not."""
    for name in ("in_1", "in_2"):
        await walk(engine, "syncing.waiting", name)
    end = await store.read(log_end)
    with pytest.raises(ConflictError, match=r"checkpoint\.not_yet"):
        await store.read(partial(prove_row, integration="in_1", seq=1))
    await sign(store, end)
    hashes = {}
    for name in ("in_1", "in_2"):
        previous = GENESIS
        for seq in range(1, end // 2 + 1):
            proof = await store.read(partial(prove_row, integration=name, seq=seq))
            assert check_row(proof, [SIGNER.verifier]).size == end
            assert proof.previous == previous.hex()
            previous = chain(previous, proof.row.encode())
            hashes[proof.position] = previous
    assert sorted(hashes) == list(range(1, end + 1))

    await engine.handle(event("sync.requested"))
    with pytest.raises(ConflictError, match=r"checkpoint\.not_yet"):
        await store.read(partial(prove_row, integration="in_1", seq=end // 2 + 1))
    for integration, seq in (("in_1", 999), ("in_3", 1), ("in_1", 0)):
        with pytest.raises(NotFoundError, match=r"audit\.unknown_row"):
            await store.read(partial(prove_row, integration=integration, seq=seq))


async def test_a_proof_shows_nothing_under_another_key(store: OpenStore, engine: Engine) -> None:
    """Nor for another row, place or predecessor."""
    await walk(engine, "syncing.waiting")
    await sign(store, await store.read(log_end))
    proof = await store.read(partial(prove_row, integration="in_1", seq=4))
    with pytest.raises(ProofError, match="no known key has signed it"):
        check_row(proof, [Signer("syncline/test", bytes(range(32))).verifier])
