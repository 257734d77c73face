"""A listener of the simulated org, as a test asks it one thing after the other."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from syncline.providers.stream import Opened, Told
from tests.providers.test_simulated import Renewing, Scene

_DEADLINE_SECONDS = 10.0


class Listener:
    """Someone who listens with a grant."""

    def __init__(self, scene: Scene, session: Renewing, stream: AsyncIterator[Opened | tuple[Told, ...]]) -> None:
        """Take what is listened to."""
        self.scene, self.session, self._stream = scene, session, stream
        self.opened: list[Opened] = []

    async def next(self) -> tuple[Told, ...]:
        """Answer what is told next, if it is anything, and keep each opening."""
        async with asyncio.timeout(_DEADLINE_SECONDS):
            while True:
                news = await anext(self._stream)
                if isinstance(news, Opened):
                    self.opened.append(news)
                elif news:
                    return news

    async def open(self) -> Opened:
        """Answer the next opening; nothing may be told before it."""
        async with asyncio.timeout(_DEADLINE_SECONDS):
            while not isinstance(news := await anext(self._stream), Opened):
                assert not news
        self.opened.append(news)
        return news


@asynccontextmanager
async def listening(
    scene: Scene, session: Renewing | None = None, after: Mapping[str, str] | None = None
) -> AsyncIterator[Listener]:
    """Listen for the length of a block."""
    session = session or await scene.log_in()
    stream = scene.providers.source.changes.follow(session, user=session.grant.user_id, after=after or {})
    listener = Listener(scene, session, stream)
    try:
        yield listener
    finally:
        await stream.aclose()  # type: ignore[attr-defined]  # it is a generator


async def change(scene: Scene, object_name: str = "Lead", count: int = 1, **more: Any) -> list[str]:  # noqa: ANN401  JSON
    """Let a person change records; answers their ids."""
    made = await scene.control(
        "POST /records", {"object": object_name, "change": {"Title": "T"}, "count": count} | more
    )
    return list(made["ids"])


async def write(session: Renewing, object_name: str, record: str, **headers: str) -> None:
    """Write a record by the API, as the user of the session."""
    url = f"{session.instance_url}/services/data/v66.0/sobjects/{object_name}/{record}"
    sent = {"Authorization": f"Bearer {session.grant.access_token.get_secret_value()}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession() as http, http.patch(url, json={"Title": "Ours"}, headers=sent) as response:
        assert response.status == 204, await response.text()
