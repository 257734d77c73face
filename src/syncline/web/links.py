"""Connect links: made by who may command, shown once, redeemed once, for the source's side of one integration.

Law: to look at a link changes nothing, so that previews and prefetching cannot use it up; what redeems, refuses or
ends one is an event on the log of its integration.
"""

import secrets
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web

from syncline.core.brought import Brought, EndedLink, NewLink, SpentLink
from syncline.core.event import Actor, Event
from syncline.errors import ForbiddenError, NotFoundError, SynclineError
from syncline.store import links as stored
from syncline.store.links import Link, Standing
from syncline.web import commands, sessions, shown_once
from syncline.web.access import Who
from syncline.web.client_address import client_address
from syncline.web.entrance import UNKNOWN
from syncline.web.guests import LINK
from syncline.web.problems import request_id
from syncline.web.site import SITE, Site

PATH = "/connect/"
_KIND = LINK.rstrip("_")
_HOUR = 3600 * 1_000_000
#: How long the browser that redeemed a link may go on, if the link lasts that long.
_AGE = 12 * _HOUR

#: Why a link cannot be redeemed any more.
_OVER: dict[Standing, str] = {
    "in_use": "link.used",
    "used": "link.used",
    "expired": "link.expired",
    "revoked": "link.revoked",
    "ended": "link.ended",
}


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a browser gets for a link."""

    integration: str
    cookie: str
    seconds: int


async def make(site: Site, who: Who, integration: str, hours: int, *, request: str) -> tuple[Link, str]:
    """Make a link; answers it and its address, which is shown this once. Raises as `commands.send`."""
    proof, text = shown_once.make(_KIND)
    now = site.now()
    link = NewLink(LINK + proof.id, proof.hash, now + hours * _HOUR)
    data = {"link": link.id, "expires_at": link.expires_at, "shown": ["link"]}
    event = Event(integration, "link.made", f"made:{link.id}", who.actor, now, data, request=request, brings=(link,))
    commands.judge(site, await site.engine.handle(event))
    made = await site.store.read(partial(stored.link, integration=integration, id=link.id))
    return made, site.public_url + PATH + text


async def revoke(site: Site, who: Who, integration: str, id: str, *, request: str) -> None:  # noqa: A002  the house's word
    """End a link and the session of its browser; raises `NotFoundError`, and as `commands.send`."""
    link = await site.store.read(partial(stored.link, integration=integration, id=id))
    event = _event(site, link, "link.revoked", who.actor, request, brings=(EndedLink(id),))
    commands.judge(site, await site.engine.handle(event))


async def look(request: web.Request, text: str) -> Link:
    """Answer the link that a text stands for and that may be redeemed; raises what the catalogue says of it."""
    site = request.app[SITE]
    link, error = await _find(site, text)
    if link is not None and error is None:
        return link
    if isinstance(error, NotFoundError):
        await _count(request)
        await _note_unknown(request, error)
    raise error or NotFoundError("link.unknown")


async def owner(request: web.Request, text: str, who: Who | None) -> str:
    """Answer the integration of a link that the asking browser itself has redeemed; empty when it has not."""
    link, _ = await _find(request.app[SITE], text)
    return link.integration if link is not None and who is not None and who.key.id == link.id else ""


async def redeem(request: web.Request, text: str) -> Redeemed:
    """Redeem a link; raises what the catalogue says of it, and puts that on the log of the integration it is for."""
    site, address = request.app[SITE], client_address(request)
    link, error = await _find(site, text)
    if link is None or error is not None:
        await _count(request)  # Before the log: nobody may fill that without a key.
        if link is not None and error is not None:
            await _log_refusal(request, link, error)
        elif error is not None:
            await _note_unknown(request, error)
        raise error or NotFoundError("link.unknown")
    cookie, now = secrets.token_urlsafe(32), site.now()
    until = min(link.expires_at, now + _AGE)
    spent = SpentLink(link.id, sessions.hash_of(cookie), until)
    actor = Actor("link", link.id, via="link", address=address)
    event = _event(site, link, "link.redeemed", actor, request_id(request), brings=(spent,), until=until)
    outcome = await site.engine.handle(event)
    if not outcome.accepted:
        raise ForbiddenError("link.used", outcome.reason)
    return Redeemed(link.integration, cookie, (until - now) // 1_000_000)


async def leave(site: Site, who: Who, *, request: str) -> None:
    """End the link of a guest who goes."""
    (integration,) = who.key.integrations
    link = await site.store.read(partial(stored.link, integration=integration, id=who.key.id))
    await site.engine.handle(_event(site, link, "link.left", who.actor, request, brings=(EndedLink(link.id),)))


async def _find(site: Site, text: str) -> tuple[Link | None, SynclineError | None]:
    """Find the link that a text names, and why it cannot be redeemed; one whose secret is wrong is found as well."""
    proof = shown_once.read(_KIND, text)
    if proof is None:
        return None, NotFoundError("link.unknown", "it was not copied whole")
    link, own = await site.store.read(partial(stored.find_link, id=LINK + proof.id, hash=proof.hash))
    if link is None or not own:
        return link, NotFoundError("link.unknown")
    code = _OVER.get(link.standing(site.now()))
    return link, ForbiddenError(code) if code else None


async def _count(request: web.Request) -> None:
    """Count a try that names no link which can be redeemed; raises `ForbiddenError` when there are too many."""
    try:
        await request.app[SITE].sign_ins.count(client_address(request))
    except ForbiddenError as error:
        await _note_unknown(request, error)
        raise


async def _note_unknown(request: web.Request, error: SynclineError) -> None:
    """Put on the log of the service that somebody came with a link that is none, or too often to be looked at."""
    actor = Actor("link", UNKNOWN, via="link", address=client_address(request))
    id_ = request_id(request)
    await request.app[SITE].refusals.note("connect_link.refused", actor, error.code, error.detail, request=id_)


async def _log_refusal(request: web.Request, link: Link, error: SynclineError) -> None:
    site = request.app[SITE]
    # Who knows no more than the id of a link has not shown it.
    shown = UNKNOWN if isinstance(error, NotFoundError) else link.id
    actor = Actor("link", shown, via="link", address=client_address(request))
    event = _event(site, link, "link.redeemed", actor, request_id(request), refusal=str(error), refused_as=error.code)
    await site.engine.handle(event)


def _event(
    site: Site,
    link: Link,
    type_: str,
    actor: Actor,
    request: str,
    *,
    brings: tuple[Brought, ...] = (),
    refusal: str = "",
    **data: Any,  # noqa: ANN401  JSON
) -> Event:
    key = f"link:{secrets.token_hex(16)}"
    shown = {"link": link.id, **data}
    return Event(
        link.integration, type_, key, actor, site.now(), shown, request=request, brings=brings, refusal=refusal
    )
