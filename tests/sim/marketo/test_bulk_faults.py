"""Exports and imports whose answers are lost or broken on the way, and what a client can do then."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from syncline_sim.app import Simulation
from tests.sim.conftest import ControlDoor
from tests.sim.marketo.bulk import LEADS, span
from tests.sim.marketo.conftest import CREDENTIALS


@pytest.fixture
async def marketo(simulation: Simulation) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the whole simulated world with a token."""
    origin = simulation.world.urls["marketo"]
    async with aiohttp.ClientSession(origin) as session:
        async with session.get("/identity/oauth/token", params=CREDENTIALS) as response:
            session.headers["Authorization"] = f"Bearer {(await response.json())['access_token']}"
        yield session


async def call(marketo: aiohttp.ClientSession, method: str, path: str, **body: Any) -> dict[str, Any]:  # noqa: ANN401
    """Answer the first result of a call."""
    async with marketo.request(method, path, **body) as response:
        first: dict[str, Any] = (await response.json())["result"][0]
        return first


async def pour(response: aiohttp.ClientResponse, found: bytearray) -> None:
    """Read a body into what has been found; what arrives before it breaks is kept."""
    async for piece in response.content.iter_any():
        found += piece


async def test_resume(simulation: Simulation, control: ControlDoor, marketo: aiohttp.ClientSession) -> None:
    """A file that breaks off is read on from where it broke, and is then what the checksum says."""
    people = [{"email": f"p{n}@example.com"} for n in range(300)]
    await call(marketo, "POST", "/rest/v1/leads.json", json={"input": people})
    asked = {"fields": ["email"], "filter": {"createdAt": span(simulation.world)}}
    key = (await call(marketo, "POST", f"{LEADS}/export/create.json", json=asked))["exportId"]
    await call(marketo, "POST", f"{LEADS}/export/{key}/enqueue.json")
    job = [await call(marketo, "GET", f"{LEADS}/export/{key}/status.json") for _ in range(2)][1]
    await control("POST /faults", {"side": "marketo", "kind": "truncate", "match": "bulk.export"})
    found = bytearray()
    async with marketo.get(f"{LEADS}/export/{key}/file.json") as response:
        assert response.headers["Content-Length"] == str(job["fileSize"])
        with pytest.raises(aiohttp.ClientPayloadError):
            await pour(response, found)
    assert 0 < len(found) < job["fileSize"]
    async with marketo.get(f"{LEADS}/export/{key}/file.json", headers={"Range": f"bytes={len(found)}-"}) as response:
        found += await response.read()
    assert job["fileChecksum"] == f"sha256:{hashlib.sha256(found).hexdigest()}"


async def test_lost_answer(simulation: Simulation, control: ControlDoor, marketo: aiohttp.ClientSession) -> None:
    """An upload whose answer is lost has been taken: the second one is another job of the same people."""
    await control("POST /faults", {"side": "marketo", "kind": "status", "match": "bulk.import", "after": True})

    def form() -> aiohttp.FormData:
        made = aiohttp.FormData()
        made.add_field("file", "email\na@example.com\n", filename="leads.csv")
        return made

    async with marketo.post(f"{LEADS}.json", data=form()) as response:
        assert response.status == 503
    assert (await call(marketo, "POST", f"{LEADS}.json", data=form()))["batchId"] == 2
    await control("POST /clock", {"advance": 60})
    assert (await control("GET /marketo/people"))["count"] == 1
