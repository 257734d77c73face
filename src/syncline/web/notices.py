"""Calls of the two sides: the secret address first, then read by the provider's own code, recorded, and acknowledged.

Law: a call gets its 2xx only after all that it tells is committed, or kept in the inbox where it cannot be read. What
neither side can mend by sending it again is acknowledged all the same, or it would come for a day.
"""

import secrets
from functools import partial

import msgspec
from aiohttp import hdrs, web

from syncline import credentials
from syncline.core.brought import WantedRecord
from syncline.core.event import Actor, Event
from syncline.errors import ForbiddenError, InputError, NotFoundError, SynclineError
from syncline.providers.notices import Delivery, Notice, NoticeDoor, Reading
from syncline.store.hooks import Door
from syncline.store.integrations import integration as find_integration
from syncline.store.record import Outcome
from syncline.web.client_address import client_address
from syncline.web.hook_rows import note_opening, note_refusal
from syncline.web.hook_secrets import fits, sides
from syncline.web.inbox_arrivals import arrival
from syncline.web.problems import request_id
from syncline.web.site import SITE, Site

#: What the keys of a side's events begin with.
_KEYS = {"source": "notice", "target": "call"}


def add_routes(app: web.Application) -> None:
    """Add the address of each side."""
    for door, side in sides(app[SITE]).items():
        app.router.add_post(f"/hooks/{{id}}/{side.name}/{{token}}", partial(receive, door))


async def receive(door: Door, request: web.Request) -> web.StreamResponse:
    """Check, record and acknowledge one call."""
    site, integration = request.app[SITE], request.match_info["id"]
    side, body = sides(site)[door], None
    try:
        body = side.redact(await _authenticate(site, door, side, request))
        reading = await read(site, integration, side, request.content_type, body)
        actor = actor_of(door, integration, "notification", client_address(request))
        count = len(await take(site, door, reading, actor, request=request_id(request)))
        await _keep_unread(request, door, body, reading)
    except web.HTTPRequestEntityTooLarge:
        too_large = InputError("request.too_large")
        site.inbox.note(arrival(request, door, too_large, site.now()))
        await note_refusal(request, door, too_large, request_id(request), known=False)
        raise
    except SynclineError as error:
        site.metrics.count_refused_hook(error.code)
        site.inbox.note(arrival(request, door, error, site.now(), body=body))
        await note_refusal(request, door, error, request_id(request), known=body is not None)
        raise
    media_type, answer = side.acknowledge(count)
    return web.Response(body=answer, content_type=media_type)


async def read(site: Site, integration: str, side: NoticeDoor, media_type: str, body: bytes) -> Reading:
    """Read a call whose sender is known; raises `InputError`, `ForbiddenError`, `NotFoundError`."""
    context = (await site.store.read(partial(find_integration, id=integration))).context
    return side.read(Delivery(media_type, body, context.org_id if context.pinned else ""))


def actor_of(door: Door, integration: str, via: str, address: str = "") -> Actor:
    """Answer the side that a door belongs to, as events name it."""
    return Actor("source" if door == "source" else "target", integration, via, address)


async def take(
    site: Site, door: Door, reading: Reading, actor: Actor, *, cause: str = "", request: str = ""
) -> list[Outcome]:
    """Record each thing that a call tells as an event of its own, in the order told.

    The actor is the side, by the integration's id. Raises `UnavailableError` when one could not be recorded.
    """
    made = partial(_event, door, Event(actor.id, "", "", actor, site.now(), cause=cause, request=request))
    return await site.engine.handle_in_order(map(made, reading.notices))


def _event(door: Door, base: Event, notice: Notice) -> Event:
    """Make an event of a notice; a repetition has the same key, and what has no name is never one."""
    return msgspec.structs.replace(
        base,
        type=notice.type,
        key=f"{_KEYS[door]}:{notice.name or secrets.token_hex(16)}",
        data=dict(notice.data),
        brings=(WantedRecord(notice.wants),) if notice.wants else (),
        refusal=notice.refusal,
    )


async def _authenticate(site: Site, door: Door, side: NoticeDoor, request: web.Request) -> bytes:
    """Answer the body of a call that has shown the secrets; raises what it is refused for."""
    if hdrs.CONTENT_ENCODING in request.headers:
        raise InputError("request.media_type", "the body has to be sent as it is, without Content-Encoding")
    try:
        living = await credentials.open_hook(site.store, site.vault, request.match_info["id"], door, site.now())
    except NotFoundError:
        raise NotFoundError("hook.unknown") from None
    await note_opening(request, door, request_id(request))
    header = request.headers.get(side.header, "") if side.header else None
    fitting = [fits(secret, request.match_info["token"], header) for secret, _ in living]
    if not any(fitting):
        raise ForbiddenError("hook.wrong_secret")
    return await request.read()


async def _keep_unread(request: web.Request, door: Door, body: bytes, reading: Reading) -> None:
    """Keep what could not be read in a call that is acknowledged, before it is."""
    site = request.app[SITE]
    errors = [(part.name, InputError("hook.malformed", part.reason)) for part in reading.unread]
    await site.inbox.keep(*(arrival(request, door, error, site.now(), name=name, body=body) for name, error in errors))
    for _, error in errors:
        await note_refusal(request, door, error, request_id(request), known=True)
