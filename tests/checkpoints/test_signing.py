"""What is signed, when, by which key, and how little it asks of the writer."""

from functools import partial
from itertools import pairwise
from typing import TypeVar

import pytest

from syncline.core.event import SERVICE, Actor
from syncline.core.key_trail import KeyTrail
from syncline.core.merkle import consistency_spans, continues
from syncline.core.note import claimed
from syncline.errors import UnavailableError
from syncline.store import log
from syncline.store.checkpoints import log_end, root_of, roots
from syncline.store.evidence import Evidence
from syncline.store.log import Filter, LogRow
from syncline.store.transaction import Operation, Store
from tests.checkpoints.conftest import HandPlace, House, until

T = TypeVar("T")
ADMIN = Actor("person", "key_1", via="bearer")


class Counting:
    """A store that counts what is asked of its writer, and can refuse it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.writes = self.reads = 0
        self.refuses = False

    async def write(self, operation: Operation[T]) -> T:
        """Count, and pass on."""
        if self.refuses:
            raise UnavailableError("store.unavailable", "the disk is full")
        self.writes += 1
        return await self._store.write(operation)

    async def read(self, operation: Operation[T]) -> T:
        """Count, and pass on."""
        self.reads += 1
        return await self._store.read(operation)


async def rows_of(house: House, type_: str) -> list[LogRow]:
    """The service's rows of one type."""
    wanted = Filter(integration=SERVICE, type=type_)
    return await house.store.read(partial(log.rows, wanted=wanted, limit=100))


async def test_the_first_start_makes_a_key_that_the_log_names_before_it_signs(house: House) -> None:
    """The checkpoint covers the row of its own key, and the log is proved by it."""
    checkpoints = await house.open()
    signed = await checkpoints.sign()
    assert signed is not None
    assert signed.size == await house.store.read(log_end) == 3  # two births and the key
    (made,) = await rows_of(house, "checkpoint_key.made")
    assert made.row.data["key"].startswith(claimed(signed.note).origin + "+")
    assert made.position <= signed.size
    report = await house.prove()
    assert report.proved, report
    assert report.checkpoints is not None
    assert (report.checkpoints.database, report.checkpoints.covered) == (1, 3)


async def test_nothing_is_signed_twice(house: House) -> None:
    """Without a new row there is no new checkpoint, also after a restart; and the key stays."""
    checkpoints = await house.open()
    first = await checkpoints.sign()
    assert await checkpoints.sign() is None
    await house.restart()
    checkpoints = await house.open()
    assert await checkpoints.sign() is None
    await house.add()
    second = await checkpoints.sign()
    assert first is not None
    assert second is not None
    assert len(set(await house.signers())) == 1
    assert len(await rows_of(house, "checkpoint_key.made")) == 1


async def test_it_is_signed_when_the_time_is_up_and_something_is_new(house: House) -> None:
    """Here ten times a second; nothing is signed for its own sake, however often it is looked."""
    counting = Counting(house.store)
    checkpoints = house.checkpoints(interval=0.1, store=counting)
    await house.log.open()
    await checkpoints.open()
    checkpoints.start()
    await until(lambda: checkpoints.standing.size == 3)
    await house.add()
    await until(lambda: checkpoints.standing.size == 4)
    looked = counting.reads
    await until(lambda: counting.reads >= looked + 3)
    assert [each.size for each in await house.signed()] == [3, 4]


async def test_it_is_signed_when_there_are_so_many_new_rows(house: House) -> None:
    """Long before the time is up, and not for one row less."""
    checkpoints = house.checkpoints(rows=20)
    await house.log.open()
    await checkpoints.open()
    checkpoints.start()
    await until(lambda: checkpoints.standing.size == 3)
    waiting = checkpoints.standing.waiting
    await house.add(19 - waiting)
    assert not checkpoints._due.is_set()
    await house.add(1)
    await until(lambda: checkpoints.standing.size == 3 + 20 - waiting)
    await house.add(45)
    await until(lambda: checkpoints.standing.size >= 3 + 40 - waiting)


async def test_a_clean_stop_signs_for_the_last_row(house: House) -> None:
    """And sees that the places get it."""
    place = HandPlace()
    checkpoints = await house.open(place)
    checkpoints.start()
    await until(lambda: checkpoints.standing.size == 3)
    await house.log.note("service.started", {})
    await checkpoints.stop()
    assert [each.size for each in await house.signed()] == [3, 4]
    assert place.notes == [each.note for each in await house.signed()]


async def test_the_log_is_continued_from_what_was_stored(house: House) -> None:
    """Over restarts, each checkpoint begins with the one before it, and the largest proves the whole log."""
    checkpoints = await house.open()
    for count in (300, 1, 700):
        await house.add(count)
        assert await checkpoints.sign()
        await house.restart()
        checkpoints = await house.open()
    signed = [claimed(each.note) for each in await house.signed()]
    for old, new in pairwise(signed):
        path = await house.store.read(partial(roots, spans=consistency_spans(old.size, new.size)))
        assert continues((old.size, old.root), (new.size, new.root), path)
    report = await house.prove()
    assert report.proved, report
    assert report.checkpoints is not None
    assert (report.checkpoints.database, report.checkpoints.covered) == (3, 1004)


async def test_signing_asks_the_writer_for_one_small_thing(house: House) -> None:
    """However many rows are new: they are read elsewhere."""
    await (await house.open()).sign()
    await house.add(3000)
    counting = Counting(house.store)
    checkpoints = house.checkpoints(store=counting)
    signed = await checkpoints.sign()
    assert signed is not None
    assert signed.size == 3003
    assert counting.writes == 1


async def test_what_could_not_be_written_is_signed_for_the_next_time(house: House) -> None:
    """Nothing that was read is taken for signed."""
    await house.open()
    counting = Counting(house.store)
    checkpoints = house.checkpoints(store=counting)
    counting.refuses = True
    with pytest.raises(UnavailableError):
        await checkpoints.sign()
    await house.add(300)
    counting.refuses = False
    signed = await checkpoints.sign()
    assert signed is not None
    assert claimed(signed.note).root == await house.store.read(partial(root_of, size=303))
    assert (await house.prove()).proved


async def test_a_new_key_is_endorsed_by_the_one_before_it(house: House) -> None:
    """Who knows any of the keys can check everything; the log says who has asked for it."""
    checkpoints = await house.open()
    keys = [(await checkpoints._key()).verifier]
    for _ in range(2):
        await house.add(5)
        keys.append(await checkpoints.rotate(ADMIN, request="req_1"))
    await house.add(5)
    assert await checkpoints.sign()

    assert await house.signers() == [keys[0], keys[1], keys[1], keys[2], keys[2]]
    first, second = await rows_of(house, "checkpoint_key.rotated")
    assert first.row.actor == ADMIN
    assert (first.row.data["replaces"], first.row.data["key"]) == (str(keys[0]), str(keys[1]))
    sizes = [each.size for each in await house.signed()]
    assert sizes[0] == first.position - 1  # The old key has signed for all that was before …
    assert sizes[1] == first.position  # … and the new one for its own row at once.
    assert sizes[3] == second.position
    for key in keys:
        report = await house.prove(Evidence(keys=(key,)))
        assert report.proved, report
    await house.restart()
    assert (await (await house.open())._key()).verifier == keys[2]


async def test_a_key_that_nobody_has_endorsed_is_not_followed(house: House) -> None:
    """A row that names another key needs the signature of the present one, over that very key."""
    checkpoints = await house.open()
    old = (await checkpoints._key()).verifier
    new = await checkpoints.rotate(ADMIN)
    (row,) = await rows_of(house, "checkpoint_key.rotated")
    trail = KeyTrail()
    assert trail.read("checkpoint_key.made", {"key": str(old)}, 3) == ""
    forged = row.row.data | {"key": str(old)}
    assert "is not the one that the key before it endorses" in trail.read("checkpoint_key.rotated", forged, 4)
    assert "cannot be trusted" in trail.read("checkpoint_key.rotated", row.row.data | {"endorsement": ""}, 4)
    assert "there was one" in trail.read("checkpoint_key.made", {"key": str(new)}, 4)
    assert trail.read("checkpoint_key.rotated", row.row.data, 4) == ""
    assert trail.keys == [old, new]
