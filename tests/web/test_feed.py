"""The event feed: nothing is missed and nothing comes twice, by pages, by waiting, by a stream that is cut off."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.web.pages.stage import Stage, build


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A site with nothing in it."""
    made = await build(tmp_path)
    yield made
    await made.close()


async def ask(stage: Stage, query: str = "", **headers: str) -> dict[str, Any]:
    """Ask for a page with an admin's session."""
    async with stage.client.get(f"/api/events?{query}", headers=await stage.cookie() | headers) as answer:
        assert answer.status == 200, await answer.text()
        page: dict[str, Any] = await answer.json()
        return page


async def whole(stage: Stage, query: str = "", limit: int = 3) -> list[dict[str, Any]]:
    """Put the pages together, until there is nothing behind the last."""
    items: list[dict[str, Any]] = []
    after, before = 0, -1
    while after != before:
        page = await ask(stage, f"after={after}&limit={limit}&{query}")
        before, after = after, page["next"]
        items += page["items"]
    return items


async def sent(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    """Read a stream: (the last id so far, the event)."""
    number, data = 0, {}
    async for line in answer.content:
        text = line.decode().strip()
        if text.startswith("id:"):
            number = int(text[3:])
        elif text.startswith("data:"):
            data = json.loads(text[5:])
        elif not text and data:
            yield number, data
            data = {}


@pytest.mark.slow
async def test_pages_tell_everything_once_and_in_order(stage: Stage) -> None:
    """For each integration the states follow one another without a gap, whatever the size of a page."""
    ids = [await stage.reach("syncing.waiting"), await stage.reach("verified.awaiting_field_sync")]
    items = await whole(stage, limit=1)
    assert items == await whole(stage, limit=1000)
    assert [item["position"] for item in items] == sorted(item["position"] for item in items)
    for id_, end in zip(ids, ("syncing.waiting", "verified.awaiting_field_sync"), strict=True):
        moves = [i["data"] for i in items if i["data"]["integration"] == id_ and i["type"].endswith("state_changed")]
        assert [move["from"] for move in moves] == ["", *[move["to"] for move in moves[:-1]]]
        assert moves[-1]["to"] == end
        assert await whole(stage, f"integration={id_}") == [i for i in items if i["data"]["integration"] == id_]
    finished = await whole(stage, "types=sync.finished,checks.passed")
    assert {item["type"] for item in finished} == {"sync.finished", "checks.passed"}
    assert finished == [item for item in items if item["type"] in {"sync.finished", "checks.passed"}]
    assert not any(item["data"]["integration"] == "service" for item in items)


async def test_an_empty_page_leads_on(stage: Stage) -> None:
    """What is behind the end is asked for from there, and comes when it happens."""
    id_ = await stage.reach("syncing.waiting")
    end = (await ask(stage, "limit=1000"))["next"]
    assert await ask(stage, f"after={end}") == {"items": [], "next": end}
    await stage.happen(id_, "pause.requested")
    (item,) = (await ask(stage, f"after={end}"))["items"]
    assert (item["data"]["to"], item["data"]["event"]) == ("syncing.paused", "pause.requested")


async def test_who_only_wants_what_comes_begins_at_the_end(stage: Stage) -> None:
    """And is told where that was, to go on from there."""
    id_ = await stage.reach("syncing.waiting")
    start = await ask(stage, "after=-1")
    assert start["items"] == []
    await stage.happen(id_, "pause.requested")
    assert [item["data"]["to"] for item in (await ask(stage, f"after={start['next']}"))["items"]] == ["syncing.paused"]


@pytest.mark.slow
async def test_waiting_answers_as_soon_as_something_happens(stage: Stage) -> None:
    """What does not concern the reader wakes nobody; without anything the answer comes when the time is up."""
    id_, other = await stage.reach("syncing.waiting"), await stage.reach("syncing.waiting", id_="in_other")
    end = (await ask(stage, "limit=1000"))["next"]
    waiting = asyncio.create_task(ask(stage, f"after={end}&integration={id_}&wait=30"))
    await stage.happen(other, "pause.requested")
    done, _ = await asyncio.wait({waiting}, timeout=0.2)
    assert not done
    await stage.happen(id_, "pause.requested")
    page = await asyncio.wait_for(waiting, 10)
    assert [item["data"]["integration"] for item in page["items"]] == [id_]
    assert (await ask(stage, f"after={page['next']}&wait=0.1"))["items"] == []


async def test_the_end_of_the_service_ends_the_waiting(stage: Stage) -> None:
    """An open request must not hold the shutdown up."""
    waiting = asyncio.create_task(ask(stage, "wait=60"))
    streaming = asyncio.create_task(ask_stream(stage))
    await asyncio.wait({waiting, streaming}, timeout=0.2)
    stage.site.stopping.set()
    assert (await asyncio.wait_for(waiting, 5))["items"] == []
    assert await asyncio.wait_for(streaming, 5) == []


async def ask_stream(stage: Stage) -> list[tuple[int, dict[str, Any]]]:
    """Read a stream to its end."""
    headers = await stage.cookie() | {"Accept": "text/event-stream"}
    async with stage.client.get("/api/events", headers=headers) as answer:
        return [each async for each in sent(answer)]


@pytest.mark.slow
async def test_a_stream_that_is_cut_off_anywhere_misses_nothing(stage: Stage) -> None:
    """A reader that comes back with its last id after each single event has seen all; a row's events stay together."""
    id_ = await stage.reach("syncing.waiting")
    everything = await whole(stage, limit=1000)
    headers = await stage.cookie() | {"Accept": "text/event-stream"}
    seen: list[dict[str, Any]] = []
    last = 0
    while not seen or seen[-1] != everything[-1]:
        async with stage.client.get("/api/events", headers=headers | {"Last-Event-ID": str(last)}) as answer:
            assert answer.content_type == "text/event-stream"
            events = sent(answer)
            number, event = await asyncio.wait_for(anext(events), 5)
            row = [event]
            while not number:  # The row has more to tell: the id comes with the last of it.
                number, event = await asyncio.wait_for(anext(events), 5)
                row.append(event)
        last, seen = number, [*seen, *row]
    assert seen == everything
    async with stage.client.get("/api/events", headers=headers | {"Last-Event-ID": str(last)}) as answer:
        await stage.happen(id_, "pause.requested")
        _, event = await asyncio.wait_for(anext(sent(answer)), 5)
        assert event["data"]["to"] == "syncing.paused"


@pytest.mark.parametrize("query", ["types=no.such", "after=-2", "limit=0", "wait=61", "unknown=1"])
async def test_what_cannot_be_asked_is_said_so(stage: Stage, query: str) -> None:
    """With the field that is wrong."""
    async with stage.client.get(f"/api/events?{query}", headers=await stage.cookie()) as answer:
        assert answer.status == 422
        assert query.partition("=")[0] in await answer.text()
