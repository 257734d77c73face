"""A whole world with webhooks, and the default API user of its Marketo."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from syncline_sim.app import Simulation
from syncline_sim.marketo.api_users import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from tests.sim.conftest import ControlDoor
from tests.sim.listener import Listener, listening, says, until

CALL_WEBHOOK = 110


@dataclass
class Webhooks:
    """Defines webhooks by the control door, and acts as an API user."""

    control: ControlDoor
    listener: Listener
    http: aiohttp.ClientSession
    origin: str
    headers: dict[str, str]

    async def define(self, **wanted: Any) -> int:  # noqa: ANN401 - what JSON holds
        """Define a webhook and answer its number."""
        plain = {"name": "Enrich", "url": f"{self.listener.url}/hook", "template": '{"id": {{lead.Id}}}'}
        made = await self.control("POST /marketo/webhooks", {**plain, **wanted})
        number: int = made["id"]
        return number

    async def call(self, call: str, document: Any = None, **options: Any) -> Any:  # noqa: ANN401 - as above
        """Call the REST API and answer what it says."""
        method, path = call.split()
        if document is not None:
            options["json"] = document
        async with self.http.request(method, self.origin + path, headers=self.headers, **options) as response:
            answer = json.loads(await response.text())
            assert answer["success"], answer
            return answer

    async def upsert(self, *people: dict[str, Any]) -> list[int]:
        """Write people and answer their ids."""
        answer = await self.call("POST /rest/v1/leads.json", {"input": people})
        return [result["id"] for result in answer["result"]]

    async def person(self, number: int, *fields: str) -> dict[str, Any]:
        """Answer some fields of a person."""
        answer = await self.call(f"GET /rest/v1/lead/{number}.json?fields={','.join(fields)}")
        found: dict[str, Any] = answer["result"][0]
        return {name: found[name] for name in fields}

    async def done(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait until so many calls are over, and answer them."""
        found: list[dict[str, Any]] = []

        async def over() -> bool:
            found[:] = (await self.control("GET /marketo/webhooks"))["calls"]
            return len(found) >= count and all(call["state"] == "done" for call in found)

        await until(over)
        return found

    async def told(self) -> list[dict[str, Any]]:
        """Answer what the activity log tells of webhooks: who, which, and how it went."""
        token = (await self.call("GET /rest/v1/activities/pagingtoken.json?sinceDatetime=2026-01-01"))["nextPageToken"]
        path = f"/rest/v1/activities.json?activityTypeIds={CALL_WEBHOOK}&nextPageToken={token}"
        found = (await self.call(f"GET {path}")).get("result", [])
        return [
            {
                "person": one["leadId"],
                "webhook": one["primaryAttributeValue"],
                **{pair["name"]: pair["value"] for pair in one["attributes"]},
            }
            for one in found
        ]


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """A listener that answers a little JSON."""
    async with listening(says(text='{"ok": true}')) as found:
        yield found


@pytest.fixture
async def webhooks(
    simulation: Simulation, control: ControlDoor, http: aiohttp.ClientSession, listener: Listener
) -> Webhooks:
    """The webhooks of the world."""
    origin = simulation.world.urls["marketo"]
    asked = {
        "grant_type": "client_credentials",
        "client_id": DEFAULT_CLIENT_ID,
        "client_secret": DEFAULT_CLIENT_SECRET,
    }
    async with http.get(f"{origin}/identity/oauth/token", params=asked) as response:
        token = (await response.json())["access_token"]
    return Webhooks(control, listener, http, origin, {"Authorization": f"Bearer {token}"})
