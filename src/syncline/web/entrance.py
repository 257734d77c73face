"""Showing who one is, with an API key: to open a session, or with each request. What comes of it is on the log.

Of a key that programs send with each request, the first in twelve hours from an address is a row, as a session is.
"""

from functools import partial
from typing import Literal

from aiohttp import web

from syncline.core.brought import EndedSession
from syncline.core.event import Actor
from syncline.errors import ForbiddenError, SynclineError
from syncline.store.access import ApiKey, claim_of, find_key
from syncline.web import sessions
from syncline.web.api_keys import read_key
from syncline.web.client_address import client_address
from syncline.web.problems import request_id
from syncline.web.shown_once import Proof
from syncline.web.site import SITE, Site

#: What an actor is called who has not shown who it is.
UNKNOWN = "unknown"

_Way = Literal["session", "bearer"]


async def sign_in(request: web.Request, text: str) -> str:
    """Open a session for a key's text; answers the cookie's value, raises `ForbiddenError`.

    At most 10 tries per minute and address, right or wrong.
    """
    site, address = request.app[SITE], client_address(request)
    try:
        await site.sign_ins.count(address)
    except ForbiddenError as error:
        await _refuse(request, "session", "rate_limited", error)
        raise
    key = await _prove(request, "session", text)
    session, value = sessions.new_session(key.id, site.now())
    actor = Actor("person", key.id, "session", address)
    told = {"until": session.expires_at}
    outcome = await site.service_log.note("sign_in.succeeded", told, session, actor=actor, request=request_id(request))
    if not outcome.accepted:  # Revoked while it was being shown.
        raise _not_known()
    return value


async def sign_out(request: web.Request) -> None:
    """End the session of a request, if there is one; `sessions.take` removes its cookie from an answer."""
    site, value = request.app[SITE], request.cookies.get(sessions.COOKIE)
    if not value:
        return
    session = sessions.hash_of(value)
    key = await site.sessions.find(site.store, session, site.now())
    if key is None:
        return  # It has ended already, by itself or with its key.
    site.sessions.forget(session)
    actor = Actor("person", key.id, "session", client_address(request))
    ended = EndedSession(session)
    await site.service_log.note("session.ended", {}, ended, actor=actor, request=request_id(request))


async def bearer(request: web.Request, header: str) -> ApiKey | None:
    """Answer the key that an `Authorization` header shows, None when it shows none."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "bearer":
        return None  # Somebody else's, such as a proxy's.
    try:
        key = await _prove(request, "bearer", text)
    except ForbiddenError:
        return None
    site, address = request.app[SITE], client_address(request)
    if site.bearers.is_new(key.id, address, site.now()):
        try:
            actor = Actor("person", key.id, "bearer", address)
            await site.service_log.note("sign_in.succeeded", {}, actor=actor, request=request_id(request))
        except SynclineError:
            site.bearers.forget(key.id, address)
            raise
    return key


async def _prove(request: web.Request, via: _Way, text: str) -> ApiKey:
    """Answer the key that a text is; raises `ForbiddenError` for one that opens nothing, and writes that down."""
    site = request.app[SITE]
    try:
        proof = read_key(text)
    except ForbiddenError as error:
        await _refuse(request, via, "malformed", error)
        raise
    key = await site.store.read(partial(find_key, id=proof.id, hash=proof.hash))
    if key is None:
        await _refuse_key(site, request, via, proof)
        raise _not_known()
    return key


async def _refuse_key(site: Site, request: web.Request, via: _Way, proof: Proof) -> None:
    claim = await site.store.read(partial(claim_of, id=proof.id, hash=proof.hash))
    # An id that is none of ours is somebody's typing, and stays where it was typed.
    await _refuse(request, via, claim, _not_known(), key="" if claim == "unknown" else proof.id)


async def _refuse(request: web.Request, via: _Way, why: str, error: ForbiddenError, *, key: str = "") -> None:
    actor = Actor("person", UNKNOWN, via, client_address(request))
    refusals, id_ = request.app[SITE].refusals, request_id(request)
    await refusals.note("sign_in.refused", actor, why, error.detail, request=id_, key=key)


def _not_known() -> ForbiddenError:
    return ForbiddenError("access.unauthenticated", "the key is unknown or revoked")
