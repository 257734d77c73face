"""Records that the target has asked for: brought by the next run, changed or not, and once."""

from functools import partial

from syncline.core.brought import WantedRecord
from syncline.core.event import Actor
from syncline.store.hooks import wanted
from tests.effects.records import ready
from tests.effects.world import World

MANY = 10**9


async def ask_for(world: World, *ids: str) -> None:
    """Let the target ask for records, each in a call of its own."""
    for id_ in ids:
        actor = Actor("target", "in_1", "notification")
        outcome = await world.say("person.sync_requested", WantedRecord(id_), actor=actor, person="1")
        assert outcome.accepted


async def left(world: World) -> list[str]:
    """Answer what is still wanted."""
    return await world.store.read(partial(wanted, integration="in_1", through=MANY, most=MANY))


async def test_a_record_that_has_not_changed_is_brought(world: World) -> None:
    """What was written over in the target is as in the source again; an id that nobody has is forgotten."""
    await ready(world)
    await world.run()
    world.target.people["L00003"]["firstName"] = "Written over"
    await ask_for(world, "L00003", "nobody")
    assert await left(world) == ["L00003", "nobody"]
    await world.say("sync.requested")
    await world.run()
    assert world.target.people["L00003"]["firstName"] == "Ada 3"
    assert world.target.upserts[-1] == ("L00003",)
    assert await left(world) == []
    finished = (await world.log("sync.finished"))[-1]
    assert finished.data["wanted"] == 1
    assert "served:2" in finished.brought


async def test_a_run_that_nobody_asked_for_reads_nothing_by_id(world: World) -> None:
    """It costs no call."""
    await ready(world)
    await world.run()
    assert not any(call.startswith("named:") for call in world.source.calls)
    assert "wanted" not in (await world.log("sync.finished"))[-1].data


async def test_what_is_asked_for_while_a_run_is_under_way_is_for_the_next(world: World) -> None:
    """It is behind the run's beginning, and wanted again after its end."""
    await ready(world)
    await world.run()
    await ask_for(world, "L00001")

    async def meanwhile() -> None:
        await ask_for(world, "L00001", "L00002")

    world.source.fail("named:Lead", meanwhile)
    await world.say("sync.requested")
    await world.run()
    assert world.target.upserts[-1] == ("L00001",)
    assert await left(world) == ["L00001", "L00002"]
    await world.say("sync.requested")
    await world.run()
    assert sorted(world.target.upserts[-1]) == ["L00001", "L00002"]
    assert await left(world) == []
