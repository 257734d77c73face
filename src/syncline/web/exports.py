"""The audit log as the API gives it away: exports as NDJSON, CSV or OCSF, streamed at constant memory.

Law: an export is written down before its first byte leaves, and again before the mark that ends it. One that breaks off
must not look complete: its connection is reset, so that no reader takes what came for all there was.
"""

import socket
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import structlog
from aiohttp import HttpVersion11, web

from syncline.core.event import SERVICE, Event
from syncline.errors import InputError, SynclineError, UnavailableError
from syncline.forwarding.message import messages
from syncline.privacy import Privacy
from syncline.store import log
from syncline.store.forwarding import last_position
from syncline.store.log import Filter, LogRow
from syncline.web import access
from syncline.web.asked import AuditAsked
from syncline.web.problems import request_id
from syncline.web.site import Site
from syncline.web.tables import COLUMNS, cells, table_line

#: Rows that are read at a time, and about how many bytes of them: a row may be as large as a request.
_MOST_ROWS = 500
_MOST_BYTES = 1024 * 1024
_TYPES = {"ndjson": "application/x-ndjson", "csv": "text/csv", "ocsf": "application/x-ndjson"}
_ENDINGS = {"ndjson": "ndjson", "csv": "csv", "ocsf": "ocsf.ndjson"}

_log = structlog.get_logger("syncline.web")


@dataclass(slots=True)
class _Taking:
    """One export under way."""

    wanted: Filter
    form: str
    after: int
    #: The end of the log when the export was asked for: what comes later is not in it, or it would never end.
    through: int
    rows: int = 0
    complete: bool = False


async def export(site: Site, request: web.Request, asked: AuditAsked, filtered: Filter) -> web.StreamResponse:
    """Stream all rows that match, the oldest first; raises `InputError` for HTTP/1.0, where an end cannot be told."""
    if request.version < HttpVersion11:
        raise InputError("export.old_http", "ask over HTTP/1.1")
    taking = _Taking(filtered, asked.format, asked.after, await site.store.read(last_position))
    begun = await _note(site, request, "log.export_started", _facts(taking))
    name = f"audit-{filtered.integration or 'all'}.{_ENDINGS[asked.format]}"
    response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}"'})
    response.content_type, response.charset = _TYPES[asked.format], "utf-8"
    try:
        await response.prepare(request)
        async for part in _parts(site, taking):
            await response.write(part)
        taking.complete = True
    except ConnectionError:
        pass  # Whoever asked for it has gone away.
    except Exception as error:  # noqa: BLE001  the answer has begun, so all that can be said is that it is not whole
        _log.warning("export.broke_off", rows=taking.rows, error=type(error).__name__)
    finally:
        if not taking.complete:
            _reset(request)
        ended = {"rows": taking.rows, "through": taking.through, "complete": taking.complete}
        with suppress(SynclineError):  # That it has begun is on the log in any case.
            await _note(site, request, "log.exported", _facts(taking) | ended, cause=f"seq:{begun}")
    if taking.complete:
        await response.write_eof()
    return response


async def _parts(site: Site, taking: _Taking) -> AsyncIterator[bytes]:
    """Answer the export piece by piece; raises `UnavailableError` when the service stops before its end."""
    if taking.form == "csv":
        yield table_line(COLUMNS)
    after, limit = taking.after, _MOST_ROWS
    while rows := await site.store.read(partial(log.rows, wanted=taking.wanted, after=after, limit=limit)):
        inside = [found for found in rows if found.position <= taking.through]
        if inside:
            yield await _encode(inside, taking.form, site.privacy)
        taking.rows += len(inside)
        if len(inside) < len(rows):
            return
        if site.stopping.is_set():
            raise UnavailableError("service.stopping")
        after = rows[-1].position
        size = sum(len(found.content) for found in rows)
        limit = max(1, min(_MOST_ROWS, _MOST_BYTES * len(rows) // size))


async def _encode(rows: list[LogRow], form: str, privacy: Privacy) -> bytes:
    """Answer rows in a form; what is personal is opened but for the canonical bytes, which prove the chain."""
    if form == "csv":
        shown = await privacy.reveal([found.row for found in rows])
        return b"".join(table_line(cells(found, row)) for found, row in zip(rows, shown, strict=True))
    made = await (messages(rows, "ocsf", privacy) if form == "ocsf" else messages(rows, "rows", None))
    return b"".join(message.body + b"\n" for message in made)


def _facts(taking: _Taking) -> dict[str, Any]:
    """Answer what the log says of an export: its form and its filter. A text that was looked for may name somebody."""
    bare = Filter()
    told = msgspec.structs.asdict(taking.wanted)
    asked = {name: value for name, value in told.items() if value != getattr(bare, name)}
    text = asked.pop("text", "")
    facts = {"format": taking.form, "filter": asked, "after": taking.after, "sent": text}
    return {name: value for name, value in facts.items() if value}


async def _note(site: Site, request: web.Request, type_: str, data: dict[str, Any], cause: str = "") -> int:
    """Put an event of an export on the service's log; answers its `seq`."""
    who, name = access.require(request, "export"), request_id(request)
    event = Event(SERVICE, type_, f"{name}:{type_}", who.actor, site.now(), data, cause=cause, request=name)
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
