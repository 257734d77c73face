"""The event feed: what subscriptions are sent, for those who cannot receive it: page by page, waiting, or as a stream.

Law: whoever goes on from the position they were given last misses nothing, however long they were away, unless
retention has let the rows go in the meantime.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

import msgspec
from aiohttp import hdrs, web
from aiohttp_sse import EventSourceResponse, sse_response
from pydantic import AfterValidator, Field

from syncline.core.announcement import KINDS, Facts, moment_of
from syncline.store.checkpoints import log_end
from syncline.store.feed import Told, Wanted, told
from syncline.web.models import Model
from syncline.web.site import Site

STREAM = "text/event-stream"
#: A stream ends after this long, in seconds, so that the key is looked at again when its reader comes back.
_LONGEST = 600.0
_ROWS_AT_ONCE = 500
_MOST_LOOKS = 20  #: at pages of rows that tell nothing to this reader, for one request


def _known(types: str) -> str:
    unknown = [name for name in types.split(",") if name and name not in KINDS]
    if unknown:
        raise ValueError(f"there is no type {unknown[0]}; there are {', '.join(KINDS)}")
    return types


class FeedAsked(Model):
    """What is wanted of the feed, from where on, and whether to wait for it."""

    after: int = Field(0, ge=-1, le=2**62)
    """The position to go on behind: `next` of the page before, or the id of the last event of a stream; -1 is the end
    of the log, for those who only want what comes."""
    integration: str = Field("", max_length=64)
    types: Annotated[str, AfterValidator(_known)] = Field("", max_length=1000)
    """Types with commas between them; without it, all."""
    limit: int = Field(100, ge=1, le=1000)
    """How many rows to tell of at most; a row may lead to several events, which are never parted."""
    wait: float = Field(0, ge=0, le=60)
    """How many seconds to wait for something to tell, when there is nothing yet."""


class FeedFacts(Model):
    """What happened, as a delivery of a subscription says it: ids, states, codes and numbers, nothing personal."""

    integration: str
    seq: int
    event: str
    to: str
    origin: str = Field("", alias="from")
    problem: str = ""
    run: int = 0
    objects: dict[str, dict[str, int]] = Field(default_factory=dict)
    retry_after: float = 0


class FeedEvent(Model):
    """One event of the feed."""

    position: int
    """Of the row of the log that it tells of; two events of one row have the same."""
    type: str
    timestamp: str
    """ISO 8601, UTC."""
    data: FeedFacts


class Feed(Model):
    """A page of the feed; `next` is what to ask behind, also when the page is empty."""

    items: tuple[FeedEvent, ...]
    next: int


async def page(site: Site, asked: FeedAsked, *, only: tuple[str, ...]) -> Feed:
    """Answer what is there, at once or after up to `wait` seconds; `only` are the integrations that the key is for."""
    wanted = _wanted(asked, only)
    after, end = await _start(site, asked.after), asyncio.get_running_loop().time() + asked.wait
    with _changes(site) as changed:
        while True:
            changed.clear()
            after, found = await _look(site, wanted, after, asked.limit)
            left = end - asyncio.get_running_loop().time()
            if found or left <= 0 or site.stopping.is_set():
                return Feed(items=tuple(map(_view, found)), next=after)
            await _either(changed, site.stopping, left)


async def stream(site: Site, request: web.Request, asked: FeedAsked, *, only: tuple[str, ...]) -> web.StreamResponse:
    """Send events as they happen (server-sent events); one that comes back says `Last-Event-ID` and misses nothing."""
    wanted, last = _wanted(asked, only), request.headers.get("Last-Event-ID", "")
    seen = int(last) if last.isascii() and last.isdecimal() and len(last) < 19 else asked.after  # noqa: PLR2004
    after = await _start(site, seen)
    end = asyncio.get_running_loop().time() + _LONGEST
    with _changes(site) as changed:
        async with sse_response(request) as response:
            while response.is_connected() and not site.stopping.is_set():
                changed.clear()
                after, found = await _look(site, wanted, after, asked.limit)
                for each in found:
                    await _send(response, each)
                left = end - asyncio.get_running_loop().time()
                if left <= 0:
                    break
                if not found:
                    await _either(changed, site.stopping, left)
        return response


def streams(request: web.Request) -> bool:
    """Whether a request asks for a stream."""
    return STREAM in request.headers.get(hdrs.ACCEPT, "")


async def _start(site: Site, after: int) -> int:
    return after if after >= 0 else await site.store.read(log_end)


async def _look(site: Site, wanted: Wanted, after: int, limit: int) -> tuple[int, list[Told]]:
    """Read on until there is something to tell, or nothing more to read."""
    found: list[Told] = []
    for _ in range(_MOST_LOOKS):
        before = after
        narrow = wanted.types or wanted.only
        most = max(limit, _ROWS_AT_ONCE) if narrow else limit
        after, found = await site.store.read(partial(told, wanted=wanted, after=after, most=most))
        if found or after == before:
            break
    return after, found


async def _send(response: EventSourceResponse, each: Told) -> None:
    """The id comes with the last event of a row only: whoever is cut off before it is sent the whole row again."""
    text = _view(each).model_dump_json(by_alias=True)
    await response.send(text, event=each.announcement.type, id=str(each.position) if each.last else None)


def _wanted(asked: FeedAsked, only: tuple[str, ...]) -> Wanted:
    return Wanted(asked.integration, frozenset(filter(None, asked.types.split(","))), only)


def _view(each: Told) -> FeedEvent:
    said = each.announcement
    return FeedEvent(
        position=each.position, type=said.type, timestamp=moment_of(said.at), data=FeedFacts(**_plain(said.facts))
    )


def _plain(facts: Facts) -> dict[str, Any]:
    return msgspec.structs.asdict(facts)


@contextmanager
def _changes(site: Site) -> Iterator[asyncio.Event]:
    """Give an event that is set after each commit."""
    changed = asyncio.Event()
    stop = site.engine.watch(lambda _: changed.set())
    try:
        yield changed
    finally:
        stop()


async def _either(changed: asyncio.Event, stopping: asyncio.Event, seconds: float) -> None:
    """Wait until something has changed, the service stops, or time is up."""
    waits = {asyncio.ensure_future(changed.wait()), asyncio.ensure_future(stopping.wait())}
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
