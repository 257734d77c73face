"""A client of the streaming API that speaks Bayeux by hand, over a real socket."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from syncline_sim.app import Simulation
from tests.sim.salesforce.conftest import USERNAME, log_in

Reply = dict[str, Any]


class Stream:
    """One client: its token, the id that it was given, and what it sends."""

    def __init__(self, http: aiohttp.ClientSession, origin: str, token: str, version: str = "67.0") -> None:
        self.http = http
        self.origin = origin
        self.token = token
        self.address = f"{origin}/cometd/{version}"
        self.client = ""

    async def post(self, body: Any, *, scheme: str = "Bearer") -> list[Reply]:  # noqa: ANN401 - any JSON
        """Send messages as they are."""
        headers = {"Authorization": f"{scheme} {self.token}"} if self.token else {}
        async with self.http.post(self.address, json=body, headers=headers) as response:
            assert response.status == 200, await response.text()
            told: list[Reply] = await response.json()
            return told

    async def send(self, channel: str, **members: Any) -> Reply:  # noqa: ANN401 - any JSON
        """Send one message and answer the reply to it, which is the last one."""
        replies = await self.post([self.message(channel, **members)])
        return replies[-1]

    def message(self, channel: str, **members: Any) -> Reply:  # noqa: ANN401 - any JSON
        """Answer a message of this client."""
        return {"channel": channel, "clientId": self.client, **members}

    async def handshake(self) -> Reply:
        """Shake hands."""
        reply = await self.send("/meta/handshake", version="1.0", supportedConnectionTypes=["long-polling"], id="h")
        self.client = reply.get("clientId", "")
        return reply

    async def open(self, *channels: str, replay: Any = None) -> None:  # noqa: ANN401 - any JSON
        """Shake hands, connect for the first time, and subscribe."""
        await self.handshake()
        await self.send("/meta/connect", connectionType="long-polling")
        for channel in channels:
            assert (await self.subscribe(channel, replay))["successful"]

    async def subscribe(self, channel: str, replay: Any = None) -> Reply:  # noqa: ANN401 - any JSON
        """Subscribe, with a replay id if one is named."""
        ext = {} if replay is None else {"ext": {"replay": {channel: replay}}}
        return await self.send("/meta/subscribe", subscription=channel, **ext)

    async def wait(self, *, seconds: float | None = None) -> list[Reply]:
        """Connect, held for so long, or until there is something."""
        advice = {} if seconds is None else {"advice": {"timeout": seconds * 1000}}
        return await self.post([self.message("/meta/connect", connectionType="long-polling", **advice)])

    async def events(self) -> list[Reply]:
        """Answer what there is now."""
        return [reply["data"] for reply in await self.wait(seconds=0) if "data" in reply]

    async def headers(self) -> list[Reply]:
        """Answer the headers of the events that there are now."""
        return [event["payload"]["ChangeEventHeader"] for event in await self.events()]

    async def rest(self, method: str, path: str, body: Any = None, **headers: str) -> Any:  # noqa: ANN401 - any JSON
        """Call the REST API as the same user."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        address = f"{self.origin}/services/data/v67.0{path}"
        sent = {"Authorization": f"Bearer {self.token}", **named}
        async with self.http.request(method, address, json=body, headers=sent) as response:
            text = await response.text()
            assert response.ok, text
            return json.loads(text) if text else None


async def held(simulation: Simulation) -> None:
    """Wait until the newest call is a connect that is being held."""
    while True:
        calls = simulation.calls.newest(1)
        if calls and calls[0]["operation"] == "streaming" and calls[0]["status"] is None:
            return
        await asyncio.sleep(0.01)


@pytest.fixture
def streams(simulation: Simulation, http: aiohttp.ClientSession) -> Callable[..., Stream]:
    """Answers a client of a user, who has just logged in."""

    def make(username: str = USERNAME, version: str = "67.0") -> Stream:
        world = simulation.world
        return Stream(http, world.urls["salesforce"], log_in(world, username).token, version)

    return make


@pytest.fixture
def stream(streams: Callable[..., Stream]) -> Stream:
    """A client of the sync user."""
    return streams()
