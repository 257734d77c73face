"""Faults: late, wrong, broken and missing answers."""

import asyncio
import re
import time
from typing import Any

import aiohttp
import pytest
from yarl import URL

from syncline_sim.app import Simulation
from tests.sim.conftest import ControlDoor
from tests.sim.person import Person

VERSIONS = "/services/data"


async def _get(person: Person, path: str = VERSIONS) -> tuple[int, bytes]:
    async with person.http.get(person.salesforce.join(URL(path))) as response:
        return response.status, await response.read()


async def test_status_counts_and_ends(person: Person, control: ControlDoor) -> None:
    """A fault lets some calls through, hits as many as it should, and is gone."""
    fault = {"side": "salesforce", "kind": "status", "match": VERSIONS, "status": 429, "times": 2, "skip": 1}
    await control("POST /faults", fault)
    assert [(await _get(person))[0] for _ in range(4)] == [200, 429, 429, 200]
    found = (await control("GET /faults"))["faults"][0]
    assert (found["hits"], found["times"]) == (2, 0)


async def test_retry_after(person: Person, control: ControlDoor) -> None:
    """A status may come with the time to wait."""
    await control("POST /faults", {"side": "salesforce", "kind": "status", "retry_after": 7, "body": "busy"})
    async with person.http.get(person.salesforce / "services/data") as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "7")
        assert await response.text() == "busy"


async def test_without_end_until_deleted(person: Person, control: ControlDoor) -> None:
    """`times` -1 has no end; DELETE ends the faults of a side."""
    await control("POST /faults", {"side": "salesforce", "kind": "status", "times": -1})
    await control("POST /faults", {"side": "marketo", "kind": "status", "times": -1})
    assert [(await _get(person))[0] for _ in range(3)] == [503] * 3
    await control("DELETE /faults?side=salesforce")
    assert (await _get(person))[0] == 200
    assert len((await control("GET /faults"))["faults"]) == 1


async def test_slow(person: Person, control: ControlDoor) -> None:
    """A slow answer is the right one, later."""
    await control("POST /faults", {"side": "salesforce", "kind": "slow", "seconds": 0.1})
    start = time.monotonic()
    status, _ = await _get(person)
    assert status == 200
    assert time.monotonic() - start >= 0.1


async def test_garbage(person: Person, control: ControlDoor) -> None:
    """Garbage says 200 and JSON, and is none."""
    await control("POST /faults", {"side": "salesforce", "kind": "garbage"})
    status, body = await _get(person)
    assert status == 200
    with pytest.raises(UnicodeDecodeError):
        body.decode()


@pytest.mark.parametrize("kind", ["reset", "truncate"])
async def test_broken_connections(person: Person, control: ControlDoor, kind: str) -> None:
    """The connection ends before the answer does."""
    # The client asks a second time by itself when a GET has failed.
    await control("POST /faults", {"side": "salesforce", "kind": kind, "times": 2 if kind == "reset" else 1})
    with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError)):
        await _get(person)
    assert (await _get(person))[0] == 200


async def test_flood(person: Person, control: ControlDoor) -> None:
    """A flood has as many bytes as one likes."""
    await control("POST /faults", {"side": "salesforce", "kind": "flood", "size": 1_000_000})
    assert len((await _get(person))[1]) >= 1_000_000


async def test_lost_answer(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """With `after` a refresh has its effect and only its answer is lost: the old token is spent."""
    tokens = await person.grant(app)
    await control("POST /faults", {"side": "salesforce", "kind": "reset", "match": "token.refresh", "after": True})
    with pytest.raises(aiohttp.ClientError):
        await person.refresh(app, tokens["refresh_token"])
    assert (await person.refresh(app, tokens["refresh_token"]))[0] == 400


async def test_operations(person: Person, control: ControlDoor, app: dict[str, Any]) -> None:
    """A fault on refreshes leaves exchanges alone."""
    await control("POST /faults", {"side": "salesforce", "kind": "error", "match": "token.refresh", "code": "x"})
    tokens = await person.grant(app)
    assert await person.refresh(app, tokens["refresh_token"]) == (
        400,
        {"error": "x", "error_description": "injected"},
    )
    assert (await person.refresh(app, tokens["refresh_token"]))[0] == 200


async def test_vendor_errors(person: Person, simulation: Simulation, control: ControlDoor) -> None:
    """An `error` is worded as the called endpoint words its own: HTTP 200 at Marketo, a list at the data API."""
    await control("POST /faults", {"side": "marketo", "kind": "error", "code": "606", "message": "Max rate limit"})
    async with person.http.get(f"{simulation.world.urls['marketo']}/rest/v1/leads/describe.json") as response:
        found = await response.json()
        assert response.status == 200
    assert found["errors"] == [{"code": "606", "message": "Max rate limit"}]
    assert not found["success"]
    assert re.fullmatch("[0-9a-f]+#[0-9a-f]+", found["requestId"])
    await control("POST /faults", {"side": "marketo", "kind": "error", "code": "615"})
    async with person.http.get(f"{simulation.world.urls['marketo']}/rest/v1/leads/describe.json") as response:
        found = await response.json()
    assert found["errors"] == [{"code": "615", "message": "Concurrent access limit '10' reached"}]
    fault = {"side": "salesforce", "kind": "error", "code": "SERVER_UNAVAILABLE", "message": "try", "status": 503}
    await control("POST /faults", fault)
    async with person.http.get(person.salesforce / "services/data/v67.0/limits") as response:
        assert response.status == 503
        assert await response.json() == [{"message": "try", "errorCode": "SERVER_UNAVAILABLE"}]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"side": "nowhere", "kind": "status"},
        {"side": "marketo", "kind": "magic"},
        {"side": "marketo", "kind": "status", "colour": 1},
    ],
)
async def test_mistakes_are_told(control: ControlDoor, wrong: dict[str, Any]) -> None:
    """A fault that could never do anything is refused."""
    assert "error" in await control("POST /faults", wrong, status=400)


async def test_hanging_call_is_dropped_with_its_client_and_with_the_world(
    person: Person, simulation: Simulation, control: ControlDoor
) -> None:
    """A hanging call keeps neither a client that has given up nor the end of the world waiting."""
    await control("POST /faults", {"side": "salesforce", "kind": "hang", "times": -1})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await _get(person)
    calls = [asyncio.create_task(_get(person)) for _ in range(3)]
    async with asyncio.timeout(5):
        while (await control("GET /faults"))["faults"][0]["hits"] < 4:
            pass  # Each question lets the calls get on.
    start = time.monotonic()
    await simulation.stop()
    assert time.monotonic() - start < 10  # The hang itself would last for minutes.
    assert all(isinstance(result, Exception) for result in await asyncio.gather(*calls, return_exceptions=True))
