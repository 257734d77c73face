"""Which objects a call is about, whatever door it takes.

Law: what cannot be read names no object; it is refused by the endpoint itself, in the vendor's words.
"""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import msgspec
from aiohttp import web

from syncline_sim.marketo.objects import custom_types
from syncline_sim.salesforce import objects, soap
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.gate import plain_path
from syncline_sim.salesforce.relationships import CHILDREN
from syncline_sim.salesforce.soql import syntax
from syncline_sim.salesforce.soql.parser import parse

if TYPE_CHECKING:
    from syncline_sim.world import World

_BELOW = re.compile(r"/services/(?:data|async)/v?\d{2}\.0(/.*)")
_PART = re.compile(r"(?:/services/data)?/?v\d{2}\.0(/.*)")
_OBJECT_IN_XML = re.compile(rb"<object>\s*(\w+)\s*</object>")
_CHILD_NAMES = {each.name.lower(): each.child.lower() for each in CHILDREN}
_BY_PREFIX = {spec.key_prefix: spec.name.lower() for spec in objects.OBJECTS}
#: A call to the other side is about every object whose pattern its path begins with.
_MARKETO = {
    "lead": r"/rest/v1/leads?[/.]|/bulk/v1/leads[/.]|/rest/v1/lists?/[^/]+/leads",
    "activity": r"/(rest|bulk)/v1/activities[/.]",
    "list": r"/rest/v1/lists?[/.]|/rest/asset/v1/staticLists?[/.]",
    "program": r"/rest/asset/v1/(program|channel)s?[/.]|/rest/v1/leads/programs/",
    "company": r"/rest/v1/companies[/.]",
    "opportunityrole": r"/rest/v1/opportunities/roles[/.]",
    "opportunity": r"/rest/v1/opportunities(?!/roles)[/.]",
    "salesperson": r"/rest/v1/salespersons[/.]",
}
_CUSTOM = re.compile(r"/(?:rest|bulk)/v1/customobjects/(?:schema/)?([^/.]+)")
_Named = frozenset[str]
_NONE: _Named = frozenset()


def known(world: "World", side: str) -> tuple[str, ...]:
    """Answer the names that the objects of a side have, in lower case."""
    if side == "salesforce":
        return tuple(objects.BY_NAME)
    return (*_MARKETO, *(kind.name.lower() for kind in custom_types.every(world.db)))


async def named(world: "World", side: str, request: web.Request) -> _Named:
    """Answer the names of the objects that a call is about, in lower case."""
    path = plain_path(request)
    if side == "marketo":
        return _of_marketo(path)
    if path.startswith(soap.PREFIX):
        call = await soap.peek(request)
        return _of_soql(call.query) | _of_ids(",".join(call.ids))
    match = _BELOW.fullmatch(path)
    if match is None:
        return _NONE
    # What is uploaded names its object in its job, and is not read here.
    body = await request.read() if request.body_exists and request.method != "PUT" else b""
    return of_salesforce(world, match[1], request.query, body)


def of_salesforce(world: "World", path: str, query: Mapping[str, str], body: bytes) -> _Named:
    """Answer the objects of a call to the data API; the path is what follows the version."""
    found = _NONE
    match path.strip("/").split("/"):
        case ["sobjects", name, *_] | ["composite", "tree" | "sobjects", name, *_]:
            found = frozenset({name.lower()})
        case ["query" | "queryAll"]:
            found = _of_soql(query.get("q") or _first(parse_qs(body.decode(errors="replace")).get("q", ())))
        case ["query" | "queryAll", locator]:
            found = _of_cursor(world, locator)
        case ["jobs", _] | ["job"]:
            found = _of_new_job(body)
        case ["jobs", _, job, *_] | ["job", job, *_]:
            found = _of_job(world, job)
        case ["composite", "sobjects"]:
            found = _of_records(_document(body).get("records")) | _of_ids(query.get("ids", ""))
        case ["composite"]:
            found = _of_parts(world, _document(body).get("compositeRequest"), "body")
        case ["composite", "batch"]:
            found = _of_parts(world, _document(body).get("batchRequests"), "richInput")
    return found


def _of_marketo(path: str) -> _Named:
    tidy = path.replace("/rest/../", "/")
    found = {name for name, pattern in _MARKETO.items() if re.match(pattern, tidy)}
    custom = _CUSTOM.match(tidy)
    return frozenset(found | ({custom[1].lower()} if custom else set()))


def _of_soql(text: object) -> _Named:
    try:
        return frozenset(_subjects(parse(text))) if isinstance(text, str) else _NONE
    except SalesforceError:
        return _NONE


def _subjects(query: syntax.Query) -> Iterable[str]:
    yield query.object.text.lower()
    for item in query.fields:
        if isinstance(item, syntax.Query):
            yield _CHILD_NAMES.get(item.object.text.lower(), "")
    yield from _joined(query.where)


def _joined(condition: syntax.Condition | None) -> Iterable[str]:
    if isinstance(condition, syntax.SemiJoin):
        yield from _subjects(condition.query)
    elif isinstance(condition, syntax.Not):
        yield from _joined(condition.condition)
    elif isinstance(condition, syntax.Group):
        for each in condition.conditions:
            yield from _joined(each)


def _of_cursor(world: "World", locator: str) -> _Named:
    query = "SELECT soql FROM salesforce_cursors WHERE id = ?"
    row = world.db.execute(query, (locator.partition("-")[0],)).fetchone()
    return _of_soql(row["soql"]) if row else _NONE


def _of_job(world: "World", job: str) -> _Named:
    query = "SELECT object FROM salesforce_bulk_jobs WHERE id = ? OR substr(id, 1, 15) = ?"
    row = world.db.execute(query, (job, job)).fetchone()
    return frozenset({row["object"].lower()}) if row else _NONE


def _of_new_job(body: bytes) -> _Named:
    document, in_xml = _document(body), _OBJECT_IN_XML.search(body)
    name = in_xml[1].decode() if in_xml else document.get("object")
    return frozenset({name.lower()}) if isinstance(name, str) else _of_soql(document.get("query"))


def _of_records(records: object) -> _Named:
    kinds = [_dict(_dict(record).get("attributes")).get("type") for record in _list(records)]
    return frozenset(kind.lower() for kind in kinds if isinstance(kind, str))


def _of_ids(ids: str) -> _Named:
    return frozenset(_BY_PREFIX.get(each.strip()[:3], "") for each in ids.split(",")) - {""}


def _of_parts(world: "World", parts: object, body: str) -> _Named:
    found: set[str] = set()
    for part in map(_dict, _list(parts)):
        split = urlsplit(str(part.get("url") or ""))
        match = _PART.fullmatch(split.path)
        if match and not match[1].rstrip("/").endswith(("/composite", "/composite/batch")):
            query = dict(parse_qsl(split.query, keep_blank_values=True))
            found |= of_salesforce(world, match[1], query, msgspec.json.encode(part.get(body)))
    return frozenset(found)


def _document(body: bytes) -> dict[str, Any]:
    try:
        return _dict(msgspec.json.decode(body)) if body else {}
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _first(values: Iterable[str]) -> str:
    return next(iter(values), "")
