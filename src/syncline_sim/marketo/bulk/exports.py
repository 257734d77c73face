"""The endpoints of bulk extract, the same for people, activities and custom objects (page "Bulk Extract")."""

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import web

from syncline_sim.marketo import traffic
from syncline_sim.marketo.bulk import download, extract, jobs, queue, wanted
from syncline_sim.marketo.bulk.jobs import Job, State
from syncline_sim.marketo.call import Call, Endpoint, next_page
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.values import stamp

if TYPE_CHECKING:
    from syncline_sim.world import World

_MEGABYTE = 10**6
_DAY = 24 * 3600
#: For how long jobs are listed, and for how long each can still be asked for.
_LISTED, _KEPT = 7 * _DAY, 30 * _DAY
#: The vendor's pages write "Canceled", its servers and its clients do not.
_WORDS = {
    State.CREATED: "Created",
    State.QUEUED: "Queued",
    State.RUNNING: "Processing",
    State.DONE: "Completed",
    State.FAILED: "Failed",
    State.CANCELLED: "Cancelled",
}
_STATES = {word.lower(): state for state, word in _WORDS.items()} | {"canceled": State.CANCELLED}
_READ = {
    "leads": ("Read-Only Lead", "Read-Write Lead"),
    "activities": ("Read-Only Activity", "Read-Write Activity"),
    "customobjects": ("Read-Only Custom Object", "Read-Write Custom Object"),
}
_REQUEST = {"leads": wanted.leads, "activities": wanted.activities, "customobjects": wanted.objects}


def create(kind: str, call: Call) -> dict[str, Any]:
    """Store a job that waits to be enqueued."""
    queue.settle(call.world)
    _check_quota(call.world)
    key = str(uuid.UUID(int=call.world.random.getrandbits(128), version=4))
    return _answer(jobs.create(call, "export", _object(kind, call), _REQUEST[kind](call), key=key))


def enqueue(kind: str, call: Call) -> dict[str, Any]:
    """Put a job into the queue."""
    job = _job(kind, call)
    if job.state is not State.CREATED:
        raise VendorError("1029", "Job already queued")
    _check_quota(call.world)
    if queue.full(call.world, "export"):
        raise VendorError("1029", "Too many jobs in queue")
    return _answer(queue.enter(call.world, job))


def cancel(kind: str, call: Call) -> dict[str, Any]:
    """Give a job up that is not over."""
    job = _job(kind, call)
    if job.state not in (State.CREATED, State.QUEUED, State.RUNNING):
        raise VendorError("1003", f"Job is already {_WORDS[job.state]}")
    return _answer(jobs.move(call.world.db, job, State.CANCELLED, "finished_at", call.world.now()))


def status(kind: str, call: Call) -> dict[str, Any]:
    """Answer how far a job is."""
    answer = _answer(_job(kind, call))
    queue.hasten(call.world)
    return answer


def file(kind: str, call: Call) -> web.Response:
    """Answer the file of a job that is done."""
    try:
        job = _job(kind, call)
    except VendorError:
        return download.missing()
    if job.state is not State.DONE:
        return download.missing()
    layout, wanted_range = job.request["format"].lower(), call.headers.get("Range", "")
    return download.respond(call.world.db, job.id, extract.FILE, layout, wanted_range)


def find(kind: str, call: Call) -> dict[str, Any]:
    """Answer the caller's jobs of the last days, page by page."""
    queue.settle(call.world)
    states = [_state(word) for word in call.listed("status")] or list(State)
    size = call.batch_size()
    found = jobs.after(call, "export", _object(kind, call), states, call.world.now() - _LISTED, call.position())
    page = found[:size]
    queue.hasten(call.world)
    return {"result": [_view(job) for job in page], **(next_page(page[-1].id) if len(found) > size else {})}


def _check_quota(world: "World") -> None:
    """Raise `VendorError` 1029 when the files of this day have more bytes than a day may have."""
    most, now = world.switches["marketo"]["bulk_quota"], world.now()
    query = """
    SELECT finished_at, json_extract(outcome, '$.fileSize') AS size FROM marketo_bulk_jobs
    WHERE kind = 'export' AND state = ? AND finished_at > ?
    """
    rows = world.db.execute(query, (State.DONE, now - _DAY))
    if sum(row["size"] for row in rows if traffic.day(row["finished_at"]) == traffic.day(now)) >= most * _MEGABYTE:
        raise VendorError("1029", f"Export daily quota {most}MB exceeded.")


def _job(kind: str, call: Call) -> Job:
    queue.settle(call.world)
    job = jobs.find(call, "export", _object(kind, call), call.path["id"])
    if job is None or (job.finished_at is not None and job.finished_at < call.world.now() - _KEPT):
        raise VendorError("1013")
    return job


def _object(kind: str, call: Call) -> str:
    return f"{kind}/{call.path['name']}" if "name" in call.path else kind


def _state(word: str) -> State:
    if word.lower() not in _STATES:
        raise VendorError("1001", word, "status")
    return _STATES[word.lower()]


def _answer(job: Job) -> dict[str, Any]:
    return {"result": [_view(job)]}


def _view(job: Job) -> dict[str, Any]:
    moments = {"createdAt": job.created_at, "queuedAt": job.queued_at, "startedAt": job.started_at}
    if job.state in (State.DONE, State.FAILED):
        moments["finishedAt"] = job.finished_at
    outcome = job.outcome if job.state is State.DONE else {}
    if job.state is State.FAILED:
        outcome = {"errorMsg": job.outcome["message"]}
    return {
        "exportId": job.key,
        "format": job.request["format"],
        "status": _WORDS[job.state],
        **{name: stamp(moment) for name, moment in moments.items() if moment is not None},
        **outcome,
    }


def _endpoints(kind: str, name: str = "") -> tuple[Endpoint, ...]:
    path = f"/bulk/v1/{kind}{name}/export"
    job = rf"{path}/{{id:[^/]+}}"
    rows = (
        ("GET", f"{path}.json", find),
        ("POST", f"{path}/create.json", create),
        ("POST", f"{job}/enqueue.json", enqueue),
        ("POST", f"{job}/cancel.json", cancel),
        ("GET", f"{job}/status.json", status),
        ("GET", f"{job}/file.json", file),
    )
    return tuple(Endpoint(method, path, partial(answer, kind), _READ[kind]) for method, path, answer in rows)


ENDPOINTS = (*_endpoints("leads"), *_endpoints("activities"), *_endpoints("customobjects", "/{name:[^/]+}"))
