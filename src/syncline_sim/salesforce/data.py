"""The endpoints of the data API: versions, describes, records, queries and limits."""

from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from syncline_sim.salesforce import changes, describe, ids, query, record_tables, records
from syncline_sim.salesforce.failure import NOT_FOUND, SalesforceError
from syncline_sim.salesforce.gate import caller, calls_today
from syncline_sim.salesforce.query import Caller
from syncline_sim.salesforce.visibility import visible_fields, visible_object, visible_objects

if TYPE_CHECKING:
    from syncline_sim.world import World

_OLDEST, _NEWEST = 31, 67
_SEASONS = ("Spring", "Summer", "Winter")
_BASE = r"/services/data/v{version:\d{2}\.0}"
_RESOURCES = ("limits", "query", "queryAll", "sobjects")
#: Limits that clients read beside the calls; nothing uses them up here.
_OTHER_LIMITS = {
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DataStorageMB": 10_240,
    "FileStorageMB": 10_240,
}

Answer = Callable[[Caller, web.Request], Awaitable[web.Response]]


def add_routes(app: web.Application, world: "World") -> None:
    """Serve the data API; who calls has been admitted by the gate."""
    record_tables.create(world.db)
    app.router.add_get("/services/data", _versions)
    app.router.add_get("/services/data/", _versions)
    for method, path, answer in _ROUTES:
        for address in (path, f"{path}/") if path == "" else (path,):
            app.router.add_route(method, _BASE + address, _serve(world, answer))


def _serve(world: "World", answer: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        version = request.match_info["version"]
        number = int(version.split(".")[0])
        if number < _OLDEST:
            raise SalesforceError(410, "UNSUPPORTED_API_VERSION", f"Version {version} is no longer supported")
        if number > _NEWEST:
            raise SalesforceError(404, "NOT_FOUND", NOT_FOUND)
        batch = query.batch_size(request.headers.get("Sforce-Query-Options", ""))
        return await answer(Caller(world, caller(request), version, batch), request)

    return handle


async def _versions(_: web.Request) -> web.Response:
    versions = [
        {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(_OLDEST, _NEWEST + 1)
    ]
    return _json(versions)


async def _resources(who: Caller, _: web.Request) -> web.Response:
    return _json({name: f"/services/data/v{who.version}/{name}" for name in _RESOURCES})


async def _objects(who: Caller, _: web.Request) -> web.Response:
    found = [describe.summary(spec, who.version) for spec in visible_objects(who.login.user)]
    return _json({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": found})


async def _object(who: Caller, request: web.Request) -> web.Response:
    spec = visible_object(who.login.user, request.match_info["object"])
    return _json({"objectDescribe": describe.summary(spec, who.version), "recentItems": []})


async def _describe(who: Caller, request: web.Request) -> web.Response:
    user = who.login.user
    spec = visible_object(user, request.match_info["object"])
    headers = {"Last-Modified": formatdate(record_tables.FOUNDED, usegmt=True)}
    if _knows(request.headers.get("If-Modified-Since", "")):
        return web.Response(status=304, headers=headers)
    return _json(describe.details(spec, visible_fields(user, spec), who.version), headers=headers)


async def _get(who: Caller, request: web.Request) -> web.Response:
    spec = visible_object(who.login.user, request.match_info["object"])
    fields = {field.name.lower(): field for field in visible_fields(who.login.user, spec)}
    wanted = [name.strip().lower() for name in request.query.get("fields", "").split(",") if name.strip()]
    for name in wanted:
        if name not in fields:
            raise SalesforceError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {spec.name}")
    number = _found(who, request)
    chosen = [fields[name] for name in wanted] or fields.values()
    return _text(records.written(who.world.db, spec, chosen, [number], who.version)[0])


async def _create(who: Caller, request: web.Request) -> web.Response:
    spec = visible_object(who.login.user, request.match_info["object"])
    values = _writable(who, request, await request.read())
    created = changes.create_record(who.world, spec.name, values, org_id=who.login.org.id)
    return _json({"id": created, "success": True, "errors": []}, status=201)


async def _change(who: Caller, request: web.Request) -> web.Response:
    values = _writable(who, request, await request.read())
    _found(who, request)
    changes.change_record(who.world, request.match_info["object"], request.match_info["id"], values)
    return web.Response(status=204)


async def _delete(who: Caller, request: web.Request) -> web.Response:
    _found(who, request)
    changes.delete_record(who.world, request.match_info["object"], request.match_info["id"])
    return web.Response(status=204)


async def _query(who: Caller, request: web.Request) -> web.Response:
    return _text(query.run(who, _asked(request)))


async def _query_all(who: Caller, request: web.Request) -> web.Response:
    return _text(query.run(who, _asked(request), deleted_too=True))


async def _more(who: Caller, request: web.Request) -> web.Response:
    return _text(query.more(who, request.match_info["locator"]))


async def _limits(who: Caller, _: web.Request) -> web.Response:
    limit = who.world.switches["salesforce"]["api_limit"]
    left = max(0, limit - calls_today(who.world, who.login.org.id))
    others = {name: {"Max": most, "Remaining": most} for name, most in _OTHER_LIMITS.items()}
    return _json({"DailyApiRequests": {"Max": limit, "Remaining": left}, **others})


_RECORD = r"/sobjects/{object:\w+}/{id:\w{15}|\w{18}}"
_ROUTES: tuple[tuple[str, str, Answer], ...] = (
    ("GET", "", _resources),
    ("GET", "/sobjects", _objects),
    ("GET", r"/sobjects/{object:\w+}", _object),
    ("POST", r"/sobjects/{object:\w+}", _create),
    ("GET", r"/sobjects/{object:\w+}/describe", _describe),
    ("GET", _RECORD, _get),
    ("PATCH", _RECORD, _change),
    ("DELETE", _RECORD, _delete),
    ("GET", "/query", _query),
    ("GET", "/queryAll", _query_all),
    ("GET", r"/query/{locator}", _more),
    ("GET", r"/queryAll/{locator}", _more),
    ("GET", "/limits", _limits),
)


def _found(who: Caller, request: web.Request) -> int:
    """Answer the row number of the record that is named, if it is in the caller's org and not deleted."""
    spec = visible_object(who.login.user, request.match_info["object"])
    org = records.org_number(who.world.db, who.login.org.id)
    row = who.world.db.execute(
        f'SELECT number, "IsDeleted" AS gone FROM {spec.table} WHERE org = ? AND "Id" = ?',  # noqa: S608 - ours
        (org, ids.full(request.match_info["id"])),
    ).fetchone()
    if row is None:
        raise SalesforceError(404, "NOT_FOUND", NOT_FOUND)
    if row["gone"]:
        raise SalesforceError(404, "ENTITY_IS_DELETED", "entity is deleted")
    return int(row["number"])


def _writable(who: Caller, request: web.Request, body: bytes) -> dict[str, Any]:
    """Answer the values that are sent, if the caller may write each of them."""
    spec = visible_object(who.login.user, request.match_info["object"])
    try:
        values = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise SalesforceError(400, "JSON_PARSER_ERROR", "The request body is not a JSON object") from None
    values.pop("attributes", None)
    fields = {field.name.lower(): field for field in visible_fields(who.login.user, spec)}
    for name in values:
        field = fields.get(name.lower())
        if field is None:
            raise SalesforceError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {spec.name}")
        if not field.writable:
            message = f"Unable to create/update fields: {field.name}. Please check the security settings of this field."
            raise SalesforceError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, (field.name,))
    return values


def _asked(request: web.Request) -> str:
    text = request.query.get("q", "")
    if not text.strip():
        raise SalesforceError(400, "MALFORMED_QUERY", "SOQL statements cannot be empty or null")
    return text


def _knows(since: str) -> bool:
    try:
        return parsedate_to_datetime(since).timestamp() >= record_tables.FOUNDED
    except ValueError:
        return False


def _label(number: int) -> str:
    # Three a year since Spring '04 was 15.0's year-end; 67.0 is Summer '26.
    back = _NEWEST - number
    season = _SEASONS[(1 - back) % 3]
    year = 26 - (back + 1) // 3
    return f"{season} '{year + (season == 'Winter')}"


def _json(document: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    body = msgspec.json.encode(document)
    return web.Response(status=status, headers=headers, body=body, content_type="application/json", charset="UTF-8")


def _text(document: str) -> web.Response:
    return web.Response(text=document, content_type="application/json", charset="UTF-8")
