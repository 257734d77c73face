"""What is told leads to a run that fetches what is true then, and the run says what brought it."""

import pytest

from tests.effects.records import numbers, record
from tests.streams.stage import BOTH, Stage, lead


async def run(stage: Stage) -> None:
    """Let the next timer go off, and do the run that it brings."""
    await stage.world.run()
    assert await stage.world.state() == "syncing.running_cycle"
    await stage.world.run()
    assert await stage.world.state() == "syncing.waiting"


@pytest.mark.case("webhooks", 24)
async def test_an_older_change_that_is_told_of_later_takes_nothing_back(stage: Stage) -> None:
    """Case 24: it says that something has changed, not what; the newer value stays and is not sent again."""
    world = stage.world
    world.source.clock = "2026-01-01T01:00:00"
    world.source.records["Lead"] = [record(7, "2026-01-01T00:59:00") | {"FirstName": "Newer"}]
    stage.listen()
    stage.source.say(BOTH, lead("9", "L00007"))
    await stage.rows("records.changed", 1)
    await run(stage)
    assert world.target.people["L00007"]["firstName"] == "Newer"
    sent = world.target.count("upsert")

    stage.source.say(lead("8", "L00007"))
    await stage.rows("records.changed", 2)
    await run(stage)
    assert world.target.people["L00007"]["firstName"] == "Newer"
    assert world.target.count("upsert") == sent
    assert await numbers(world) == (1, 0, 0, 1, 0)


async def test_a_run_says_what_brought_it(stage: Stage) -> None:
    """A change that was told of, the clock, or somebody's wish."""
    world = stage.world
    await run(stage)
    stage.listen()
    stage.source.say(BOTH, lead("9", "L00007"))
    await stage.rows("records.changed", 1)
    await run(stage)
    await world.say("sync.requested")
    await world.run()
    paths = [row.data.get("path") for row in await world.log("sync.finished")]
    assert paths == [None, "schedule", "cdc", "request"]
    assert (await world.documents())["run"]["path"] == "request"


async def test_what_is_told_while_a_run_is_under_way_is_fetched_by_another(stage: Stage) -> None:
    """It may have read past it; and that run names the path, too."""
    world = stage.world
    stage.listen()
    await world.say("sync.requested")
    stage.source.say(BOTH, lead("9", "L00007"))
    await stage.rows("records.changed", 1)
    await world.run()
    assert await world.state() == "syncing.waiting"
    await run(stage)
    assert [row.data.get("path") for row in await world.log("sync.finished")][1:] == ["request", "cdc"]
