"""The log taken away over HTTP, in whatever form: written down, streamed, and never half without a sign of it.

Law: that somebody takes the log is written down before its first byte leaves, and again before the mark that ends it.
One that breaks off must not look complete: its connection is reset, so that no reader takes what came for all there
was.
"""

import re
import secrets
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from aiohttp import HttpVersion11, web

from syncline.core.event import SERVICE, Event
from syncline.errors import InputError, SynclineError
from syncline.web import access
from syncline.web.problems import request_id
from syncline.web.site import Site

#: What is no part of the name of a file that leaves.
_UNFIT = re.compile(r"[^\w.-]", re.ASCII)

_log = structlog.get_logger("syncline.web")


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves: the name of the file, its type, and what the log says of it."""

    name: str
    kind: str
    facts: dict[str, Any]
    charset: str | None = None


async def take(
    site: Site,
    request: web.Request,
    leaving: Leaving,
    parts: AsyncIterator[bytes],
    ended: Callable[[], dict[str, Any]],
) -> web.StreamResponse:
    """Stream the parts; `ended` answers what the log is to say at the end, besides whether it is complete.

    Raises `InputError` for HTTP/1.0, where an end cannot be told.
    """
    if request.version < HttpVersion11:
        raise InputError("export.old_http", "ask over HTTP/1.1")
    begun = await _note(site, request, "log.export_started", leaving.facts)
    name = _UNFIT.sub("_", leaving.name)  # It may hold what somebody has asked for.
    response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}"'})
    response.content_type, response.charset = leaving.kind, leaving.charset
    complete = False
    try:
        await response.prepare(request)
        async for part in parts:
            await response.write(part)
        complete = True
    except ConnectionError:
        pass  # Whoever asked for it has gone away.
    except Exception as error:  # noqa: BLE001  the answer has begun, so all that can be said is that it is not whole
        _log.warning("export.broke_off", **ended(), error=type(error).__name__)
    finally:
        if not complete:
            _reset(request)
        with suppress(SynclineError):  # That it has begun is on the log in any case.
            facts = leaving.facts | ended() | {"complete": complete}
            await _note(site, request, "log.exported", facts, cause=f"seq:{begun}")
    if complete:
        await response.write_eof()
    return response


async def _note(site: Site, request: web.Request, type_: str, data: dict[str, Any], cause: str = "") -> int:
    """Put an event of an export on the service's log; answers its `seq`."""
    who, name = access.require(request, "export"), request_id(request)
    # A key of its own: the request's id may be the client's, and with one that came before this would be a repetition.
    key = f"export:{secrets.token_hex(12)}"
    event = Event(SERVICE, type_, key, who.actor, site.now(), data, cause=cause, request=name)
    return (await site.engine.handle(event)).seq


def _reset(request: web.Request) -> None:
    """Reset the connection: the end mark is missing already, and a proxy that overlooks that does not overlook this."""
    transport = request.transport
    if transport is None:
        return
    line = transport.get_extra_info("socket")
    if line is not None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
