"""The way of every call: size, method, token, limits, permission, then the endpoint; the answer in its envelope.

Law: whatever happens to a call, the answer is HTTP 200 with `success` and `requestId`, but for 413 and 414.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web
from multidict import MultiDict

from syncline_sim.marketo import api_users
from syncline_sim.marketo.call import Call, Endpoint
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.traffic import Traffic

if TYPE_CHECKING:
    from syncline_sim.world import World

MAX_URI = 8 * 1024
#: Recorded answers of the Asset API have their members in this order; all others begin with the `requestId`.
_ASSET_MEMBERS = ("success", "errors", "requestId", "warnings", "result")
_FORM = "application/x-www-form-urlencoded"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Gate:
    """The door of the REST API of one instance."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._traffic = Traffic(world)

    def serve(self, endpoints: Mapping[str, Endpoint]) -> Handler:
        """Answer the handler of one path, given its endpoints by method."""

        async def handle(request: web.Request) -> web.Response:
            if request.method == "GET" and len(request.raw_path) > MAX_URI:
                return web.Response(status=414, text="Request-URI Too Long")
            body = await request.read()
            if len(body) > max(endpoint.max_body for endpoint in endpoints.values()):
                return web.Response(status=413, text="Request Entity Too Large")
            try:
                answer = await self._answer(request, body, endpoints)
                return answer if isinstance(answer, web.Response) else self._envelope(answer)
            except VendorError as error:
                self._traffic.fail(error.code)
                return self._envelope({"success": False, "errors": [error.reason]})

        return handle

    async def refuse(self, request: web.Request) -> web.Response:
        """Answer for a path that no endpoint has."""
        await request.read()
        self._traffic.fail("610")
        return self._envelope({"success": False, "errors": [VendorError("610").reason]})

    async def _answer(
        self, request: web.Request, body: bytes, endpoints: Mapping[str, Endpoint]
    ) -> dict[str, Any] | web.Response:
        parameters = _parameters(request, body)
        # A query that is too long for an address is posted as a form that says so.
        method = parameters.get("_method", request.method).upper()
        endpoint = endpoints.get(method)
        if endpoint is None:
            raise VendorError("605", method)
        user = api_users.authenticate(self._world.db, request.headers.get("Authorization", ""), self._world.now())
        switches = self._world.switches["marketo"]
        with self._traffic.admit(user):
            if switches["latency"]:
                await asyncio.sleep(switches["latency"])
            if endpoint.permissions and not user.may(*endpoint.permissions):
                raise VendorError("603")
            readable = method == "GET" and switches["native_crm_reads"]
            if endpoint.closed_by_crm and switches["native_crm"] and not readable:
                raise VendorError("1018")
            call = Call(self._world, user, request.match_info, parameters, request.content_type, body, request.headers)
            answer = endpoint.answer(call)
            return answer if isinstance(answer, web.Response) else {**answer, "success": True}

    def _envelope(self, members: dict[str, Any]) -> web.Response:
        moment = int(self._world.now() * 1000)
        document = {"requestId": f"{self._world.random.getrandbits(20):x}#{moment:x}", **members}
        if "warnings" in document:
            document = {name: document[name] for name in _ASSET_MEMBERS if name in document}
        return web.Response(body=msgspec.json.encode(document), content_type="application/json", charset="UTF-8")


def _parameters(request: web.Request, body: bytes) -> MultiDict[str]:
    parameters = MultiDict(request.query)
    if request.content_type == _FORM:
        parameters.extend(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    return parameters
