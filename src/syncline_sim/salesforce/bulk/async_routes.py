"""The addresses of Bulk API 1.0, `/services/async/{version}/job`, as far as jobs in JSON need them.

Law: the session is in a header of its own, and every refusal has `exceptionCode` and `exceptionMessage`.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from syncline_sim.salesforce import gate, tokens, versions
from syncline_sim.salesforce.bulk import batches, jobs, json_results, orders
from syncline_sim.salesforce.failure import LIMIT_EXCEEDED, SalesforceError
from syncline_sim.salesforce.query import Caller

if TYPE_CHECKING:
    import sqlite3

    from syncline_sim.world import World

_Answer = Callable[[Caller, web.Request], Awaitable[web.Response]]

_BASE = r"/services/async/{version:\d{2}\.0}/job"
_JOB = r"/{id:\w{15}|\w{18}}"
_BATCH = _JOB + r"/batch/{batch:\w{15}|\w{18}}"
_MOST_BYTES = 10_000_000
_OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete", "query", "queryAll")


def add_routes(app: web.Application, world: "World") -> None:
    """Serve jobs and their batches."""
    routes: tuple[tuple[str, str, _Answer], ...] = (
        ("POST", "", _create),
        ("GET", _JOB, _get),
        ("POST", _JOB, _change),
        ("POST", f"{_JOB}/batch", _add),
        ("GET", f"{_JOB}/batch", _list),
        ("GET", _BATCH, _get_batch),
        ("GET", f"{_BATCH}/request", _request),
        ("GET", f"{_BATCH}/result", _result),
        ("GET", rf"{_BATCH}/result/{{result:\w+}}", _records),
    )
    for method, address, answer in routes:
        app.router.add_route(method, f"{_BASE}{address}{{end:/?}}", _serve(world, answer))
    app.router.add_route("*", "/services/async/{rest:.*}", _serve(world, _nothing))


async def _create(who: Caller, request: web.Request) -> web.Response:
    sent = orders.document(await request.read())
    operation, kind = orders.text(sent, "operation"), orders.text(sent, "contentType") or "XML"
    if operation not in _OPERATIONS:
        raise SalesforceError(400, "InvalidJob", f"Invalid operation: {operation}")
    if kind != "JSON":
        raise SalesforceError(400, "InvalidJob", f"Unsupported content type: {kind}")
    spec = orders.subject(who.login.user, sent)
    key = orders.key(spec, operation, sent)
    orders.permit(who.login.user, operation)
    job = jobs.create(who, "async", jobs.OPEN, operation=operation, object=spec.name, external_id_field=key)
    return _json(batches.describe_job(who.world, job), 201)


async def _get(who: Caller, request: web.Request) -> web.Response:
    return _json(batches.describe_job(who.world, _job(who, request)))


async def _change(who: Caller, request: web.Request) -> web.Response:
    state = orders.text(orders.document(await request.read()), "state")
    if state not in ("Closed", "Aborted"):
        raise SalesforceError(400, "InvalidJobState", f"Invalid job state: {state}")
    return _json(batches.describe_job(who.world, batches.close(who.world, _job(who, request), state)))


async def _add(who: Caller, request: web.Request) -> web.Response:
    body = await request.read()
    job = _job(who, request)
    if job.state != jobs.OPEN:
        raise SalesforceError(400, "InvalidJobState", f"Adding a batch to {job.state} Job not allowed")
    if len(body) > _MOST_BYTES:
        message = f"Failed to read request. Exceeded max size limit of {_MOST_BYTES}"
        raise SalesforceError(400, "ClientInputError", message)
    batch = batches.add(who.world, job, body)
    batches.look(who, job, batch)
    return _json(batches.describe(job, batch), 201)


async def _list(who: Caller, request: web.Request) -> web.Response:
    job = _job(who, request)
    return _json({"batchInfo": [batches.describe(job, batch) for batch in batches.every(who.world, job)]})


async def _get_batch(who: Caller, request: web.Request) -> web.Response:
    job = _job(who, request)
    batches.look(who, job, _batch(who, job, request))
    return _json(batches.describe(job, _batch(who, job, request)))


async def _request(who: Caller, request: web.Request) -> web.Response:
    batch = _batch(who, _job(who, request), request)
    return web.Response(body=batch["request"], content_type="application/json", charset="UTF-8")


async def _result(who: Caller, request: web.Request) -> web.Response:
    job = _job(who, request)
    batch = _done(_batch(who, job, request))
    if batch["state"] == batches.FAILED:
        return _json([])
    if batches.is_query(job):
        return _json([_result_id(batch)])
    return web.Response(body=batch["results"], content_type="application/json", charset="UTF-8")


async def _records(who: Caller, request: web.Request) -> web.Response:
    job = _job(who, request)
    batch = _done(_batch(who, job, request))
    if not batches.is_query(job) or request.match_info["result"] != _result_id(batch):
        raise SalesforceError(400, "InvalidBatch", f"Unable to find result: {request.match_info['result']}")
    body = json_results.written(who, job, batch)
    return web.Response(body=body, content_type="application/json", charset="UTF-8")


async def _nothing(_: Caller, request: web.Request) -> web.Response:
    raise SalesforceError(404, "InvalidUrl", f"Destination URL not reset. The URL {request.path} is not valid")


def _serve(world: "World", answer: _Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            login = _login(world, request)
            return await answer(Caller(world, login, _version(request)), request)
        except SalesforceError as error:
            # Checks that Bulk API 2.0 shares put the old name of an error in front of its words.
            name, found, message = error.message.partition(" : ")
            code = name if found and name.upper() == error.code else error.code
            document = {"exceptionCode": code, "exceptionMessage": message if found else error.message}
            return _json(document, error.status)

    return handle


def _login(world: "World", request: web.Request) -> tokens.Login:
    try:
        login = tokens.login(world, request.headers.get("X-SFDC-Session", ""))
    except SalesforceError:
        raise SalesforceError(400, "InvalidSessionId", "Invalid session id") from None
    switches = world.switches["salesforce"]
    if switches["api_disabled"] or not login.user.may("ApiEnabled"):
        raise SalesforceError(400, "FeatureNotEnabled", "Async API not enabled")
    if switches["api_limit_reached"] or gate.calls_today(world, login.org.id) >= switches["api_limit"]:
        raise SalesforceError(400, "ExceededQuota", LIMIT_EXCEEDED)
    gate.count_calls(world, login, 1)
    return login


def _version(request: web.Request) -> str:
    version = request.match_info.get("version", f"{versions.NEWEST}.0")
    if not versions.served(version):
        raise SalesforceError(400, "InvalidVersion", "Invalid Api Version specified on URL")
    return version


def _job(who: Caller, request: web.Request) -> jobs.Job:
    try:
        return jobs.find(who, "async", request.match_info["id"])
    except SalesforceError:
        raise SalesforceError(400, "InvalidJob", f"Unable to find job: {request.match_info['id']}") from None


def _batch(who: Caller, job: jobs.Job, request: web.Request) -> "sqlite3.Row":
    try:
        return batches.find(who.world, job, request.match_info["batch"])
    except KeyError:
        raise SalesforceError(400, "InvalidBatch", f"Unable to find batch: {request.match_info['batch']}") from None


def _done(batch: "sqlite3.Row") -> "sqlite3.Row":
    if batch["state"] not in (batches.COMPLETED, batches.FAILED):
        raise SalesforceError(400, "InvalidBatch", "Batch not completed")
    return batch


def _result_id(batch: "sqlite3.Row") -> str:
    return "752" + str(batch["id"])[3:15]


def _json(document: object, status: int = 200) -> web.Response:
    body = msgspec.json.encode(document)
    return web.Response(status=status, body=body, content_type="application/json", charset="UTF-8")
