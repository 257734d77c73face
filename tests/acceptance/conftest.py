"""The processes that acceptance tests talk to: one simulated world for each worker, one service for each test."""

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import aiohttp
import pytest

from tests.acceptance.processes import Fork, Running
from tests.acceptance.world import World

LEADS, CONTACTS = 60, 40
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as slow: each starts a process."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start a simulated world."""
    log = tmp_path_factory.mktemp("simulation") / "simulation.log"
    size = ("--seed", "1", "--leads", str(LEADS), "--contacts", str(CONTACTS))
    program = Fork("syncline_sim", "--json", *size, log=log)
    yield program
    assert program.stop() == 0, program.tail()


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> Mapping[str, str | float]:
    """Settings of the service; a test gives its own by `@pytest.mark.parametrize("settings", [{…}])`."""
    return getattr(request, "param", {})


@pytest.fixture
async def world(simulation: Running, tmp_path: Path, settings: Mapping[str, str | float]) -> AsyncIterator[World]:
    """Begin anew: a fresh simulated world, a service with fresh data."""
    async with aiohttp.ClientSession() as http:
        body = {"seed": 1, "leads": LEADS, "contacts": CONTACTS}
        async with http.post(f"{simulation.facts['control']}/reset", json=body) as response:
            assert response.status == 200, await response.text()
    async with World(simulation, tmp_path, settings) as begun:
        yield begun
