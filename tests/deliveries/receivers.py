"""Subscribers' endpoints on this machine, which remember what they got and answer what they are told to."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web


@dataclass
class Call:
    """One request that a subscriber got."""

    name: str
    headers: dict[str, str]
    raw: bytes
    body: dict[str, Any]


@dataclass
class Receiver:
    """A subscriber's endpoint: what it got, and what it answers, one after the other, the last for ever."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: list[int | tuple[int, dict[str, str]]] = field(default_factory=lambda: [204])
    #: By the integration that a message is about: what it is always answered.
    by_integration: dict[str, int] = field(default_factory=dict)
    #: While it is set, nothing is answered.
    stuck: asyncio.Event | None = None

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Take a request."""
        raw = await request.read()
        body = msgspec.json.decode(raw)
        self.calls.append(Call(request.headers["webhook-id"], dict(request.headers), raw, body))
        if self.stuck is not None:
            await self.stuck.wait()
        own = self.by_integration.get(body["data"].get("integration", ""))
        answer = own or (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        return web.Response(status=status, headers=headers)

    def seen(self, integration: str = "") -> list[int]:
        """Answer the sequence numbers that have come, in their order."""
        return [call.body["sequence"] for call in self.calls if integration in {"", call.body["data"]["integration"]}]


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[str, defaultdict[str, Receiver]]]:
    """Serve endpoints by their names; answers the origin, and the endpoints, each made when it is asked for."""
    receivers: defaultdict[str, Receiver] = defaultdict(Receiver)

    async def take(request: web.Request) -> web.StreamResponse:
        return await receivers[request.match_info["name"]].take(request)

    app = web.Application()
    app.router.add_post("/{name}", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", receivers
    finally:
        for receiver in receivers.values():
            if receiver.stuck is not None:
                receiver.stuck.set()
        await runner.cleanup()
