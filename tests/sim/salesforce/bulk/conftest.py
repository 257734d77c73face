"""Bulk jobs over the wire."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from syncline_sim.salesforce import data, gate
from syncline_sim.salesforce.bulk import async_routes, routes
from syncline_sim.world import World
from tests.sim.salesforce.bulk.async_door import AsyncDoor
from tests.sim.salesforce.conftest import Api, log_in


class Jobs:
    """Jobs of one user, by the data API."""

    def __init__(self, api: Api) -> None:
        self.api = api

    async def create(self, kind: str, **order: str) -> dict[str, Any]:
        """Create a job."""
        response = await self.api.send("POST", f"/jobs/{kind}", json=order)
        assert response.status == 200, await response.text()
        return dict(await response.json())

    async def query(self, soql: str, **order: str) -> str:
        """Create a query job and answer its id."""
        return str((await self.create("query", **{"operation": "query", **order}, query=soql))["id"])

    async def load(self, data: bytes | str, **order: str) -> str:
        """Create an ingest job, upload, close it, and answer its id."""
        job = await self.create("ingest", **{"object": "Lead", "operation": "insert", **order})
        assert (await self.upload(job["id"], data)).status == 201
        await self.move(job["id"], "UploadComplete")
        return str(job["id"])

    async def upload(self, job: str, data: Any) -> Any:  # noqa: ANN401 - aiohttp's own
        """Upload to a job."""
        headers = {"Content-Type": "text/csv; charset=UTF-8"}
        return await self.api.send("PUT", f"/jobs/ingest/{job}/batches", data=data, headers=headers)

    async def move(self, job: str, state: str, kind: str = "ingest") -> dict[str, Any]:
        """Put a job into another state."""
        response = await self.api.send("PATCH", f"/jobs/{kind}/{job}", json={"state": state})
        assert response.status == 200, await response.text()
        return dict(await response.json())

    async def state(self, job: str, kind: str = "ingest") -> dict[str, Any]:
        """Ask about a job."""
        return dict(await self.api.get(f"/jobs/{kind}/{job}"))

    async def text(self, job: str, part: str) -> str:
        """Answer results of an ingest job."""
        response = await self.api.send("GET", f"/jobs/ingest/{job}/{part}")
        assert response.status == 200, await response.text()
        assert response.content_type == "text/csv"
        return str(await response.text())


@pytest.fixture
async def door(world: World) -> AsyncIterator[Callable[..., Api]]:
    """Answers the API, with bulk jobs, as the user with some username sees it."""
    app = web.Application(middlewares=[gate.guard(world)])
    routes.add_routes(app, world)
    data.add_routes(app, world)
    async with TestClient(TestServer(app)) as client:
        yield lambda *who: Api(client, log_in(world, *who).token)


@pytest.fixture
def jobs(api: Api) -> Jobs:
    """The jobs of the sync user."""
    return Jobs(api)


@pytest.fixture
async def async_door(world: World) -> AsyncIterator[AsyncDoor]:
    """Bulk API 1.0 as the sync user sees it."""
    app = web.Application(client_max_size=16 * 2**20)
    async_routes.add_routes(app, world)
    async with TestClient(TestServer(app)) as client:
        yield AsyncDoor(client, log_in(world).token)
