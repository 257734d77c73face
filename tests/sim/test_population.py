"""A large world is open before its records are there, and never shows a part of them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from syncline_sim import population
from syncline_sim.app import Plan, Simulation
from syncline_sim.salesforce import changes, seeding
from syncline_sim.world import World
from tests.sim.conftest import ControlDoor
from tests.sim.salesforce.conftest import log_in

_MANY = 600


class Held:
    """Lets the records come in no hurry: only when a test lets go, and then all of them."""

    def __init__(self) -> None:
        self.go = False
        self.error: Exception | None = None

    def steps(self, world: World, leads: int, contacts: int) -> Iterator[int]:
        """Stand in for `seeding.steps`; the first bit is large enough for a world to open."""
        steps = seeding.steps(world, leads, contacts)
        made = 0
        while made < population._AT_ONCE:
            made += next(steps)
        yield made
        while not self.go:
            yield 0
        if self.error:
            raise self.error
        yield from steps


@pytest.fixture(autouse=True)
def fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a world be large soon."""
    monkeypatch.setattr(population, "_AT_ONCE", 250)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    """Holds the records of large worlds back."""
    made = Held()

    class Seeding:
        steps = made.steps

    monkeypatch.setattr(population, "seeding", Seeding)
    return made


@asynccontextmanager
async def running(leads: int = _MANY, data: str = "") -> AsyncIterator[Simulation]:
    """A world with many leads."""
    world = World(seed=1, data=data)
    simulation = Simulation(world, Plan(leads=leads, contacts=0))
    await simulation.start()
    yield simulation
    await simulation.stop()
    world.close()


async def ask(http: aiohttp.ClientSession, simulation: Simulation, path: str) -> tuple[int, Any]:
    """Call the data API."""
    headers = {"Authorization": f"Bearer {log_in(simulation.world).token}"}
    async with http.get(simulation.world.urls["salesforce"] + path, headers=headers) as answer:
        return answer.status, await answer.json() if answer.content_type == "application/json" else None


_COUNT = "/services/data/v67.0/query?q=SELECT+COUNT()+FROM+Lead"


@pytest.mark.parametrize(
    "path",
    [
        _COUNT,
        "/services/data/v67.0/query?q=SELECT+Id+FROM+Lead",
        "/services//data/v67.0/queryAll?q=SELECT+Id+FROM+Lead",
    ],
)
async def test_the_full_truth_at_once(http: aiohttp.ClientSession, held: Held, path: str) -> None:
    """A world opens with a part of its records, and the first question is answered with all."""
    async with running() as simulation:
        assert changes.count_records(simulation.world, "Lead") < _MANY
        held.go = True
        status, found = await ask(http, simulation, path)
        assert (status, found["totalSize"]) == (200, _MANY)


async def test_control_waits_too(http: aiohttp.ClientSession) -> None:
    """The control door counts all of them as well, and what it makes comes after them."""
    async with running() as simulation:
        control = ControlDoor(http, simulation.world.urls["control"])
        made = await control("POST /records", {"change": {"create": {"LastName": "New", "Company": "New"}}})
        assert (await control("GET /records?limit=1"))["count"] == _MANY + 1
        newest = changes.read_records(simulation.world, "Lead", offset=_MANY)
        assert [record["Id"] for record in newest] == made["ids"]


async def test_others_do_not_wait(http: aiohttp.ClientSession, held: Held) -> None:
    """Who asks for no records is answered while others wait; they are once the records are there."""
    async with running() as simulation:
        waiting = asyncio.create_task(ask(http, simulation, _COUNT))
        control = ControlDoor(http, simulation.world.urls["control"])
        while not (await control("GET /calls"))["log"]:
            pass
        assert (await ask(http, simulation, "/services/data"))[0] == 200
        assert "orgs" in await control("GET /world")
        assert not waiting.done()
        held.go = True
        assert (await waiting)[1]["totalSize"] == _MANY


async def test_small_world_is_whole(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few records are there when a world opens, without anybody's asking."""
    monkeypatch.setattr(population, "seeding", seeding)
    async with running(100) as simulation:
        assert changes.count_records(simulation.world, "Lead") == 100
    assert not held.go


async def test_reset_while_records_come(http: aiohttp.ClientSession, held: Held) -> None:
    """A world that begins anew has its own records only, and who waited in the old one is a stranger there."""
    async with running() as simulation:
        waiting = asyncio.create_task(ask(http, simulation, _COUNT))
        control = ControlDoor(http, simulation.world.urls["control"])
        while not (await control("GET /calls"))["log"]:
            pass
        await control("POST /reset", {"leads": 550})
        held.go = True
        assert (await control("GET /records?limit=0"))["count"] == 550
        assert (await waiting)[0] == 401


async def test_reset_to_a_small_world(http: aiohttp.ClientSession, held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was still to come never does."""
    async with running() as simulation:
        monkeypatch.setattr(population, "seeding", seeding)
        control = ControlDoor(http, simulation.world.urls["control"])
        await control("POST /reset", {"leads": 3})
        held.go = True
        assert (await control("GET /records"))["count"] == 3


async def test_a_world_that_ended_too_early(
    http: aiohttp.ClientSession, held: Held, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One that is kept in a file and ended before it was whole becomes the same as any other."""
    path = str(tmp_path / "world.db")
    async with running(data=path) as simulation:
        assert changes.count_records(simulation.world, "Lead") < _MANY
    assert not held.go
    monkeypatch.setattr(population, "seeding", seeding)
    worlds = []
    for data in (path, path, ""):
        async with running(data=data) as simulation:
            assert (await ask(http, simulation, _COUNT))[1]["totalSize"] == _MANY
            worlds.append(changes.read_records(simulation.world, "Lead", limit=_MANY))
    assert worlds[0] == worlds[1] == worlds[2]


async def test_records_that_cannot_come(http: aiohttp.ClientSession, held: Held) -> None:
    """Who waits for records that fail to come gets an error, not a part of them, and the end of the world tells why."""
    held.error, held.go = OSError("the disk is full"), True
    world = World(seed=1)
    simulation = Simulation(world, Plan(leads=_MANY, contacts=0))
    await simulation.start()
    for _ in range(2):
        assert (await ask(http, simulation, _COUNT))[0] == 500
    with pytest.raises(OSError, match="the disk is full"):
        await simulation.stop()
    world.close()
