"""The address of the streaming API, `/cometd/{version}`: messages as JSON, one or a list of them, in a POST."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from syncline_sim.salesforce import versions
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.streaming import replies
from syncline_sim.salesforce.streaming.bayeux import Bayeux, Visit
from syncline_sim.salesforce.streaming.replies import Message, Refusal, Reply
from syncline_sim.salesforce.tokens import carried

if TYPE_CHECKING:
    from syncline_sim.world import World

_LARGEST = 32_768
#: A name such as 127.0.0.1 or ::1, for which clients keep no cookies.
_NUMBER = re.compile(r"[\d.]+|.*:.*")


def add_routes(app: web.Application, world: "World") -> None:
    """Serve the streaming API; some clients write after the version what kind of message they send."""
    bayeux = Bayeux(world)

    async def handle(request: web.Request) -> web.Response:
        return await _answer(bayeux, request)

    async def end(_: web.Application) -> None:
        bayeux.end()

    app.router.add_route("*", r"/cometd{rest:(/.*)?}", handle)
    app.on_shutdown.append(end)


async def _answer(bayeux: Bayeux, request: web.Request) -> web.Response:
    if request.method != "POST":
        return web.Response(status=400, text="Unknown Bayeux Transport")
    body = await request.read()
    if len(body) > _LARGEST:
        return web.Response(status=413, text="Maximum Request Size Exceeded")
    try:
        messages = await _messages(request, body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        messages = []
    if not messages:
        return web.Response(status=400, text="Could not parse the messages")
    version = request.match_info["rest"].strip("/").split("/")[0]
    refusal = _wrong(version)
    if refusal:
        return _response([replies.refused(message, refusal) for message in messages])
    visit = Visit(
        token=_token(request),
        version=int(version.partition(".")[0]),
        browser=request.cookies.get(replies.COOKIE, ""),
        keeps_cookies=not _NUMBER.fullmatch(request.url.host or ""),
        alone=len(messages) == 1,
    )
    told: list[Reply] = []
    browser = ""
    for message in messages:
        answers, cookie = await bayeux.answer(visit, message)
        told += answers
        browser = cookie or browser
    response = _response(told)
    if browser:
        response.set_cookie(replies.COOKIE, browser, httponly=True, secure=request.secure)
    return response


async def _messages(request: web.Request, body: bytes) -> Sequence[Message]:
    """Read a message, or a list of them, as JSON or as a form whose `message` is that; raises `MsgspecError`."""
    text: bytes | str = body
    if request.content_type == "application/x-www-form-urlencoded":
        text = str((await request.post()).get("message", ""))
    found = msgspec.json.decode(text, type=list[dict[str, Any]] | dict[str, Any])
    return found if isinstance(found, list) else [found]


def _wrong(version: str) -> Refusal | None:
    if not version:
        return replies.NO_VERSION
    number, _, rest = version.partition(".")
    fits = rest == "0" and number.isdecimal() and replies.OLDEST <= int(number) <= versions.NEWEST
    return None if fits else replies.BAD_VERSION


def _token(request: web.Request) -> str:
    try:
        return carried(request.headers)
    except SalesforceError:
        return ""


def _response(told: list[Reply]) -> web.Response:
    return web.Response(body=msgspec.json.encode(told), content_type="application/json", charset="UTF-8")
