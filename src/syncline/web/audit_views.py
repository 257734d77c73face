"""The audit log as the API gives it away: pages of rows, and exports as NDJSON or CSV that are streamed."""

import csv
import io
import json
from collections.abc import Callable
from functools import partial

from aiohttp import web

from syncline.core.event import EVENTS
from syncline.store import access, log
from syncline.store.log import Filter, LogRow
from syncline.store.transaction import Transaction
from syncline.web.asked import AuditAsked
from syncline.web.models import AuditPage, AuditRow
from syncline.web.site import Site
from syncline.web.status import actor_view

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


def wanted(asked: AuditAsked, integration: str, only: tuple[str, ...]) -> Filter:
    """Answer the filter that a query asks for; `only` are the integrations that the key is for."""
    return Filter(integration, asked.type, asked.disposition, asked.since, asked.until, only)


async def page(site: Site, asked: AuditAsked, integration: str, *, only: tuple[str, ...]) -> AuditPage:
    """Answer one page, the oldest rows first."""
    filtered = wanted(asked, integration, only)

    def find(tx: Transaction) -> tuple[list[LogRow], dict[str, str]]:
        rows = log.rows(tx, wanted=filtered, after=asked.after, limit=asked.limit + 1)
        return rows, {key.id: key.name for key in access.keys(tx)}

    rows, keys = await site.store.read(find)
    shown = rows[: asked.limit]
    following = shown[-1].position if len(rows) > len(shown) else None
    return AuditPage(items=tuple(row_view(site, row, keys) for row in shown), next=following)


def row_view(site: Site, found: LogRow, keys: dict[str, str]) -> AuditRow:
    """Answer one row; `keys` are the names of the API keys."""
    row = found.row
    kind = EVENTS.get(row.type)
    return AuditRow(
        position=found.position,
        integration=row.integration,
        seq=row.seq,
        at=row.at,
        type=row.type,
        title=site.title(kind.title) if kind else row.type,
        key=row.key,
        disposition=row.disposition,
        origin=row.origin,
        to=row.to,
        actor=actor_view(site, row.actor, keys),
        reason=row.reason,
        cause=row.cause,
        request=row.request,
        repeats=row.repeats,
        chart=row.chart,
        data=row.data,
        brought=row.brought,
        effects=row.effects,
        hash=found.hash.hex(),
    )


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
