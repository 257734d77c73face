"""The endpoints of the data API: every address below a version, and what answers it."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from aiohttp import web

from syncline_sim.salesforce import (
    hosts,
    limits,
    query,
    record_tables,
    representation,
    transactions,
    versions,
    xml_documents,
)
from syncline_sim.salesforce.compression import compress_later
from syncline_sim.salesforce.failure import NOT_FOUND, SalesforceError
from syncline_sim.salesforce.gate import caller, calls_today
from syncline_sim.salesforce.query import Caller
from syncline_sim.salesforce.rest import (
    collection,
    composite,
    describes,
    preconditions,
    queries,
    record,
    replication,
    search,
    steering,
    tree,
)
from syncline_sim.salesforce.rest.call import Call, Reply, Route, reply
from syncline_sim.salesforce.rest.routing import Routes

if TYPE_CHECKING:
    from syncline_sim.world import World

_BASE = r"/services/data/v{version:\d{2}\.0}"
_RESOURCES = ("composite", "jobs", "limits", "query", "queryAll", "search", "sobjects")


def add_routes(app: web.Application, world: "World") -> None:
    """Serve the data API; who calls has been admitted by the gate."""
    record_tables.create(world.db)
    app.router.add_get("/services/data", _versions)
    app.router.add_get("/services/data/", _versions)
    handle = _serve(world)
    for address in _ROUTES.addresses:
        app.router.add_route("*", _BASE + address, handle)
        app.router.add_route("*", f"{_BASE}{address}/", handle)


def _serve(world: "World") -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        call = Call(
            who=Caller(
                world,
                caller(request),
                request.match_info["version"],
                query.batch_size(request.headers.get("Sforce-Query-Options", "")),
            ),
            method=request.method,
            path=_below_version(request),
            query=request.query,
            headers=request.headers,
            body=await _body(request),
            origin=hosts.origin(world, request),
        )
        _check_version(call)
        _ROUTES.find(call)  # What there is not is not there in any form.
        kind = representation.check(call)
        steering.check(call)
        answered = _dispatch(replace(call, body=representation.as_json(call)))
        response = representation.answer(answered, kind, xml_documents.root(call.meant_method, call.path))
        if compress_later(request, response) == "gzip" and "ETag" in answered.headers:
            response.headers["ETag"] = preconditions.marked(answered.headers["ETag"])
        return response

    return handle


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.RequestPayloadError:
        message = "The request body is not compressed as Content-Encoding says"
        raise SalesforceError(400, "JSON_PARSER_ERROR", message) from None


def _dispatch(call: Call) -> Reply:
    """Answer a call from the wire, or one that another holds."""
    _check_version(call)
    with transactions.within(transactions.of_rest(call.who.version, call.headers.get("Sforce-Call-Options", ""))):
        return _ROUTES.answer(call)


def _check_version(call: Call) -> None:
    version = call.who.version
    number = int(version.split(".")[0])
    if number < versions.OLDEST:
        raise SalesforceError(410, "UNSUPPORTED_API_VERSION", f"Version {version} is no longer supported")
    if number > versions.NEWEST:
        raise SalesforceError(404, "NOT_FOUND", NOT_FOUND)


async def _versions(request: web.Request) -> web.Response:
    found = [
        {"label": versions.label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(versions.OLDEST, versions.NEWEST + 1)
    ]
    kind = representation.wanted(request.headers)
    response = representation.written(found, kind, "Versions") if kind else web.Response(status=406)
    compress_later(request, response)
    return response


def _resources(call: Call) -> Reply:
    identity = f"{call.origin}/id/{call.who.login.org.id}/{call.user.id}"
    return reply({**{name: f"{call.address}/{name}" for name in _RESOURCES}, "identity": identity})


def _limits(call: Call) -> Reply:
    who = call.who
    return reply(limits.report(who.world, who.login, calls_today(who.world, who.login.org.id)))


_TABLE: tuple[Route, ...] = (
    ("", {"GET": _resources}),
    ("/sobjects", {"GET": describes.every_object}),
    ("/sobjects/{object}", {"GET": describes.one_object, "POST": record.create}),
    ("/sobjects/{object}/describe", {"GET": describes.every_field}),
    ("/sobjects/{object}/updated", {"GET": replication.updated}),
    ("/sobjects/{object}/deleted", {"GET": replication.deleted}),
    (
        "/sobjects/{object}/{id}",
        {"GET": record.read, "PATCH": record.change, "DELETE": record.delete, "POST": record.create_by_no_id},
    ),
    (
        "/sobjects/{object}/{field}/{value}",
        {"GET": record.read_by_external_id, "PATCH": record.upsert, "DELETE": record.delete_by_external_id},
    ),
    *queries.routes(),
    *search.routes(),
    ("/limits", {"GET": _limits}),
    *composite.routes(_dispatch),
    ("/composite/sobjects", {"POST": collection.create, "PATCH": collection.change, "DELETE": collection.delete}),
    ("/composite/sobjects/{object}", {"GET": collection.read, "POST": collection.read_posted}),
    ("/composite/sobjects/{object}/{field}", {"PATCH": collection.upsert}),
    ("/composite/tree/{object}", {"POST": tree.create}),
)
_ROUTES = Routes(_TABLE)


def _below_version(request: web.Request) -> str:
    # Not the decoded path: an external id may hold a slash.
    path = re.sub(r"//+", "/", request.rel_url.raw_path)
    return re.sub(r"^/services/data/v[^/]+", "", path)
