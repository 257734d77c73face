"""The replay extension: where in the stream a subscriber begins, and for how long that is possible."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from syncline_sim.app import Plan, Simulation
from syncline_sim.world import World
from tests.sim.conftest import ControlDoor
from tests.sim.salesforce.conftest import log_in
from tests.sim.salesforce.streaming.conftest import Stream, held

LEADS, HOUR = "/data/LeadChangeEvent", 3600


async def made(stream: Stream, *names: str) -> None:
    """Create leads."""
    for name in names:
        await stream.rest("POST", "/sobjects/Lead", {"LastName": name, "Company": "Acme"})


async def told(stream: Stream) -> dict[str, int]:
    """Answer the names of the leads of which there is something to tell, with the replay ids."""
    return {event["payload"]["Name"]["LastName"]: event["event"]["replayId"] for event in await stream.events()}


async def test_new_all_and_stored(stream: Stream) -> None:
    """Without an id and by -1 new events come, by -2 all, by a stored id those after it; also on another channel."""
    await made(stream, "a", "b")
    await stream.open(LEADS)
    assert await told(stream) == {}
    await stream.subscribe(LEADS, -2)
    known = await told(stream)
    assert list(known) == ["a", "b"]
    await stream.subscribe(LEADS, known["a"])
    assert list(await told(stream)) == ["b"]
    await stream.subscribe(LEADS, str(known["a"]))
    await made(stream, "c")
    assert list(await told(stream)) == ["b", "c"]
    await stream.subscribe(LEADS, -1)
    assert await told(stream) == {}
    await stream.subscribe("/data/ChangeEvents", known["b"])
    assert list(await told(stream)) == ["c"]


async def test_who_waits_is_told_what_is_replayed(simulation: Simulation, stream: Stream) -> None:
    """A connect that is held answers as soon as a subscription asks for old events."""
    await made(stream, "a")
    await stream.open()
    waiting = asyncio.create_task(stream.wait())
    await held(simulation)
    await stream.subscribe(LEADS, -2)
    assert [reply["channel"] for reply in await waiting] == [LEADS, "/meta/connect"]


@pytest.mark.parametrize("replay", [0, -3, 4711, "soon", True, 10**30, {"id": 1}])
async def test_no_such_id(stream: Stream, replay: Any) -> None:  # noqa: ANN401 - any JSON
    """An id of no event is refused in the vendor's words."""
    await made(stream, "a")
    await stream.open()
    refusal = await stream.subscribe(LEADS, replay)
    text = "you provided was invalid.  Please provide a valid ID, -2 to replay all events, or -1 to replay only new"
    assert (refusal["successful"], refusal["subscription"]) == (False, LEADS)
    assert refusal["error"].startswith("400::The replayId {")
    assert f"}} {text} events." in refusal["error"]
    assert replay != 4711 or "{4711}" in refusal["error"]


async def test_retention(stream: Stream, streams: Callable[..., Stream], control: ControlDoor) -> None:
    """Events are there for 72 hours; then an id of them is too old, and they are not replayed."""
    await made(stream, "old")
    await stream.open(LEADS, replay=-2)
    old = (await told(stream))["old"]
    await control("POST /clock", {"advance": 71 * HOUR})
    later = streams()
    await made(later, "new")
    await later.open(LEADS, replay=-2)
    assert list(await told(later)) == ["old", "new"]
    await control("POST /clock", {"advance": 1.5 * HOUR})
    await later.open(LEADS, replay=-2)
    assert list(await told(later)) == ["new"]
    assert (await later.subscribe(LEADS, old))["error"].startswith(f"400::The replayId {{{old}}} you provided")
    assert (await control("GET /change-data-capture"))["events"] == 1


@asynccontextmanager
async def life(file: Path, http: aiohttp.ClientSession) -> AsyncIterator[Stream]:
    """Run a world whose data is in a file, with a client of its sync user."""
    world = World(data=str(file))
    running = Simulation(world, Plan(leads=1, contacts=1))
    await running.start()
    yield Stream(http, world.urls["salesforce"], log_in(world).token)
    await running.stop()
    world.close()


async def test_another_life(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    """Events outlive the process, clients do not: they shake hands again and go on from their id."""
    async with life(tmp_path / "world.db", http) as stream:
        await made(stream, "a", "b")
        await stream.open(LEADS, replay=-2)
        client, known = stream.client, await told(stream)
    async with life(tmp_path / "world.db", http) as stream:
        stream.client = client
        assert (await stream.wait())[0]["error"] == "403::Unknown client"
        await stream.open(LEADS, replay=known["a"])
        assert await told(stream) == {"b": known["b"]}
