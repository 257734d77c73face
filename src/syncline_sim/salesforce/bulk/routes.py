"""The addresses of Bulk API 2.0: `/jobs/query` and `/jobs/ingest` below every version that has them."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from syncline_sim.salesforce import transactions
from syncline_sim.salesforce.bulk import ingest, jobs, orders, outcomes, queries, uploads
from syncline_sim.salesforce.bulk.worker import Worker
from syncline_sim.salesforce.failure import NOT_FOUND, SalesforceError
from syncline_sim.salesforce.gate import caller
from syncline_sim.salesforce.query import Caller

if TYPE_CHECKING:
    from syncline_sim.world import World

_Answer = Callable[[Caller, web.Request], Awaitable[web.Response]]

_NEWEST = 67
_BASE = r"/services/data/v{version:\d{2}\.0}/jobs"
_SINCE = {"ingest": 41, "query": 47}
_CHUNK = 2**20
_CREATE = {"ingest": ingest.create, "query": queries.create}
#: Clients differ in the case of these.
_OUTCOMES = {
    "successfulresults": outcomes.successful,
    "failedresults": outcomes.failed,
    "unprocessedrecords": outcomes.unprocessed,
}


def add_routes(app: web.Application, world: "World") -> None:
    """Serve the jobs; who calls has been admitted by the gate."""
    api = _Api(Worker(world))
    job = r"/{kind:query|ingest}/{id:\w{15}|\w{18}}"
    routes: tuple[tuple[str, str, _Answer], ...] = (
        ("POST", r"/{kind:query|ingest}", api.create),
        ("GET", r"/{kind:query|ingest}", api.list),
        ("GET", job, api.get),
        ("PATCH", job, api.change),
        ("DELETE", job, api.delete),
        ("PUT", r"/{kind:ingest}/{id:\w{15}|\w{18}}/batches", api.upload),
        ("GET", r"/{kind:query}/{id:\w{15}|\w{18}}/{part:(?i:results)}", api.results),
        ("GET", r"/{kind:query}/{id:\w{15}|\w{18}}/{part:(?i:resultpages)}", api.pages),
        ("GET", r"/{kind:ingest}/{id:\w{15}|\w{18}}/{part:\w+}", api.outcome),
    )
    for method, address, answer in routes:
        app.router.add_route(method, f"{_BASE}{address}{{end:/?}}", _serve(world, answer))
    app.on_shutdown.append(api.stop)


class _Api:
    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def stop(self, _: web.Application) -> None:
        await self._worker.stop()

    async def create(self, who: Caller, request: web.Request) -> web.Response:
        job = _CREATE[request.match_info["kind"]](who, orders.document(await request.read()))
        self._worker.look(job)
        return _json(jobs.brief(job))

    async def list(self, who: Caller, request: web.Request) -> web.Response:
        return _json(jobs.listed(who, request.match_info["kind"], request.query))

    async def get(self, who: Caller, request: web.Request) -> web.Response:
        self._worker.poll(_found(who, request))
        return _json(jobs.details(_found(who, request)))

    async def change(self, who: Caller, request: web.Request) -> web.Response:
        state = orders.text(orders.document(await request.read()), "state")
        allowed = (jobs.UPLOADED, jobs.ABORTED) if request.match_info["kind"] == "ingest" else (jobs.ABORTED,)
        if state not in allowed:
            raise SalesforceError(400, "API_ERROR", f"Invalid value: '{state}' supplied for property: 'state'")
        job = jobs.move(who.world, _found(who, request), state)
        self._worker.look(job)
        return _json(jobs.brief(job))

    async def delete(self, who: Caller, request: web.Request) -> web.Response:
        jobs.forget(who.world, _found(who, request))
        return web.Response(status=204)

    async def upload(self, who: Caller, request: web.Request) -> web.Response:
        await uploads.keep(who.world, _found(who, request), request.content.iter_chunked(_CHUNK))
        return web.Response(status=201)

    async def results(self, who: Caller, request: web.Request) -> web.Response:
        job = _complete(_found(who, request))
        size = request.query.get("maxRecords", str(queries.PAGE))
        if not size.isdecimal() or not int(size):
            raise SalesforceError(400, "API_ERROR", f"Invalid value: '{size}' supplied for property: 'maxRecords'")
        page = queries.Page(who.world, job, queries.start(request.query.get("locator", "")), int(size))
        headers = {"Sforce-Locator": page.locator, "Sforce-NumberOfRecords": str(len(page))}
        return web.Response(body=page.body(), headers=headers, content_type="text/csv", charset="UTF-8")

    async def pages(self, who: Caller, request: web.Request) -> web.Response:
        job = _complete(_found(who, request))
        return _json(queries.pages(job, queries.start(request.query.get("locator", ""))))

    async def outcome(self, who: Caller, request: web.Request) -> web.Response:
        job, write = _found(who, request), _OUTCOMES.get(request.match_info["part"].lower())
        if write is None:
            raise SalesforceError(404, "NOT_FOUND", NOT_FOUND)
        if not job.ended:
            raise SalesforceError(400, "INVALIDJOBSTATE", f"Results of a Job in state {job.state} are not available")
        return web.Response(body=write(who.world, job), content_type="text/csv", charset="UTF-8")


def _serve(world: "World", answer: _Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        version = request.match_info["version"]
        if not _SINCE[request.match_info["kind"]] <= int(version.split(".")[0]) <= _NEWEST:
            raise SalesforceError(404, "NOT_FOUND", NOT_FOUND)
        client = transactions.named(request.headers.get("Sforce-Call-Options", ""))
        return await answer(Caller(world, caller(request), version, client=client), request)

    return handle


def _found(who: Caller, request: web.Request) -> jobs.Job:
    return jobs.find(who, request.match_info["kind"], request.match_info["id"])


def _complete(job: jobs.Job) -> jobs.Job:
    if job.state != jobs.COMPLETE:
        raise SalesforceError(400, "INVALIDJOBSTATE", f"Results of a Job in state {job.state} are not available")
    return job


def _json(document: object) -> web.Response:
    body = msgspec.json.encode(document)
    return web.Response(body=body, content_type="application/json", charset="UTF-8")
