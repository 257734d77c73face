"""Pausing and resuming: nothing runs in between, and nothing is lost or sent twice."""

import asyncio
import time

from tests.acceptance.conftest import CONTACTS, LEADS
from tests.acceptance.expectations import calls, go_on, rows_of
from tests.acceptance.world import Json, World

PAUSED, WAITING = "syncing.paused", "syncing.waiting"


async def until_written(world: World, times: int = 1) -> None:
    """Wait until people are on their way, for the first time or once more."""
    deadline = time.monotonic() + 20
    while await calls(world, "marketo", "leads.sync") < times:
        assert time.monotonic() < deadline, "nothing was sent"
        await asyncio.sleep(0.02)


async def pause(world: World, integration: str) -> Json:
    """Pause, and wait until what was on its way has arrived and nothing runs any more; answers the status."""
    await world.send(integration, "pause.requested")
    deadline = time.monotonic() + 20
    while True:
        found = await world.wait_for(integration, PAUSED)
        if not found["waiting_for"]:
            return found
        assert time.monotonic() < deadline, f"still at work: {found['waiting_for']}"
        await asyncio.sleep(0.05)


async def test_what_changes_during_a_pause_arrives_when_it_is_over(world: World) -> None:
    """Not even a timer runs while it is paused; the cycle after it brings what has changed."""
    integration = await world.create()
    await world.reach(integration, WAITING)

    found = await pause(world, integration)

    assert found["blocked_by"] is None
    assert "resume.requested" in {step["event"] for step in found["next"] if step["primary"]}
    row = (await rows_of(world, integration, "pause.requested"))[-1]
    assert (row["disposition"], row["to"]) == ("transitioned", PAUSED)
    await world.control("POST", "/records", object="Lead", change={"create": {"LastName": "Meanwhile", "Company": "X"}})
    problem = await world.refuse(integration, "sync.requested")
    assert problem["code"] == "event.unexpected"
    assert await world.people() == LEADS + CONTACTS
    await go_on(world, integration, "resume.requested", WAITING)
    assert await world.people() == LEADS + CONTACTS + 1


async def test_a_pause_in_the_middle_of_the_initial_sync_repeats_nothing_that_was_committed(world: World) -> None:
    """The leads have arrived when the contacts are interrupted: only the contacts are sent again."""
    integration = await world.create()
    await world.reach(integration, "fields_synced.mapping_open")
    await world.control("DELETE", "/calls")
    await world.fault(side="marketo", match="leads.sync", kind="slow", seconds=0.5, skip=1)
    await world.send(integration, "sync.start_requested")
    await until_written(world, 2)

    found = await pause(world, integration)

    assert [(item["object"], item["read"]) for item in found["objects"]] == [("Lead", LEADS)]
    await world.send(integration, "resume.requested")
    assert (await rows_of(world, integration, "resume.requested"))[-1]["to"] == "syncing.initial_sync"
    found = await world.wait_for(integration, WAITING)
    assert await calls(world, "marketo", "leads.sync") == 3
    assert await world.people() == LEADS + CONTACTS
    first = (await rows_of(world, integration, "sync.finished"))[0]["data"]["objects"]
    assert {name: counts["read"] for name, counts in first.items()} == {"Lead": LEADS, "Contact": CONTACTS}
    assert first["Lead"]["created"] == LEADS


async def test_a_sync_that_is_paused_again_and_again_makes_nobody_twice(world: World) -> None:
    """What is on its way when it is paused arrives, and is sent again afterwards: still each record is there once."""
    integration = await world.create()
    await world.reach(integration, "fields_synced.mapping_open")
    # As in life, a person who has just come is not yet seen by the next call, so two side by side would make two.
    await world.switch("marketo", upsert_race_window=0.2)
    await world.fault(side="marketo", match="leads.sync", kind="slow", seconds=0.3, times=-1)
    await world.control("DELETE", "/calls")
    await world.send(integration, "sync.start_requested")

    for _ in range(2):
        await until_written(world)
        await world.send(integration, "pause.requested")
        await world.control("DELETE", "/calls")
        await world.send(integration, "resume.requested")
    await world.mend()

    await world.wait_for(integration, WAITING)
    assert await world.people() == LEADS + CONTACTS


async def test_a_pause_during_a_failure_ends_the_trying(world: World) -> None:
    """Somebody stops a sync that fails again and again; after the outage it is resumed."""
    integration = await world.create()
    await world.reach(integration, WAITING)
    await world.fault(side="salesforce", match="query", kind="status", status=503, times=-1)
    await world.send(integration, "sync.requested")
    await world.wait_for(integration, "syncing.sync_failed")

    found = await pause(world, integration)

    assert found["blocked_by"] is None
    await world.mend()
    await go_on(world, integration, "resume.requested", WAITING)
