"""Programs with a token of one side, which call it over HTTP."""

import json
from typing import Any

import aiohttp
from yarl import URL

from syncline_sim.app import Simulation
from syncline_sim.marketo.api_users import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from tests.sim.person import Person

DATA = "/services/data/v67.0"
Answer = tuple[int, Any]


class Caller:
    """Somebody with a token."""

    def __init__(self, http: aiohttp.ClientSession, origin: str, token: str) -> None:
        self.http = http
        self.origin = origin
        self.headers = {"Authorization": f"Bearer {token}"}

    async def __call__(self, method: str, path: str, **options: Any) -> Answer:  # noqa: ANN401 - aiohttp's own
        """Call a path exactly as it is written; answer the status and the body, read as JSON where it is some."""
        url = URL(self.origin + path, encoded=True)
        async with self.http.request(method, url, headers=self.headers, **options) as response:
            text = await response.text()
            return response.status, json.loads(text) if text[:1] in ("{", "[") else text

    async def status(self, method: str, path: str, **options: Any) -> int:  # noqa: ANN401 - as above
        """Answer the status alone."""
        return (await self(method, path, **options))[0]

    async def query(self, soql: str) -> Answer:
        """Ask the simulated Salesforce for the first page of a query."""
        return await self("GET", f"{DATA}/query", params={"q": soql})


async def of_salesforce(person: Person, app: dict[str, Any]) -> Caller:
    """Answer a user of the simulated Salesforce who has approved an app."""
    token = (await person.grant(app))["access_token"]
    return Caller(person.http, str(person.salesforce).rstrip("/"), token)


async def of_marketo(http: aiohttp.ClientSession, simulation: Simulation) -> Caller:
    """Answer the API user of the simulated Marketo."""
    url = simulation.world.urls["marketo"]
    query = {
        "grant_type": "client_credentials",
        "client_id": DEFAULT_CLIENT_ID,
        "client_secret": DEFAULT_CLIENT_SECRET,
    }
    async with http.get(f"{url}/identity/oauth/token", params=query) as response:
        return Caller(http, url, (await response.json())["access_token"])
