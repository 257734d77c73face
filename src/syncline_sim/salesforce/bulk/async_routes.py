"""The addresses of Bulk API 1.0, `/services/async/{version}/job`.

Law: the session is in a header of its own. A job is described in XML unless the call is in JSON, its batches in XML
unless the job is; errors are worded in the same way, with `exceptionCode` and `exceptionMessage`.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

from syncline_sim.salesforce import access, gate, networks, tokens, transactions, versions
from syncline_sim.salesforce.bulk import async_forms, async_orders, batch_records, batch_results, batches, jobs
from syncline_sim.salesforce.compression import compress_later
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.query import Caller

if TYPE_CHECKING:
    import sqlite3

    from syncline_sim.world import World

_Answer = Callable[[Caller, web.Request], Awaitable[web.Response]]

_BASE = r"/services/async/{version:\d{2}\.0}/job"
_JOB = r"/{id:\w{15}|\w{18}}"
_BATCH = _JOB + r"/batch/{batch:\w{15}|\w{18}}"
_MOST_BYTES = 10_000_000
_UNAUTHORIZED = 401
_TYPES = {"CSV": async_forms.CSV, "XML": async_forms.XML, "JSON": async_forms.JSON}


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
    sent = async_orders.document(await _body(request), as_json=async_forms.in_json(request))
    order = async_orders.job(who.login.user, sent, request.headers.get("Sforce-Enable-PKChunking", ""))
    return _described(who, request, jobs.create(who, "async", jobs.OPEN, **order), 201)


async def _get(who: Caller, request: web.Request) -> web.Response:
    job = _job(who, request)
    batches.look(who, job)
    return _described(who, request, job)


async def _change(who: Caller, request: web.Request) -> web.Response:
    sent = async_orders.document(await _body(request), as_json=async_forms.in_json(request))
    state = str(sent.get("state", ""))
    if state not in ("Closed", jobs.ABORTED):
        raise SalesforceError(400, "InvalidJobState", f"Invalid job state: {state}")
    return _described(who, request, batches.close(who.world, _job(who, request), state))


async def _add(who: Caller, request: web.Request) -> web.Response:
    body = await _body(request)
    job = _job(who, request)
    if request.content_type != _TYPES[job.content_type]:
        message = f"Content type of the batch, {request.content_type}, does not match that of the job"
        raise SalesforceError(400, "InvalidBatch", message)
    batch = batches.submit(who, job, _in_utf8(body, request))
    return _form(job, "batchInfo", batches.describe(job, batch), 201)


async def _list(who: Caller, request: web.Request) -> web.Response:
    job = _job(who, request)
    batches.look(who, job)
    found = [batches.describe(job, batch) for batch in batches.every(who.world, job)]
    return _form(job, "batchInfoList", {"batchInfo": found})


async def _get_batch(who: Caller, request: web.Request) -> web.Response:
    job = _job(who, request)
    batches.look(who, job, _batch(who, job, request))
    return _form(job, "batchInfo", batches.describe(job, _batch(who, job, request)))


async def _request(who: Caller, request: web.Request) -> web.Response:
    job = _job(who, request)
    body = batches.request(who.world, _batch(who, job, request))
    return async_forms.raw(body, _TYPES[job.content_type], charset="UTF-8")


async def _result(who: Caller, request: web.Request) -> web.Response:
    job = _job(who, request)
    batch = _done(_batch(who, job, request))
    failed = batch["state"] == batches.FAILED
    if batches.is_query(job):
        return async_forms.results([] if failed else [_result_id(batch)], as_json=job.content_type == "JSON")
    kept = b"[]" if failed else batches.results(who.world, batch)
    return async_forms.raw(*batch_results.written(job.content_type, kept))


async def _records(who: Caller, request: web.Request) -> web.Response:
    job = _job(who, request)
    batch = _done(_batch(who, job, request))
    if not batches.is_query(job) or request.match_info["result"] != _result_id(batch):
        raise SalesforceError(400, "InvalidBatch", f"Unable to find result: {request.match_info['result']}")
    text, found = batches.request(who.world, batch).decode(), batches.results(who.world, batch)
    body = batch_records.written(who, job, text, found)
    # A client that knows no charset would take what is sent here for Latin-1.
    return async_forms.raw(body, _TYPES[job.content_type], charset="UTF-8")


async def _nothing(_: Caller, request: web.Request) -> web.Response:
    raise SalesforceError(404, "InvalidUrl", f"Destination URL not reset. The URL {request.path} is not valid")


def _serve(world: "World", answer: _Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            login = _login(world, request)
            client = transactions.named(request.headers.get("Sforce-Call-Options", ""))
            response = await answer(Caller(world, login, _version(request), client=client), request)
        except SalesforceError as error:
            response = async_forms.refusal(error, as_json=async_forms.in_json(request))
        compress_later(request, response, ("gzip",))
        return response

    return handle


async def _body(request: web.Request) -> bytes:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise _too_large() from None
    except web.RequestPayloadError as error:
        raise SalesforceError(400, "ClientInputError", f"Failed to read request. {error}") from None
    if len(body) > _MOST_BYTES:
        raise _too_large()
    return body


def _too_large() -> SalesforceError:
    message = f"Failed to read request. Exceeded max size limit of {_MOST_BYTES}"
    return SalesforceError(400, "ClientInputError", message)


def _described(who: Caller, request: web.Request, job: jobs.Job, status: int = 200) -> web.Response:
    # A call that does not say what it is in is answered in the form of the job.
    said = "Content-Type" in request.headers or job.content_type != "JSON"
    document = batches.describe_job(who.world, job)
    return async_forms.answer("jobInfo", document, status, as_json=async_forms.in_json(request) if said else True)


def _form(job: jobs.Job, tag: str, document: dict[str, object], status: int = 200) -> web.Response:
    return async_forms.answer(tag, document, status, as_json=job.content_type == "JSON")


def _in_utf8(body: bytes, request: web.Request) -> bytes:
    """Answer a body in UTF-8; one that is not in the charset which it names is left for the batch to fail by."""
    try:
        return body.decode(request.charset or "utf-8").encode()
    except (UnicodeDecodeError, LookupError):
        return body


def _login(world: "World", request: web.Request) -> tokens.Login:
    try:
        login = tokens.login(world, request.headers.get("X-SFDC-Session", ""))
    except SalesforceError:
        raise SalesforceError(400, "InvalidSessionId", "Invalid session id") from None
    try:
        access.judge(world, login, networks.source(world, request))
    except SalesforceError as error:
        if error.status == _UNAUTHORIZED:
            raise SalesforceError(400, "InvalidSessionId", "Invalid session id") from None
        raise SalesforceError(400, "FeatureNotEnabled", "Async API not enabled") from None
    try:
        access.check_limits(world, login, gate.calls_today(world, login.org.id))
    except SalesforceError as error:
        raise SalesforceError(400, "ExceededQuota", error.message) from None
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
