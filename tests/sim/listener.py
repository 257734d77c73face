"""A real server that is called by the simulated vendors, keeps what it hears and answers what a test tells it to."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]
_PATIENCE = 5


@dataclass(frozen=True)
class Heard:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def says(status: int = 200, text: str = "", **options: str) -> Reply:
    """Answer with this."""

    async def reply(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, content_type="text/xml", headers=options)

    return reply


async def hangs(_: web.Request) -> web.StreamResponse:
    """Answer nothing, ever."""
    await asyncio.Event().wait()
    raise AssertionError


class Listener:
    """What has been heard, and what is answered next; the last answer is given again and again."""

    def __init__(self, reply: Reply) -> None:
        self.heard: list[Heard] = []
        self.replies = deque([reply])
        self.url = ""
        self._news = asyncio.Condition()

    def first(self, *replies: Reply) -> None:
        """Answer these before the others."""
        self.replies.extendleft(reversed(replies))

    async def wait(self, count: int) -> list[Heard]:
        """Answer the requests as soon as there are so many."""
        async with asyncio.timeout(_PATIENCE), self._news:
            await self._news.wait_for(lambda: len(self.heard) >= count)
        return self.heard

    async def _hear(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        async with self._news:
            self.heard.append(Heard(request.method, request.raw_path, request.headers.copy(), body))
            self._news.notify_all()
        reply = self.replies.popleft() if len(self.replies) > 1 else self.replies[0]
        return await reply(request)


@asynccontextmanager
async def listening(reply: Reply) -> AsyncIterator[Listener]:
    """Run a listener."""
    listener = Listener(reply)
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{path:.*}", listener._hear)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield listener
    await runner.cleanup()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what no listener hears."""
    async with asyncio.timeout(_PATIENCE):
        while not await condition():  # noqa: ASYNC110 - it becomes true in another task, or in another process
            await asyncio.sleep(0.01)
