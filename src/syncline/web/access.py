"""Who is asking, and what they may do: bearer keys and browser sessions, roles and rights, and the guard against CSRF.

Law: an unsafe request that a browser could have been tricked into is refused before any handler sees it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from syncline.core.event import EVENTS, SERVICE, Actor
from syncline.errors import ForbiddenError, NotFoundError
from syncline.store.access import ApiKey, Role
from syncline.store.integrations import exists
from syncline.web import entrance, guests, sessions
from syncline.web.client_address import client_address
from syncline.web.problems import request_id
from syncline.web.routes import template
from syncline.web.site import SITE, Site

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Right = Literal["read", "export", "command", "administer"]

#: What each role may do. A viewer reads, an auditor also takes the log away, an operator also commands. A guest does
#: so where `guests.ROUTES` lets one.
RIGHTS: dict[Role, frozenset[Right]] = {
    "viewer": frozenset({"read"}),
    "auditor": frozenset({"read", "export"}),
    "operator": frozenset({"read", "command"}),
    "admin": frozenset({"read", "export", "command", "administer"}),
    "guest": frozenset({"read", "command"}),
}

#: The routes of single integrations: `id` is that of the integration.
_OF_ONE = ("/api/integrations/{id}", "/i/{id}")
#: What is put on the log here; other refusals are where they are made.
_REFUSED = frozenset({"access.forbidden", "access.csrf", "link.over"})
_SAFE_METHODS = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})


@dataclass(frozen=True, slots=True)
class Who:
    """A person or a program that has shown a key, or a guest, for whom one stands that is not stored."""

    key: ApiKey
    via: Literal["bearer", "session", "link"]
    address: str = ""
    #: The hash of the session's cookie; empty for a bearer.
    session: bytes = b""

    @property
    def actor(self) -> Actor:
        """As events name them."""
        return Actor("link" if self.is_guest else "person", self.key.id, via=self.via, address=self.address)

    @property
    def is_guest(self) -> bool:
        """Whether they came by a connect link."""
        return self.key.role == "guest"

    def may(self, right: Right) -> bool:
        """Whether their role has a right."""
        return right in RIGHTS[self.key.role]

    def may_send(self, event: str) -> bool:
        """Whether an event is theirs to send."""
        return self.may("command") and self.actor.kind in EVENTS[event].senders


_WHO = web.RequestKey("who", Who)


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who asks and refuse forged requests; what they may do is asked by the handlers (`require`)."""
    try:
        return await _let_in(request, handler)
    except ForbiddenError as error:
        if error.code in _REFUSED and not error.noted:
            await _note_refusal(request, error)
        raise


def who(request: web.Request) -> Who | None:
    """Answer who is asking, None when they have not said so or it is not true."""
    return request.get(_WHO)


def require(request: web.Request, right: Right) -> Who:
    """Answer who is asking; raises `ForbiddenError` when they are unknown or have no such right."""
    found, for_guests = who(request), (request.method, template(request)) in guests.ROUTES
    if found is None:
        if for_guests and guests.COOKIE in request.cookies:
            raise ForbiddenError("link.over")
        raise ForbiddenError("access.unauthenticated", "show an API key, or sign in with one")
    if found.is_guest and not for_guests:
        raise ForbiddenError("access.forbidden", "a connect link opens the page of its integration and nothing else")
    if not found.may(right):
        raise ForbiddenError("access.forbidden", f"the role {found.key.role} does not have the right to {right}")
    return found


def refuse_forged(request: web.Request, public_url: str) -> None:
    """Raise `ForbiddenError` for an unsafe request that another site may have made a browser send.

    A browser says where a request comes from (`Sec-Fetch-Site`, else `Origin`); a page cannot set either, nor an
    `Authorization` header without asking first. Only who sends a cookie has to say it.
    """
    if request.method in _SAFE_METHODS or hdrs.AUTHORIZATION in request.headers:
        return
    fetch_site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get(hdrs.ORIGIN)
    if fetch_site is not None:
        own = fetch_site in {"same-origin", "none"}
    elif origin is not None:
        own = origin == public_url or (urlsplit(origin).netloc == request.host and origin != "null")
    else:
        own = request.cookies.keys().isdisjoint({sessions.COOKIE, guests.COOKIE})
    if not own:
        raise ForbiddenError("access.csrf", "the request seems to come from another site")


async def _let_in(request: web.Request, handler: Handler) -> web.StreamResponse:
    site = request.app[SITE]
    refuse_forged(request, site.public_url)
    if request.match_info.get("id") == SERVICE and template(request).startswith(_OF_ONE):
        raise NotFoundError("integration.unknown", "there is no such integration")
    found = await identify(site, request)
    if found is not None:
        if template(request).startswith(_OF_ONE) and not found.key.sees(request.match_info["id"]):
            asked = {"method": request.method, "route": template(request), "request": request_id(request)}
            await note_hidden(site, found, request.match_info["id"], **asked)
            raise NotFoundError("integration.unknown", "there is no such integration")
        request[_WHO] = found
    return await handler(request)


async def note_hidden(site: Site, found: Who, id_: str, *, method: str, route: str, request: str) -> None:
    """Put on the service's log that a key was shown for an integration that it is not for, or that there is not.

    Both, so that the time which the answer takes does not tell one from the other; and there, since nobody may make a
    log grow that is not theirs.
    """
    there = id_ == SERVICE or await site.store.read(partial(exists, id=id_))
    await site.refusals.note(
        "access.refused",
        found.actor,
        "integration.unknown",
        "the key is not for this integration" if there else "there is no such integration",
        request=request,
        method=method,
        route=route,
        asked=id_ if there else "",
    )


async def _note_refusal(request: web.Request, error: ForbiddenError) -> None:
    """Put on the log of the integration that was asked for, or else on that of the service, who was refused what."""
    site, address = request.app[SITE], client_address(request)
    found = who(request) or await identify(site, request)
    integration = SERVICE
    if template(request).startswith(_OF_ONE) and await site.store.read(partial(exists, id=request.match_info["id"])):
        integration = request.match_info["id"]
    await site.refusals.note(
        "access.refused",
        found.actor if found else Actor("person", entrance.UNKNOWN, address=address),
        error.code,
        error.detail,
        integration=integration,
        request=request_id(request),
        method=request.method,
        route=template(request),
    )


async def identify(site: Site, request: web.Request) -> Who | None:
    """Find out who asks: by a bearer key, by a session, or by the cookie of a guest; None when by nothing."""
    address = client_address(request)
    header = request.headers.get(hdrs.AUTHORIZATION)
    if header is not None:
        key = await entrance.bearer(request, header)
        return None if key is None else Who(key, "bearer", address)
    value = request.cookies.get(sessions.COOKIE)
    if value:
        session = sessions.hash_of(value)
        key = await site.sessions.find(site.store, session, site.now())
        if key is not None:
            return Who(key, "session", address, session)
    session = guests.session_of(request)
    key = await guests.find(site.store, session, site.now()) if session else None
    return None if key is None else Who(key, "link", address, session)
