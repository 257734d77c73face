"""Sync runs: complete, in order, resumable, and nothing is sent twice without need."""

from tests.effects.world import World


def lead(number: int, stamp: str = "") -> dict[str, object]:
    """A record with its own stamp, or one that was given."""
    minute, second = divmod(number, 60)
    return {
        "Id": f"L{number:05}",
        "Stamp": stamp or f"2026-01-01T00:{minute:02}:{second:02}",
        "FirstName": f"Ada {number}",
        "Score__c": number,
    }


async def test_reads_everything_there_is(world: World) -> None:
    """The initial sync brings every record of every object to the target, with the key field."""
    world.source.records["Lead"] = [lead(n) for n in range(25)]
    world.source.records["Contact"] = [{**lead(n), "Id": f"C{n:05}"} for n in range(12)]
    await world.reach("syncing.initial_sync")
    await world.run()
    assert await world.state() == "syncing.waiting"
    assert len(world.target.people) == 37
    assert world.target.people["L00007"] == {"sourceId": "L00007", "firstName": "Ada 7", "score": 7}
    finished = (await world.log("sync.finished"))[0].data
    assert finished["objects"]["Lead"] == {
        "object": "Lead", "read": 25, "total": 25, "created": 25, "updated": 0, "unchanged": 0, "refused": 0
    }
