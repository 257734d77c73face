"""Sync runs: complete, in order, resumable, and nothing is sent twice without need."""

import asyncio
from functools import partial

from syncline.store.records import known
from syncline.store.records import refused as refused_records
from tests.effects.records import numbers, ready, record
from tests.effects.world import World, until


async def cycle(world: World, clock: str) -> None:
    """Run the next cycle at a time of the source's clock."""
    world.source.clock = clock
    await world.say("sync.requested")
    await world.run()
    assert await world.state() == "syncing.waiting"


async def test_reads_everything_there_is(world: World) -> None:
    """The initial sync brings every record of every object to the target, with the key field."""
    await ready(world, 25, 12)
    await world.run()
    assert await world.state() == "syncing.waiting"
    assert len(world.target.people) == 37
    assert world.target.people["L00007"] == {"sourceId": "L00007", "firstName": "Ada 7", "score": 7}
    finished = (await world.log("sync.finished"))[0].data
    totals = {"created": 25, "updated": 0, "unchanged": 0, "refused": 0}
    assert finished["objects"]["Lead"] == {"object": "Lead", "read": 25, "total": 25, **totals}
    assert (await world.documents())["run"]["ended_at"] > 0


async def test_writes_side_by_side_within_bounds(world: World) -> None:
    """Several upserts are under way at once, and never more than the setting says."""
    world.configure(target_concurrency=3)
    await ready(world, 60)
    gate = asyncio.Event()
    world.target.fail("upsert", gate.wait, gate.wait, gate.wait)
    running = asyncio.create_task(world.run())
    await until(partial(world.target.reached, "upsert", 3))
    gate.set()
    await running
    assert world.target.most_at_once == 3


async def test_reads_ahead_of_the_writing(world: World) -> None:
    """The next page is asked for while the target still works on this one."""
    await ready(world, 25)
    gate = asyncio.Event()
    world.target.fail("upsert", gate.wait)
    running = asyncio.create_task(world.run())
    await until(partial(world.source.reached, "page:Lead", 3))
    gate.set()
    await running
    assert len(world.target.people) == 25


async def test_a_cycle_sends_only_what_changed(world: World) -> None:
    """The look-back reads records again, and those of which that stamp was sent are not sent."""
    await ready(world)
    await world.run()
    world.source.records["Lead"][3] |= {"Stamp": "2026-01-01T00:10:30", "FirstName": "Grace"}
    await cycle(world, "2026-01-01T00:11:00")
    assert world.target.people["L00003"]["firstName"] == "Grace"
    assert world.target.upserts[-1] == ("L00003",)
    assert await numbers(world) == (25, 0, 1, 24, 0)
    assert (await world.documents())["run"]["number"] == 2


async def test_an_idle_cycle_leaves_one_row_of_its_own(world: World) -> None:
    """When nothing changed nothing is sent, and the log has only the end of the run."""
    await ready(world)
    await world.run()
    before = len(world.target.upserts), len(await world.log("sync.progressed"))
    await cycle(world, "2026-01-01T00:11:00")
    assert (len(world.target.upserts), len(await world.log("sync.progressed"))) == before


async def test_a_late_commit_is_not_missed(world: World) -> None:
    """A record that appears behind the watermark, with a stamp that has passed, is read by the look-back."""
    await ready(world)
    await world.run()
    world.source.records["Lead"].append(record(99999, "2026-01-01T00:09:59"))
    await cycle(world, "2026-01-01T00:11:00")
    assert world.target.times("L99999") == 1
    await cycle(world, "2026-01-01T00:12:00")
    assert world.target.times("L99999") == 1


async def test_what_the_look_back_cannot_meet_is_forgotten(world: World) -> None:
    """The memory of what was sent does not grow for ever."""
    await ready(world)
    await world.run()
    await cycle(world, "2026-01-01T00:40:00")
    now_known = await world.store.read(partial(known, integration="in_1", object="Lead", ids=["L00003"]))
    assert now_known.sent == {}


async def test_refused_records_are_kept_with_their_reason_until_they_are_accepted(world: World) -> None:
    """A refused record does not stop the run; once it is mended it leaves the list."""
    world.target.refusing = {"L00004"}
    await ready(world)
    await world.run()
    assert await numbers(world) == (25, 24, 0, 0, 1)
    assert await refused(world) == [("L00004", "1003: not this one")]
    world.target.refusing = set()
    await cycle(world, "2026-01-01T00:11:00")
    assert "L00004" not in world.target.people, "the same values would be refused again"
    world.source.records["Lead"][4]["Stamp"] = "2026-01-01T00:11:30"
    await cycle(world, "2026-01-01T00:12:00")
    assert "L00004" in world.target.people
    assert await refused(world) == []


async def refused(world: World) -> list[tuple[str, str]]:
    """Read the refused records."""
    found = await world.store.read(partial(refused_records, integration="in_1"))
    return [(row.id, row.reason) for row in found]


async def test_two_upserts_of_one_person_wait_for_each_other(world: World) -> None:
    """A record that shows up on two pages is not sent twice at the same time (the target asserts it)."""
    world.source.page_size = 2
    twice = record(1)
    world.source.records["Lead"] = [twice, record(2), {**twice, "Stamp": "2026-01-01T00:05:00"}, record(310)]
    await world.reach("syncing.initial_sync")
    await world.run()
    assert world.target.times("L00001") == 2
