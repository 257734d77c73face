"""What each kind of fault makes of a call that it has met."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler

from syncline_sim.faults import limits, wire
from syncline_sim.faults.fault import Fault
from syncline_sim.salesforce import grants

if TYPE_CHECKING:
    from syncline_sim.world import World

_FLOOD = 64 * 1024

Kind = Callable[["World", Fault, web.Request, Handler], Awaitable[web.StreamResponse]]


async def _status(_: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    await _effect(fault, request, handler)
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return web.Response(
        status=fault.status or 503,
        text=fault.body if fault.body is not None else "Service Unavailable",
        headers=headers,
        content_type=fault.content_type or None,
    )


async def _slow(_: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    seconds = fault.wait()
    if fault.pace == "drip":
        return await wire.in_pieces(request, await handler(request), seconds)
    await asyncio.sleep(seconds)
    return await handler(request)


async def _hang(_: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    seconds, answer = fault.seconds, await _begun(fault, request, handler)
    if seconds:
        await asyncio.sleep(seconds)
    else:
        await asyncio.Event().wait()
    wire.reset(request)
    return answer


async def _garbage(_: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    await _effect(fault, request, handler)
    body = fault.body.encode() if fault.body is not None else b'\x00\xff{"half": [1, 2,'
    return web.Response(status=fault.status or 200, body=body, content_type="application/json")


async def _reset(_: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await _begun(fault, request, handler)
    wire.reset(request)
    return answer


async def _truncate(_: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    short = await wire.half(request, await handler(request), fault.status)
    wire.close(request)
    return short


async def _flood(_: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    await _effect(fault, request, handler)
    flood = web.StreamResponse(status=fault.status or 200, headers={"Content-Type": "application/json"})
    await flood.prepare(request)
    for _chunk in range(0, fault.size, _FLOOD):
        await flood.write(b" " * _FLOOD)
    return flood


async def _error(world: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    await _effect(fault, request, handler)
    return limits.error(world, fault, request)


async def _expire(world: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    table = f"{fault.side}_tokens" if fault.side == "marketo" else "salesforce_access_tokens"
    world.db.execute(f"UPDATE {table} SET expires_at = ? WHERE token = ?", (world.now(), _token(request)))  # noqa: S608
    return await handler(request)


async def _revoke(world: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    token = _token(request)
    if fault.side == "marketo":  # Which has no approvals: what is revoked is the token alone.
        world.db.execute("DELETE FROM marketo_tokens WHERE token = ?", (token,))
    for row in world.db.execute("SELECT grant_id FROM salesforce_access_tokens WHERE token = ?", (token,)).fetchall():
        grants.revoke(world, row["grant_id"], "revoked by a fault")
    return await handler(request)


async def _content_type(_: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    answer.content_type = fault.content_type or "text/html"
    return answer


async def _length(_: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    return await wire.off_by(request, await handler(request), fault.off_by)


#: But for `handshake`, which is met before there is a call.
MADE: Mapping[str, Kind] = {
    "status": _status,
    "slow": _slow,
    "hang": _hang,
    "garbage": _garbage,
    "reset": _reset,
    "truncate": _truncate,
    "flood": _flood,
    "error": _error,
    "limit": limits.limit,
    "expire": _expire,
    "revoke": _revoke,
    "content_type": _content_type,
    "length": _length,
}


async def _effect(fault: Fault, request: web.Request, handler: Handler) -> None:
    if fault.after:
        await handler(request)


async def _begun(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let an answer get as far as the fault says."""
    if fault.at == "start":
        await _effect(fault, request, handler)
        return web.Response()
    answer = await handler(request)
    if fault.at == "body":
        return await wire.half(request, answer, fault.status)
    return await wire.begin(request, answer, len(await wire.body_of(answer)), fault.status)


def _token(request: web.Request) -> str:
    carried = request.headers.get("Authorization", "").partition(" ")[2].strip()
    return carried or request.headers.get("X-SFDC-Session", "")
