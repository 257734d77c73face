"""A sync on its way, for the tests of what goes wrong in the middle of one."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.acceptance.conftest import CONTACTS, LEADS
from tests.acceptance.world import Json, World

#: How long the source thinks about the second object; what a test breaks meanwhile breaks in mid-sync.
_PAUSE_SECONDS = 0.6
#: Events that say that something went wrong.
TROUBLE = ("sync.failed", "sync.throttled", "effect.exhausted", "grant.lost", "field_sync.failed", "preview.failed")


async def prepared(world: World) -> str:
    """Take a new integration to where only the start of the sync is left, and count calls anew; answers its id."""
    integration = await world.create()
    await world.reach(integration, "fields_synced.mapping_open")
    await world.control("DELETE", "/calls")
    return integration


async def start(world: World, integration: str) -> None:
    """Start the sync."""
    await world.send(integration, "sync.start_requested")


@asynccontextmanager
async def mid_sync(world: World) -> AsyncIterator[str]:
    """Stand in the middle of an initial sync: every Lead has arrived, and the query for Contacts is under way."""
    integration = await prepared(world)
    await world.fault(side="salesforce", kind="slow", match="query", skip=1, seconds=_PAUSE_SECONDS)
    await start(world, integration)
    await until(lambda: _hit(world), "the second object is not being read")
    assert (await world.status(integration))["state"] == "syncing.initial_sync"
    yield integration


async def _hit(world: World) -> bool:
    """Answer whether a fault has met a call."""
    return any(fault["hits"] for fault in (await world.control("GET", "/faults"))["faults"])


async def until(met: Callable[[], Awaitable[bool]], otherwise: str, *, deadline: float = 20) -> None:
    """Wait until something holds; raises `AssertionError` with `otherwise`."""
    end = time.monotonic() + deadline
    while not await met():
        assert time.monotonic() < end, otherwise
        await asyncio.sleep(0.02)


async def complete(world: World, integration: str, *, people: int = LEADS + CONTACTS) -> Json:
    """Wait until the sync waits for its next cycle, with nobody missing and nothing in its way; answers the status."""
    found = await world.wait_for(integration, "syncing.waiting")
    assert found["blocked_by"] is None, found["blocked_by"]
    assert await world.people() == people
    assert {item["object"] for item in found["objects"]} == {"Lead", "Contact"}
    return found


async def arrived(world: World, people: int) -> None:
    """Wait until so many people have arrived at the target."""

    async def all_here() -> bool:
        return await world.people() == people

    await until(all_here, f"{people} people have not arrived")


async def trouble(world: World, integration: str) -> list[str]:
    """Answer the events on the log which say that something went wrong."""
    return [row["type"] for row in await world.log(integration) if row["type"] in TROUBLE]


async def waiting(world: World, integration: str, effect: str, *, error: str = "", deadline: float = 20) -> Json:
    """Wait until the status shows an effect, after a failed try if `error` is given; answers what it shows of it."""
    end = time.monotonic() + deadline
    while True:
        found = await world.status(integration)
        for item in found["waiting_for"]:
            if item["effect"] == effect and error in item["last_error"]:
                return dict(item)
        assert time.monotonic() < end, f"{effect} is not shown with {error!r}: {found['waiting_for']}"
        await asyncio.sleep(0.01)
