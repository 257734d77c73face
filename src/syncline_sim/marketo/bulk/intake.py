"""What imports of all objects have in common: taking a file, finding the job again, and telling how it went."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

from syncline_sim.marketo.bulk import download, files, jobs, load, multipart, queue
from syncline_sim.marketo.bulk.jobs import Job, State
from syncline_sim.marketo.bulk.tabular import DELIMITERS
from syncline_sim.marketo.call import Call
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.tables import transaction

MAX_FILE = 10 * 2**20
#: With what stands around the file in a form.
MAX_BODY = MAX_FILE + 2**16
WORDS = {State.QUEUED: "Queued", State.RUNNING: "Importing", State.DONE: "Complete", State.FAILED: "Failed"}
#: How long a job can be asked for.
_KEPT = 7 * 24 * 3600


def take(call: Call, object_name: str, read: Callable[[dict[str, str]], dict[str, Any]]) -> Job | web.Response:
    """Take a file and put its import into the queue; `read` makes the request of what was sent with it."""
    form = multipart.read(call.headers.get("Content-Type", ""), call.body)
    if len(form.file) > MAX_FILE:
        return web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text="Request Entity Too Large")
    if not form.file.strip():
        raise VendorError("1003", "Empty file")
    given = {**form.parts, **call.parameters}
    layout = given.get("format", "csv").lower()
    if layout not in DELIMITERS:
        raise VendorError("1001", layout, "format")
    request = {"format": layout, **read(given)}
    queue.settle(call.world)
    if queue.full(call.world, "import"):
        raise VendorError("1016", queue.MOST_QUEUED)
    _check_list(call, request.get("list"))
    with transaction(call.world.db):
        job = jobs.create(call, "import", object_name, request)
        files.write(call.world.db, job.id, load.UPLOAD, form.file)
        return queue.enter(call.world, job)


def need(call: Call, object_name: str) -> Job:
    """Answer an import that somebody wants to know of; raises `VendorError` 1013."""
    job = _find(call, object_name)
    if job is None:
        raise VendorError("1013")
    queue.hasten(call.world)
    return job


def sheet(call: Call, object_name: str, name: str) -> web.Response:
    """Answer the file of rows that failed, or of those that raised a doubt."""
    job = _find(call, object_name)
    if job is None or job.state is not State.DONE:
        return download.missing()
    return download.respond(call.world.db, job.id, name, job.request["format"])


def told(job: Job, processed: str) -> dict[str, Any]:
    """Answer the counts of an import and what is said about them; `processed` is what the first of them is called."""
    rows, failed, doubtful = (job.outcome.get(name, 0) for name in ("rows", load.FAILURES, load.WARNINGS))
    message = job.outcome.get("message", "")
    if job.state is State.DONE:
        ending = f"{rows - failed} records imported ({rows - failed} members)"
        message = (
            f"Import completed with errors, {ending}, {failed} failed" if failed else f"Import succeeded, {ending}"
        )
        message += f", {doubtful} warning." if doubtful else ""
    counts = {processed: rows - failed, "numOfRowsFailed": failed, "numOfRowsWithWarning": doubtful}
    return {**counts, **({"message": message} if message else {})}


def _check_list(call: Call, number: int | None) -> None:
    waiting = [job for state in (State.QUEUED, State.RUNNING) for job in jobs.in_state(call.world.db, "import", state)]
    if number is not None and any(job.request.get("list") == number for job in waiting):
        raise VendorError("1019")


def _find(call: Call, object_name: str) -> Job | None:
    queue.settle(call.world)
    job = jobs.find(call, "import", object_name, call.path["id"])
    return None if job is None or job.created_at < call.world.now() - _KEPT else job
