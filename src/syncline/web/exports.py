"""The audit log as the API gives it away: exports as NDJSON or CSV, streamed."""

import csv
import io
import json
from collections.abc import Callable
from functools import partial

from aiohttp import web

from syncline.store import log
from syncline.store.log import Filter, LogRow
from syncline.web.asked import AuditAsked
from syncline.web.site import Site

_CHUNK = 500
_COLUMNS = (
    "position",
    "integration",
    "seq",
    "at",
    "type",
    "disposition",
    "from",
    "to",
    "actor_kind",
    "actor_id",
    "actor_via",
    "actor_address",
    "reason",
    "cause",
    "request",
    "data",
    "hash",
)
#: A spreadsheet takes a cell that starts so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def export(site: Site, request: web.Request, asked: AuditAsked, filtered: Filter) -> web.StreamResponse:
    """Stream all rows that match: NDJSON with the canonical bytes and the hash of each, or CSV for spreadsheets."""
    kind = "application/x-ndjson" if asked.format == "ndjson" else "text/csv"
    write = _json_line if asked.format == "ndjson" else _csv_line
    name = f"audit-{filtered.integration or 'all'}.{asked.format}"
    response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}"'})
    response.content_type, response.charset = kind, "utf-8"
    await response.prepare(request)
    if asked.format == "csv":
        await response.write(_csv(_COLUMNS))
    after = asked.after
    while rows := await site.store.read(partial(log.rows, wanted=filtered, after=after, limit=_CHUNK)):
        await response.write(_lines(rows, write))
        after = rows[-1].position
        if site.stopping.is_set():
            break
    await response.write_eof()
    return response


def _lines(rows: list[LogRow], write: Callable[[LogRow], bytes]) -> bytes:
    return b"".join(write(row) for row in rows)


def _json_line(row: LogRow) -> bytes:
    """The bytes that were hashed stand in the line as they are, so that a reader can prove the chain from the file."""
    return b'{"position":%d,"hash":"%b","row":%b}\n' % (row.position, row.hash.hex().encode(), row.content)


def _csv_line(found: LogRow) -> bytes:
    row = found.row
    cells = (
        found.position,
        row.integration,
        row.seq,
        row.at,
        row.type,
        row.disposition,
        row.origin,
        row.to,
        row.actor.kind,
        row.actor.id,
        row.actor.via,
        row.actor.address,
        row.reason,
        row.cause,
        row.request,
        json.dumps(row.data, ensure_ascii=False, sort_keys=True),
        found.hash.hex(),
    )
    return _csv(tuple(_harmless(cell) for cell in cells))


def _harmless(cell: str | int) -> str | int:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _csv(cells: tuple[str | int, ...]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
