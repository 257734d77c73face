"""The data API of a simulated Salesforce behind a real port, and users who call it."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from syncline_sim.salesforce import data, gate, orgs, query, record_tables, tokens
from syncline_sim.world import World

BASE = "/services/data/v67.0"
USERNAME = "sync@acme.example"


class Api:
    """Calls the data API as one user."""

    def __init__(self, client: TestClient[web.Request, web.Application], token: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"}

    async def send(self, method: str, path: str, **options: Any) -> ClientResponse:  # noqa: ANN401 - aiohttp's own
        """Call a path, below the newest version unless it is a whole one."""
        headers = {**self.headers, **options.pop("headers", {})}
        address = path if path.startswith("/services") else BASE + path
        return await self.client.request(method, address, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> Any:  # noqa: ANN401 - whatever JSON is there
        """Answer the document of a GET."""
        response = await self.send("GET", path, **options)
        assert response.status == 200, await response.text()
        return await response.json()

    async def query(self, soql: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - aiohttp's own
        """Answer the first page of a query."""
        found: dict[str, Any] = await self.get("/query", params={"q": soql}, **options)
        return found

    async def refusal(self, method: str, path: str, **options: Any) -> tuple[int, str]:  # noqa: ANN401 - aiohttp's own
        """Answer the status and the code of a call that is refused."""
        response = await self.send(method, path, **options)
        document = await response.json()
        assert len(document) == 1, document
        assert document[0]["message"]
        return response.status, document[0]["errorCode"]


def log_in(world: World, username: str = USERNAME, scopes: str = "api refresh_token") -> tokens.Login:
    """Approve an app for a user, without the pages, and answer the login."""
    user = orgs.find_user(world.db, username)
    now = world.now()
    grant = world.db.execute(
        "INSERT INTO salesforce_grants (consumer_key, user_id, scopes, approved_at, used_at) VALUES ('', ?, ?, ?, ?)",
        (user.id, scopes, now, now),
    ).lastrowid
    return tokens.login(world, tokens.issue_access(world, grant or 0))


def ask(world: World, *soql: str) -> list[dict[str, Any]]:
    """Answer the first page of a query without HTTP; its parts are joined."""
    page = query.run(query.Caller(world, log_in(world), "67.0"), " ".join(soql))
    records: list[dict[str, Any]] = json.loads(page)["records"]
    return records


@pytest.fixture
def world() -> Iterator[World]:
    """A world with orgs and users and without records."""
    made = World(seed=1)
    orgs.populate(made)
    record_tables.create(made.db)
    yield made
    made.close()


@pytest.fixture
async def door(world: World) -> AsyncIterator[Callable[..., Api]]:
    """Answers the API as the user with some username sees it."""
    app = web.Application(middlewares=[gate.guard(world)])
    data.add_routes(app, world)
    async with TestClient(TestServer(app)) as client:
        yield lambda *who: Api(client, log_in(world, *who).token)


@pytest.fixture
def api(door: Callable[..., Api]) -> Api:
    """The API as the sync user of the main org sees it."""
    return door()
