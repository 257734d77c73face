"""A request that is turned away, as the inbox may know it."""

import hashlib

from aiohttp import web

from syncline.errors import SynclineError
from syncline.store.inbox import DoorName, Refused
from syncline.web.client_address import client_address
from syncline.web.inbox import VERDICTS, Arrival
from syncline.web.problems import request_id

_MOST_LETTERS = 256


def arrival(
    request: web.Request,
    door: DoorName,
    error: SynclineError,
    at: int,
    *,
    integration: str | None = None,
    name: str = "",
    body: bytes | None = None,
) -> Arrival:
    """Note a request without its secrets; `body` is given when its sender is known."""
    named = request.match_info.get("id", "") if integration is None else integration
    shown = Refused(
        id=0,
        at=at,
        door=door,
        integration=_plain(named)[:64],
        known=False,
        verdict=VERDICTS.get(error.code, "refused"),
        problem=error.code,
        detail=error.detail[:_MOST_LETTERS],
        name=_plain(name),
        address=client_address(request),
        request=request_id(request),
        media_type=_plain(request.content_type),
        size=len(body) if body is not None else request.content_length or 0,
        digest=hashlib.sha256(body).hexdigest() if body is not None else "",
        times=1,
        replayable=False,
    )
    return Arrival(shown, body)


def _plain(text: str) -> str:
    return "".join(letter for letter in text[:_MOST_LETTERS] if letter.isascii() and letter.isprintable())
