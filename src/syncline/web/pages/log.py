"""The audit log for people: the story of one integration, the log of all, and single rows as they were recorded."""

from functools import partial
from typing import Any, get_args
from urllib.parse import urlencode

import msgspec
from aiohttp import web
from pydantic import ValidationError

from syncline.core.event import ALL_EVENTS, EVENTS, SERVICE, ActorKind
from syncline.errors import InputError, NotFoundError
from syncline.store import log
from syncline.store.access import keys
from syncline.store.integrations import integration as find_integration
from syncline.store.transaction import Transaction
from syncline.web import access, audit_views, story
from syncline.web.asked import LogAsked
from syncline.web.models import AuditRow
from syncline.web.pages.forms import Texts
from syncline.web.pages.view import page
from syncline.web.site import SITE, Site

_ROWS = 50
_DISPOSITIONS = ("transitioned", "handled", "refused", "unexpected", "duplicate", "stale")
_ACTORS = get_args(ActorKind)
_CUT = 2000
#: What the form asks for, by its fields' names.
_ASKED = ("from", *(name for name in LogAsked.model_fields if name not in {"after", "limit", "origin"}))


async def timeline(request: web.Request) -> web.StreamResponse:
    """Tell the story of one integration, the newest event first, or show one event of it."""
    person = access.require(request, "read")
    site, id_ = request.app[SITE], request.match_info["id"]
    found = await site.store.read(partial(find_integration, id=id_))
    seq = _number(request, "seq")
    if seq:
        return page(request, "timeline.html", id=id_, name=found.name, **await _single(site, id_, seq))
    asked, kept = _asked(request)
    pages = await story.page(site, asked, audit_views.wanted(asked, id_, person))
    shown = _page(site, pages.items, pages.next, kept)
    return page(request, "timeline.html", id=id_, name=found.name, **shown, **_filter(site, kept, across=False))


async def audit(request: web.Request) -> web.StreamResponse:
    """Show the log of all integrations and of the service, filtered, the newest event first."""
    person = access.require(request, "read")
    site = request.app[SITE]
    asked, kept = _asked(request)
    integration = request.query.get("integration", "")[:64]
    kept |= {"integration": integration} if integration else {}
    wanted = audit_views.wanted(asked, integration, person)
    seq = _number(request, "seq")
    if seq and integration == SERVICE and SERVICE not in wanted.without:
        single = await _single(site, SERVICE, seq)
        return page(request, "timeline.html", id=SERVICE, name="The service", **single)
    found = await audit_views.page(site, asked, wanted)
    shown = _page(site, found.items, found.next, kept)
    export = {name: value for name, value in kept.items() if name not in {"integration", "order"}}
    where = f"/api/integrations/{integration}/audit" if integration not in {"", SERVICE} else "/api/audit"
    export |= {"integration": SERVICE} if integration == SERVICE else {}
    exports = [(form, f"{where}?{urlencode(export | {'format': form})}") for form in ("ndjson", "csv", "ocsf")]
    return page(request, "audit.html", here="audit", exports=exports, **shown, **_filter(site, kept, across=True))


async def raw(request: web.Request) -> web.StreamResponse:
    """Answer one row: the very bytes that were recorded and hashed."""
    access.require(request, "read")
    id_ = request.match_info["id"]
    seq = int(request.match_info["seq"])
    row = await request.app[SITE].store.read(partial(log.row, integration=id_, seq=seq))
    return web.Response(body=row.content, content_type="application/json", headers={"X-Row-Hash": row.hash.hex()})


def _asked(request: web.Request) -> tuple[LogAsked, dict[str, str]]:
    """Read what a form asks for; raises `InputError`. Also answers what a link to another page has to repeat."""
    given = {name: request.query.get(name, "").strip() for name in _ASKED}
    kept = {name: value for name, value in given.items() if value}
    after = str(_number(request, "after"))
    try:
        asked = LogAsked.model_validate({"order": "newest", **kept, "after": after, "limit": _ROWS})
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        detail = f"{field}: {error.errors()[0]['msg']}"
        raise InputError("request.invalid", detail, facts={"field": field}) from None
    return asked, kept


async def _single(site: Site, integration: str, seq: int) -> dict[str, Any]:
    """Answer one row of the story, and its neighbours."""

    def find(tx: Transaction) -> tuple[log.LogRow, bool, dict[str, str]]:
        names = {key.id: key.name for key in keys(tx)}
        return log.row(tx, integration=integration, seq=seq), _is_there(tx, integration, seq + 1), names

    row, more, names = await site.store.read(find)
    shown = await story.rows(site, [row], names)
    return {
        "rows": [_entry(site, each) for each in shown],
        "more": "",
        "single": seq,
        "previous": seq - 1,
        "following": seq + 1 if more else 0,
    }


def _is_there(tx: Transaction, integration: str, seq: int) -> bool:
    try:
        log.row(tx, integration=integration, seq=seq)
    except NotFoundError:
        return False
    return True


def _page(site: Site, items: tuple[AuditRow, ...], following: int | None, kept: dict[str, str]) -> dict[str, Any]:
    more = "" if following is None else "?" + urlencode(kept | {"after": following})
    return {"rows": [_entry(site, each) for each in items], "more": more, "single": 0}


def _entry(site: Site, row: AuditRow) -> dict[str, Any]:
    code = str(row.data.get("problem", ""))
    own = f"/i/{row.integration}/timeline?" if row.integration != SERVICE else f"/audit?integration={SERVICE}&"
    return {
        "row": row,
        "own": own,  #: where a row of this log is, but for its number
        "told": row if isinstance(row, story.StoryRow) else None,
        "problem": site.catalogue.get(code),
        "data": msgspec.json.format(msgspec.json.encode(row.data), indent=2).decode()[:_CUT] if row.data else "",
    }


def _filter(site: Site, kept: dict[str, str], *, across: bool) -> dict[str, Any]:
    chart = site.engine.rules.chart
    leaves = {state for state, _ in chart.rules} | set(chart.finals)
    seldom = ("actor_kind", "actor", "state", "from", "to", "since", "until", "request", "cause", "order")
    return {
        "kept": Texts(kept),
        "types": list(ALL_EVENTS if across else EVENTS),
        "dispositions": _DISPOSITIONS,
        "actor_kinds": _ACTORS,
        "states": sorted(leaves | {state.partition(".")[0] for state in leaves}),
        "filtered_more": any(name in kept for name in seldom),
    }


def _number(request: web.Request, name: str) -> int:
    text = request.query.get(name, "")
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) < 19):  # noqa: PLR2004  what fits into 63 bits
        raise InputError("request.invalid", f"{name} is not a number", facts={"field": name})
    return int(text)
