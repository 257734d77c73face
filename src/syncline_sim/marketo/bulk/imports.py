"""The endpoints of bulk lead import (page "Bulk Lead Import")."""

from http import HTTPStatus
from typing import Any

from aiohttp import web

from syncline_sim.marketo import lists
from syncline_sim.marketo.bulk import download, files, jobs, load, multipart, queue
from syncline_sim.marketo.bulk.jobs import Job, State
from syncline_sim.marketo.bulk.tabular import DELIMITERS
from syncline_sim.marketo.call import Call, Endpoint
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.people import People
from syncline_sim.marketo.tables import transaction

MAX_FILE = 10 * 2**20
#: What stands around the file in a form.
_FORM = 2**16
#: How long a job can be asked for.
_KEPT = 7 * 24 * 3600
_WORDS = {State.QUEUED: "Queued", State.RUNNING: "Importing", State.DONE: "Complete", State.FAILED: "Failed"}
_WRITE = ("Read-Write Lead",)


def create(call: Call) -> dict[str, Any] | web.Response:
    """Take a file and put its import into the queue."""
    form = multipart.read(call.headers.get("Content-Type", ""), call.body)
    if len(form.file) > MAX_FILE:
        return web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text="Request Entity Too Large")
    if not form.file.strip():
        raise VendorError("1003", "Empty file")
    request = _request(call, {**form.parts, **call.parameters})
    queue.settle(call.world)
    if queue.full(call.world, "import"):
        raise VendorError("1016", queue.MOST_QUEUED)
    if request["list"] is not None and any(job.request["list"] == request["list"] for job in _unfinished(call)):
        raise VendorError("1019")
    with transaction(call.world.db):
        job = jobs.create(call, "import", "leads", request)
        files.write(call.world.db, job.id, load.UPLOAD, form.file)
        return {"result": [_head(queue.enter(call.world, job))]}


def status(call: Call) -> dict[str, Any]:
    """Answer how far an import is."""
    job = _job(call)
    if job is None:
        raise VendorError("1013")
    queue.hasten(call.world)
    return {"result": [_view(job)]}


def failures(call: Call) -> web.Response:
    """Answer the rows that failed."""
    return _sheet(call, load.FAILURES)


def warnings(call: Call) -> web.Response:
    """Answer the rows that were imported but raised a doubt."""
    return _sheet(call, load.WARNINGS)


def _request(call: Call, given: dict[str, str]) -> dict[str, Any]:
    layout = given.get("format", "csv").lower()
    if layout not in DELIMITERS:
        raise VendorError("1001", layout, "format")
    lookup = given.get("lookupField", "email")
    if lookup not in People(call.world.db).fields:
        raise VendorError("1006", lookup)
    if given.get("partitionName", "Default") != "Default":
        raise VendorError("1008", given["partitionName"])
    number = lists.need(call.world.db, given["listId"])["id"] if given.get("listId") else None
    return {"format": layout, "lookup": lookup, "list": number}


def _unfinished(call: Call) -> list[Job]:
    states = (State.QUEUED, State.RUNNING)
    return [job for state in states for job in jobs.in_state(call.world.db, "import", state)]


def _job(call: Call) -> Job | None:
    queue.settle(call.world)
    job = jobs.find(call, "import", "leads", call.path["id"])
    return None if job is None or job.created_at < call.world.now() - _KEPT else job


def _sheet(call: Call, name: str) -> web.Response:
    job = _job(call)
    if job is None or job.state is not State.DONE:
        return download.missing()
    return download.respond(call.world.db, job.id, name, job.request["format"])


def _head(job: Job) -> dict[str, Any]:
    return {"batchId": job.id, "importId": job.key, "status": _WORDS[job.state]}


def _view(job: Job) -> dict[str, Any]:
    rows, failed, doubtful = (job.outcome.get(name, 0) for name in ("rows", load.FAILURES, load.WARNINGS))
    imported = rows - failed
    message = job.outcome.get("message", "")
    if job.state is State.DONE:
        ending = f"{imported} records imported ({imported} members)"
        message = (
            f"Import completed with errors, {ending}, {failed} failed" if failed else f"Import succeeded, {ending}"
        )
        message += f", {doubtful} warning." if doubtful else ""
    counts = {"numOfLeadsProcessed": imported, "numOfRowsFailed": failed, "numOfRowsWithWarning": doubtful}
    return {**_head(job), **counts, **({"message": message} if message else {})}


ENDPOINTS = (
    Endpoint("POST", "/bulk/v1/leads.json", create, _WRITE, max_body=MAX_FILE + _FORM),
    Endpoint("GET", r"/bulk/v1/leads/batch/{id:\d+}.json", status, _WRITE),
    Endpoint("GET", r"/bulk/v1/leads/batch/{id:\d+}/failures.json", failures, _WRITE),
    Endpoint("GET", r"/bulk/v1/leads/batch/{id:\d+}/warnings.json", warnings, _WRITE),
)
