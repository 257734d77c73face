"""A small simulated world for each test, a person at a browser, and the control door."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from syncline_sim.app import Plan, Simulation
from syncline_sim.world import World
from tests.sim.person import CALLBACK, Person

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as slow: the simulator is a product beside ours, and has as many tests."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker("slow")


class ControlDoor:
    """The control door, called over HTTP."""

    def __init__(self, http: aiohttp.ClientSession, origin: str) -> None:
        self._http = http
        self._origin = origin

    @classmethod
    @asynccontextmanager
    async def opened(cls, simulation: Simulation) -> AsyncIterator["ControlDoor"]:
        """Answer the door of a world that a test has started itself."""
        async with aiohttp.ClientSession() as http:
            yield cls(http, simulation.world.urls["control"])

    async def __call__(self, call: str, body: dict[str, Any] | None = None, *, status: int = 200) -> dict[str, Any]:
        """Make a call such as `POST /faults` and answer its JSON."""
        method, path = call.split()
        async with self._http.request(method, self._origin + path, json=body) as response:
            found: dict[str, Any] = await response.json()
            assert response.status == status, found
            return found


@pytest.fixture
async def simulation() -> AsyncIterator[Simulation]:
    """A world that listens, with five leads and five contacts."""
    world = World(seed=1)
    running = Simulation(world, Plan(leads=5, contacts=5))
    await running.start()
    yield running
    await running.stop()
    world.close()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that keeps cookies, also of a host that is a number."""
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=timeout) as session:
        yield session


@pytest.fixture
def person(simulation: Simulation, http: aiohttp.ClientSession) -> Person:
    """A person at a browser."""
    return Person(simulation, http)


@pytest.fixture
def control(simulation: Simulation, http: aiohttp.ClientSession) -> ControlDoor:
    """The control door."""
    return ControlDoor(http, simulation.world.urls["control"])


@pytest.fixture
async def app(control: ControlDoor) -> dict[str, Any]:
    """A registered app: PKCE required, rotation on."""
    return await control("POST /apps", {"callback_url": CALLBACK})
