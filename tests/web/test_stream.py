"""The live stream: the state at once, each change after it, nothing twice, and an end when the service stops."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.web.pages.journey import PLANTED
from tests.web.pages.stage import Stage, build


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A site with nothing in it."""
    made = await build(tmp_path)
    yield made
    await made.close()


async def changes(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    """Read the changes of a stream: (id, what it tells)."""
    number = 0
    async for line in answer.content:
        text = line.decode().strip()
        if text.startswith("id:"):
            number = int(text[3:])
        if text.startswith("data:"):
            yield number, json.loads(text[5:])


async def test_stream_tells_the_state_and_each_change(stage: Stage) -> None:
    """The id is the `seq`; no secret is in it."""
    id_ = await stage.reach("syncing.waiting")
    async with stage.client.get(f"/i/{id_}/stream", headers=await stage.cookie()) as answer:
        assert answer.content_type == "text/event-stream"
        told = changes(answer)
        first, now = await asyncio.wait_for(anext(told), 5)
        assert (now["state"], now["seq"]) == ("syncing.waiting", first)
        assert [one["object"] for one in now["objects"]] == ["Contact", "Lead"]
        await stage.happen(id_, "pause.requested")
        second, now = await asyncio.wait_for(anext(told), 5)
        assert (second, now["state"], now["title"]) == (first + 1, "syncing.paused", "Paused")
        assert not any(secret in json.dumps(now) for secret in PLANTED.values())


async def test_stream_resumes_behind_what_was_seen(stage: Stage) -> None:
    """A browser that comes back with the last id hears of nothing it has seen."""
    id_ = await stage.reach("syncing.waiting")
    headers = await stage.cookie()
    async with stage.client.get(f"/i/{id_}/stream", headers=headers) as answer:
        seen, _ = await asyncio.wait_for(anext(changes(answer)), 5)
    async with stage.client.get(f"/i/{id_}/stream", headers=headers | {"Last-Event-ID": str(seen)}) as answer:
        await stage.happen(id_, "pause.requested")
        next_, now = await asyncio.wait_for(anext(changes(answer)), 5)
        assert (next_, now["state"]) == (seen + 1, "syncing.paused")


async def test_other_integrations_are_not_heard(stage: Stage) -> None:
    """A stream is of one integration."""
    id_ = await stage.reach("syncing.waiting")
    other = await stage.reach("syncing.paused")
    async with stage.client.get(f"/i/{id_}/stream", headers=await stage.cookie()) as answer:
        told = changes(answer)
        await asyncio.wait_for(anext(told), 5)
        await stage.happen(other, "resume.requested")
        await stage.happen(id_, "pause.requested")
        _, now = await asyncio.wait_for(anext(told), 5)
        assert now["state"] == "syncing.paused"


async def test_many_changes_at_once_are_told_together(stage: Stage) -> None:
    """A run of events ends in what holds last, in fewer messages than events."""
    id_ = await stage.reach("syncing.initial_sync")
    async with stage.client.get(f"/i/{id_}/stream", headers=await stage.cookie()) as answer:
        told = changes(answer)
        seen, _ = await asyncio.wait_for(anext(told), 5)
        for _ in range(40):
            await stage.happen(id_, "sync.progressed")
        messages = 0
        last = seen
        while last < seen + 40:
            last, _ = await asyncio.wait_for(anext(told), 5)
            messages += 1
        assert messages < 40


async def test_stream_ends_when_the_service_stops(stage: Stage) -> None:
    """Shutting down is not held up, and nobody goes on watching the engine."""
    id_ = await stage.reach("syncing.waiting")
    before = len(stage.site.engine._watchers)
    async with stage.client.get(f"/i/{id_}/stream", headers=await stage.cookie()) as answer:
        told = changes(answer)
        await asyncio.wait_for(anext(told), 5)
        assert len(stage.site.engine._watchers) == before + 1
        stage.site.stopping.set()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(told), 5)
    assert len(stage.site.engine._watchers) == before


async def test_stream_of_nothing_is_an_error(stage: Stage) -> None:
    """Neither a stranger nor an unknown integration gets a stream."""
    assert (await stage.client.get("/i/in_none/stream", headers=await stage.cookie())).status == 404
    assert (await stage.client.get("/i/in_none/stream")).status == 401
