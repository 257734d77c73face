"""The audit log for people: the story of one integration, the log of all, and single rows as they were recorded."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from syncline.core.event import EVENTS
from syncline.errors import InputError
from syncline.store import log
from syncline.store.access import keys
from syncline.store.integrations import integration as find_integration
from syncline.store.log import Filter, LogRow
from syncline.store.transaction import Transaction
from syncline.web import access
from syncline.web.pages.forms import Texts
from syncline.web.pages.view import page
from syncline.web.site import SITE, Site
from syncline.web.status import actor_view

_ROWS = 50
_DISPOSITIONS = ("transitioned", "handled", "refused", "unexpected", "duplicate", "stale")
_CUT = 2000


async def timeline(request: web.Request) -> web.StreamResponse:
    """Tell the story of one integration, the newest event first."""
    access.require(request, "read")
    site, id_ = request.app[SITE], request.match_info["id"]
    seq = _number(request, "seq", 0)
    name = (await site.store.read(partial(find_integration, id=id_))).name
    if seq:
        found = [await site.store.read(partial(log.row, integration=id_, seq=seq))]
        return page(request, "timeline.html", id=id_, name=name, rows=await _rows(site, found), older="", single=seq)
    wanted, kept = _wanted(request, id_)
    rows, older = await _page(request, site, wanted, kept)
    return page(request, "timeline.html", id=id_, name=name, rows=rows, older=older, single=0, **_filter(kept))


async def audit(request: web.Request) -> web.StreamResponse:
    """Show the log of all integrations, filtered, the newest event first."""
    access.require(request, "read")
    site = request.app[SITE]
    wanted, kept = _wanted(request, request.query.get("integration", "")[:64])
    rows, older = await _page(request, site, wanted, kept)
    export = {name: value for name, value in kept.items() if name != "integration"}
    where = f"/api/integrations/{wanted.integration}/audit" if wanted.integration else "/api/audit"
    exports = [(form, f"{where}?{urlencode(export | {'format': form})}") for form in ("ndjson", "csv", "ocsf")]
    return page(request, "audit.html", here="audit", rows=rows, older=older, exports=exports, **_filter(kept))


async def raw(request: web.Request) -> web.StreamResponse:
    """Answer one row: the very bytes that were recorded and hashed."""
    access.require(request, "read")
    id_ = request.match_info["id"]
    seq = int(request.match_info["seq"])
    row = await request.app[SITE].store.read(partial(log.row, integration=id_, seq=seq))
    return web.Response(body=row.content, content_type="application/json", headers={"X-Row-Hash": row.hash.hex()})


def _wanted(request: web.Request, integration: str) -> tuple[Filter, dict[str, str]]:
    kept = {name: request.query.get(name, "")[:100] for name in ("type", "disposition")}
    kept = {"integration": integration, **kept}
    kept = {name: value for name, value in kept.items() if value}
    person = access.require(request, "read")
    wanted = Filter(
        integration=integration,
        type=kept.get("type", ""),
        disposition=kept.get("disposition", ""),
        only=person.key.integrations,
    )
    return wanted, kept


async def _page(
    request: web.Request, site: Site, wanted: Filter, kept: dict[str, str]
) -> tuple[list[dict[str, Any]], str]:
    before = _number(request, "before", 2**62)
    found = await site.store.read(partial(log.latest, wanted=wanted, before=before, limit=_ROWS + 1))
    older = ""
    if len(found) > _ROWS:
        older = "?" + urlencode(kept | {"before": found[_ROWS - 1].position})
    return await _rows(site, found[:_ROWS]), older


async def _rows(site: Site, found: list[LogRow]) -> list[dict[str, Any]]:
    def names(tx: Transaction) -> dict[str, str]:
        return {key.id: key.name for key in keys(tx)}

    known = await site.store.read(names)
    return [_row(site, entry, known) for entry in found]


def _row(site: Site, entry: LogRow, names: dict[str, str]) -> dict[str, Any]:
    row = entry.row
    kind = EVENTS.get(row.type)
    code = str(row.data.get("problem", ""))
    return {
        "row": row,
        "title": site.title(kind.title) if kind else row.type,
        "actor": actor_view(site, row.actor, names),
        "problem": site.catalogue.get(code),
        "data": msgspec.json.format(msgspec.json.encode(row.data), indent=2).decode()[:_CUT] if row.data else "",
        "hash": entry.hash.hex(),
    }


def _filter(kept: dict[str, str]) -> dict[str, Any]:
    return {"kept": Texts(kept), "types": list(EVENTS), "dispositions": _DISPOSITIONS}


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 19):  # noqa: PLR2004  what fits into 63 bits
        raise InputError("request.invalid", f"{name} is not a number", facts={"field": name})
    return int(text)
