"""The live stream of one integration (server-sent events): its state and progress whenever its log grows.

An event's id is the `seq` it tells of. Each says the whole state, so one that was missed is not missed.
"""

import asyncio
import json
from functools import partial

from aiohttp import web
from aiohttp_sse import EventSourceResponse, sse_response

from syncline.core import documents
from syncline.core.guide import explain
from syncline.store.integrations import Integration, integration
from syncline.store.integrations import documents as read_documents
from syncline.store.record import Outcome
from syncline.store.transaction import Transaction
from syncline.web import access, guests
from syncline.web.access import Who
from syncline.web.site import SITE, Site

#: At most this often, in seconds: a sync run makes many events, and a page is read by a person.
_PAUSE = 0.25
#: A stream ends after this long, in seconds, so that the browser comes back and its session is looked at again.
_LONGEST = 600.0


async def follow(request: web.Request) -> web.StreamResponse:
    """Send the state now and after each event, until the browser leaves, the service stops or time is up."""
    person = access.require(request, "read")
    site, id_ = request.app[SITE], request.match_info["id"]
    seen = int(request.headers.get("Last-Event-ID", "0")) if request.headers.get("Last-Event-ID", "").isdecimal() else 0
    found = await site.store.read(partial(integration, id=id_))  # Before anything is sent: there may be none.
    changed = asyncio.Event()
    stop = site.engine.watch(partial(_notice, id_, changed))
    try:
        async with sse_response(request) as response:
            if found.seq > seen:
                changed.set()
            await _send_changes(site, person, id_, changed, response)
        return response
    finally:
        stop()


async def _send_changes(
    site: Site, person: Who, id_: str, changed: asyncio.Event, response: EventSourceResponse
) -> None:
    stopping = asyncio.ensure_future(site.stopping.wait())
    end = asyncio.get_running_loop().time() + _LONGEST
    try:
        while response.is_connected() and not stopping.done():
            change = asyncio.ensure_future(changed.wait())
            left = end - asyncio.get_running_loop().time()
            done, _ = await asyncio.wait({change, stopping}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            change.cancel()
            if change not in done or stopping.done():
                return
            changed.clear()
            # Whatever ends a link is such a change, but for time.
            if person.is_guest and await guests.find(site.store, person.session, site.now()) is None:
                return
            seq, text = await site.store.read(partial(_tell, site, id_))
            await response.send(text, id=str(seq), event="change")
            await asyncio.wait({stopping}, timeout=_PAUSE)
    finally:
        stopping.cancel()


def _notice(id_: str, changed: asyncio.Event, outcome: Outcome) -> None:
    if outcome.integration == id_:
        changed.set()


def _tell(site: Site, id_: str, tx: Transaction) -> tuple[int, str]:
    now: Integration = integration(tx, id=id_)
    stored = read_documents(tx, integration=id_)
    told = {
        "seq": now.seq,
        "state": now.state,
        "title": site.title(explain(now.state).title),
        "since": now.state_since,
        "problem": now.context.problem,
        "field_sync": stored.get(documents.FIELD_SYNC),
        "run": stored.get(documents.RUN),
        "objects": [body for name, body in stored.items() if name.startswith(documents.OBJECT_SYNC)],
    }
    return now.seq, json.dumps(told, separators=(",", ":"))
