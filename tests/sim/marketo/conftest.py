"""A simulated Marketo behind a real port, and an API user who calls it."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from syncline_sim.marketo import app as marketo
from syncline_sim.marketo.api_users import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from syncline_sim.world import World

CREDENTIALS = {
    "grant_type": "client_credentials",
    "client_id": DEFAULT_CLIENT_ID,
    "client_secret": DEFAULT_CLIENT_SECRET,
}


class ApiUser:
    """Calls the instance with a token that it asked for once."""

    def __init__(self, client: TestClient[web.Request, web.Application]) -> None:
        self.client = client
        self.headers: dict[str, str] = {}

    async def authenticate(self) -> None:
        """Ask for a token and use it from now on."""
        response = await self.client.get("/identity/oauth/token", params=CREDENTIALS)
        self.headers = {"Authorization": f"Bearer {(await response.json())['access_token']}"}

    async def send(self, method: str, path: str, **options: Any) -> ClientResponse:  # noqa: ANN401 - aiohttp's own
        """Call a path exactly as it is written."""
        url = URL(f"http://{self.client.host}:{self.client.port}{path}", encoded=True)
        return await self.client.session.request(method, url, headers=self.headers, **options)

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Answer the document of a GET."""
        response = await self.client.get(path, params=params, headers=self.headers)
        assert response.status == 200
        found: dict[str, Any] = await response.json()
        return found

    async def post(self, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Answer the document of a POST."""
        response = await self.client.post(path, json=document, headers=self.headers)
        assert response.status == 200
        found: dict[str, Any] = await response.json()
        return found

    async def upsert(self, *people: Mapping[str, Any], **options: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
        """Write people and answer their results."""
        answer = await self.post("/rest/v1/leads.json", {"input": people, **options})
        assert answer["success"], answer
        results: list[dict[str, Any]] = answer["result"]
        return results


def codes(answer: Mapping[str, Any]) -> list[str]:
    """Answer the codes with which a whole call was refused."""
    assert not answer["success"]
    return [error["code"] for error in answer["errors"]]


@pytest.fixture
def world() -> Iterator[World]:
    """A world with an empty instance."""
    made = World(seed=1)
    marketo.create(made)
    yield made
    made.close()


@pytest.fixture
async def user(world: World) -> AsyncIterator[ApiUser]:
    """The default API user, with a token."""
    app = web.Application(client_max_size=2**24)
    marketo.add_routes(app, world)
    server = TestServer(app)
    await server.start_server(max_line_size=2**14)  # An address that is too long has to get as far as the instance.
    async with TestClient(server) as client:
        made = ApiUser(client)
        await made.authenticate()
        yield made
