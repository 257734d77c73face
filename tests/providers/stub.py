"""Small hand-made servers: one that answers what a test tells it, and one that speaks raw bytes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from syncline.config import Settings
from syncline.errors import GrantLostError
from syncline.providers import connect
from syncline.providers.port import Providers

#: (status, JSON document or bytes), or what makes a whole response.
Answer = tuple[int, Any] | Callable[[], web.Response]


@dataclass(frozen=True, slots=True)
class Heard:
    """One call that arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(slots=True)
class Stub:
    """Answers each path from its list; the last answer of a list is given again and again."""

    origin: str = ""
    heard: list[Heard] = field(default_factory=list)
    _answers: dict[str, list[Answer]] = field(default_factory=dict)

    def on(self, path: str, *answers: Answer) -> None:
        """Say what a path answers."""
        self._answers[path] = list(answers)

    def paths(self) -> list[str]:
        """Which paths were called, in order."""
        return [call.path for call in self.heard]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a call."""
        body = await request.read()
        self.heard.append(Heard(request.method, request.path, dict(request.query), dict(request.headers), body))
        answers = self._answers.get(request.path, [(404, b"no such path in this test")])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer):
            return answer()
        status, document = answer
        if isinstance(document, bytes):
            return web.Response(status=status, body=document)
        return web.json_response(document, status=status)


class FixedSession:
    """A session over tokens that a test made up; counts how often it was asked for another one."""

    def __init__(self, instance_url: str, *spares: str) -> None:
        """Start with the token `live`, then hand out `spares`."""
        self.instance_url = instance_url
        self.renewed: list[str] = []
        self._token = "live"
        self._spares = list(spares)

    async def access_token(self) -> SecretStr:
        """Answer the token of the moment."""
        return SecretStr(self._token)

    async def renew(self, dead: SecretStr) -> SecretStr:
        """Answer the next spare."""
        self.renewed.append(dead.get_secret_value())
        if not self._spares:
            raise GrantLostError("salesforce.grant_lost", "no more spares")
        self._token = self._spares.pop(0)
        return SecretStr(self._token)


@asynccontextmanager
async def stub_server() -> AsyncIterator[Stub]:
    """Run a stub on a free port."""
    stub = Stub()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stub.serve)
    async with TestServer(app) as server:
        stub.origin = f"http://127.0.0.1:{server.port}"
        yield stub


@asynccontextmanager
async def raw_server(
    behave: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """Run a server that reads the head of a request and then behaves as a test says; answers its origin."""
    running: set[asyncio.Task[None]] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            running.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await behave(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await server.wait_closed()


@asynccontextmanager
async def providers_for(*origins: str, **settings: Any) -> AsyncIterator[Providers]:  # noqa: ANN401  whatever settings there are
    """Connect both sides, allowed to speak to some origins besides the vendors'."""
    async with aiohttp.ClientSession() as http:
        yield connect(http, Settings(allow_hosts=origins, **settings))
