"""Faults that are put into the way of calls: late, wrong, broken or no answers, for some calls or for all.

Law: a fault counts only the calls that it has hit, and the first fault in the order of their making wins.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.payload import Payload
from aiohttp.typedefs import Handler, Middleware

from syncline_sim.calls import operation
from syncline_sim.marketo import failure as marketo
from syncline_sim.salesforce import soap
from syncline_sim.salesforce.gate import plain_path

if TYPE_CHECKING:
    from syncline_sim.world import World

_FLOOD = 64 * 1024


@dataclass(slots=True)
class Fault:
    """One fault; `match` is the start of a path, the name of an operation (`token` is also `token.refresh`), or ''."""

    side: str
    kind: str
    match: str = ""
    times: int = 1  #: how many calls it hits, -1 without end
    skip: int = 0  #: how many calls it lets through first
    after: bool = False  #: the call has its effect first, only its answer is lost
    status: int = 0
    seconds: float = 0  #: how long `slow` waits; how long `hang` does, 0 without end
    retry_after: int | None = None
    code: str = ""  #: of an `error` in the vendor's own form
    message: str = ""
    body: str | None = None
    size: int = 2**30  #: how many bytes a `flood` has
    hits: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Refuse what would never do anything; raises `ValueError`."""
        if self.side not in ("salesforce", "marketo"):
            raise ValueError("side is salesforce or marketo")
        if self.kind not in _KINDS:
            raise ValueError(f"kind is one of {', '.join(_KINDS)}")

    def fits(self, path: str, name: str) -> bool:
        """Whether a call is one of those meant."""
        if self.match.startswith("/"):
            return path.startswith(self.match)
        return not self.match or name == self.match or name.startswith(f"{self.match}.")


class Faults:
    """The faults of one world, oldest first."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._faults: list[Fault] = []

    def add(self, document: dict[str, Any]) -> Fault:
        """Put a fault in the way; raises `ValueError` and `TypeError`."""
        unknown = set(document) - {each.name for each in fields(Fault) if each.init}
        if unknown:
            raise ValueError(f"a fault has no {min(unknown)}")
        fault = Fault(**document)
        self._faults.append(fault)
        return fault

    def view(self) -> list[dict[str, Any]]:
        """Answer all faults; `times` is what is left of them, `hits` how many calls they have hit."""
        return [asdict(fault) for fault in self._faults]

    def clear(self, side: str = "") -> None:
        """Take all faults away, or those of a side."""
        self._faults = [fault for fault in self._faults if side and fault.side != side]

    def inject(self, side: str) -> Middleware:
        """Answer the middleware that hands calls of a side to the faults they meet."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            fault = self._meet(side, request)
            if fault is None:
                return await handler(request)
            return await _KINDS[fault.kind](self._world, fault, request, handler)

        return middleware

    def _meet(self, side: str, request: web.Request) -> Fault | None:
        path, name = plain_path(request), operation(request)
        for fault in self._faults:
            if fault.side != side or fault.times == 0 or not fault.fits(path, name):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= fault.times > 0
            fault.hits += 1
            return fault
        return None


async def _status(_: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    await _effect(fault, request, handler)
    return _respond(fault, fault.status or 503, fault.body if fault.body is not None else "Service Unavailable")


async def _slow(_: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    await asyncio.sleep(fault.seconds or 1)
    return await handler(request)


async def _hang(world: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    await _effect(fault, request, handler)
    if fault.seconds:
        await asyncio.sleep(fault.seconds)
    else:
        await asyncio.Event().wait()
    return await _reset(world, Fault(fault.side, "reset"), request, handler)


async def _garbage(_: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    await _effect(fault, request, handler)
    body = fault.body.encode() if fault.body is not None else b'\x00\xff{"half": [1, 2,'
    return web.Response(status=fault.status or 200, body=body, content_type="application/json")


async def _reset(_: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    await _effect(fault, request, handler)
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        # Closing without lingering makes the other side see a reset instead of an end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()


async def _truncate(_: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    answer = await handler(request)
    body = answer.body if isinstance(answer, web.Response) else None
    if isinstance(body, Payload):  # One that would be written while it is sent.
        body = await body.as_bytes()
    body = body or b"nothing"
    short = web.StreamResponse(status=fault.status or answer.status, headers=answer.headers)
    short.content_length = len(body)
    await short.prepare(request)
    await short.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return short


async def _flood(_: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    await _effect(fault, request, handler)
    flood = web.StreamResponse(status=fault.status or 200, headers={"Content-Type": "application/json"})
    await flood.prepare(request)
    for _chunk in range(0, fault.size, _FLOOD):
        await flood.write(b" " * _FLOOD)
    return flood


async def _error(world: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer an error the way the called endpoint words its errors."""
    await _effect(fault, request, handler)
    document: object
    if fault.side == "marketo":
        code = fault.code or "611"
        # The first half of a request's number is `fa`, for fault, where it is longer otherwise.
        document = {"requestId": f"fa#{int(world.now() * 1000):x}", "success": False}
        document["errors"] = [{"code": code, "message": fault.message or marketo.usual(code)}]
        return _respond(fault, fault.status or 200, document)
    message = fault.message or "injected"
    if plain_path(request).startswith(soap.PREFIX):
        return soap.fault("u", fault.code or "UNKNOWN_EXCEPTION", message, of="UnexpectedErrorFault")
    if plain_path(request).startswith("/services/oauth2"):
        document = {"error": fault.code or "server_error", "error_description": message}
        return _respond(fault, fault.status or 400, document)
    return _respond(fault, fault.status or 500, [{"message": message, "errorCode": fault.code or "UNKNOWN_EXCEPTION"}])


_Kind = Callable[["World", Fault, web.Request, Handler], Awaitable[web.StreamResponse]]
_KINDS: dict[str, _Kind] = {
    "status": _status,
    "slow": _slow,
    "hang": _hang,
    "garbage": _garbage,
    "reset": _reset,
    "truncate": _truncate,
    "flood": _flood,
    "error": _error,
}


async def _effect(fault: Fault, request: web.Request, handler: Handler) -> None:
    if fault.after:
        await handler(request)


def _respond(fault: Fault, status: int, content: object) -> web.Response:
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    if isinstance(content, str):
        return web.Response(status=status, text=content, headers=headers)
    return web.json_response(content, status=status, headers=headers)
