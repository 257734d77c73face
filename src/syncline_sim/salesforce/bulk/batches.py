"""Bulk API 1.0: the batches of a job, each done in one transaction, and how the API describes job and batch.

Law: a batch fails whole when it cannot be understood; a row of it that is refused is its own result.
"""

import sqlite3
from typing import TYPE_CHECKING, Any

import msgspec

from syncline_sim.salesforce import ids, objects, times
from syncline_sim.salesforce.bulk import asked, batch_results, batch_rows, jobs, pk_chunks, usage
from syncline_sim.salesforce.bulk.async_orders import QUERIES
from syncline_sim.salesforce.bulk.jobs import Job
from syncline_sim.salesforce.bulk.uploads import BadUpload
from syncline_sim.salesforce.bulk.writing import Writer
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.savepoints import Savepoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncline_sim.salesforce.query import Caller
    from syncline_sim.salesforce.soql.plan import Plan
    from syncline_sim.world import World

QUEUED, IN_PROGRESS, COMPLETED, FAILED, NOT_PROCESSED = "Queued", "InProgress", "Completed", "Failed", "NotProcessed"
_WAITING = (QUEUED, IN_PROGRESS)
_MOST_ROWS = 10_000
_DAY = 24 * 3600
_TIMES = ("totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime")
#: All of a batch but what was sent and what came of it, which may be large.
_COLUMNS = "number, id, state, message, created_at, changed_at, polls, chunk, processed, failed"
_QUOTA = "ExceededQuota", "ApiBatchItems Limit exceeded."
#: How Bulk API 1.0 calls what a bulk query cannot do.
_UNSUPPORTED = "FUNCTIONALITY_NOT_ENABLED"


def is_query(job: Job) -> bool:
    """Whether a job reads."""
    return job.operation in QUERIES


def submit(who: "Caller", job: Job, request: bytes) -> sqlite3.Row:
    """Take a batch, begin with it and answer how it was taken; raises `SalesforceError`."""
    world = who.world
    if not usage.admit_batch(world, job.org_id):
        raise SalesforceError(400, *_QUOTA)
    # What is refused from here on has been counted all the same.
    if job.state != jobs.OPEN:
        raise SalesforceError(400, "InvalidJobState", f"Adding a batch to {job.state} Job not allowed")
    if world.now() > job.created_at + _DAY:
        raise SalesforceError(400, "InvalidJobState", "Adding a batch to a Job of more than 24 hours not allowed")
    if not request.strip():
        raise SalesforceError(400, "ClientInputError", "The batch has no content")
    batch = find(world, job, _add(world, job, request))
    look(who, job, batch)
    return batch


def find(world: "World", job: Job, batch_id: str) -> sqlite3.Row:
    """Answer a batch of a job; raises `KeyError`."""
    sql = f"SELECT {_COLUMNS} FROM salesforce_bulk_batches WHERE job = ? AND id = ?"  # noqa: S608 - our own names
    row: sqlite3.Row | None = world.db.execute(sql, (job.number, ids.full(batch_id))).fetchone()
    if row is None:
        raise KeyError(batch_id)
    return row


def every(world: "World", job: Job) -> list[sqlite3.Row]:
    """Answer the batches of a job, oldest first."""
    sql = f"SELECT {_COLUMNS} FROM salesforce_bulk_batches WHERE job = ? ORDER BY number"  # noqa: S608 - as above
    return world.db.execute(sql, (job.number,)).fetchall()


def request(world: "World", batch: sqlite3.Row) -> bytes:
    """Answer what was sent."""
    return _content(world, batch, "request")


def results(world: "World", batch: sqlite3.Row) -> bytes:
    """Answer what came of it: rows as JSON, or the row numbers of the records that were found."""
    return _content(world, batch, "results")


def look(who: "Caller", job: Job, batch: sqlite3.Row | None = None) -> None:
    """Do a batch that waits, or all of a job, if their time has come; otherwise count that they were asked about."""
    serial = job.concurrency == "Serial"
    wanted = [batch] if batch and not serial else every(who.world, job)
    for each in wanted:
        if each["state"] in _WAITING and not _tried(who, job, each) and serial:
            return  # Those after it have to wait for it.
        if batch and each["id"] == batch["id"]:
            return


def close(world: "World", job: Job, state: str) -> Job:
    """Close or abort a job; what waits of an aborted one is not done any more. Raises `SalesforceError`."""
    if job.state != jobs.OPEN:
        verb = "Closing" if state == "Closed" else "Aborting"
        raise SalesforceError(400, "InvalidJobState", f"{verb} already {job.state} Job not allowed")
    if state == jobs.ABORTED:
        for batch in every(world, job):
            if batch["state"] == QUEUED:
                _change(world, batch, state=NOT_PROCESSED)
    return jobs.change(world, job, state=state)


def describe(job: Job, batch: sqlite3.Row) -> dict[str, Any]:
    """Describe a batch."""
    return {
        "id": batch["id"],
        "jobId": job.id,
        "state": batch["state"],
        "stateMessage": batch["message"] or None,
        "createdDate": times.stamp(batch["created_at"]),
        "systemModstamp": times.stamp(batch["changed_at"]),
        "numberRecordsProcessed": batch["processed"],
        "numberRecordsFailed": batch["failed"],
        **dict.fromkeys(_TIMES, 0),
    }


def describe_job(world: "World", job: Job) -> dict[str, Any]:
    """Describe a job with the sums over its batches."""
    batches = every(world, job)
    states = [batch["state"] for batch in batches]
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.user_id,
        "createdDate": times.stamp(job.created_at),
        "systemModstamp": times.stamp(job.changed_at),
        "state": job.state,
        "externalIdFieldName": job.external_id_field or None,
        "concurrencyMode": job.concurrency,
        "contentType": job.content_type,
        "numberBatchesQueued": states.count(QUEUED),
        "numberBatchesInProgress": states.count(IN_PROGRESS),
        "numberBatchesCompleted": states.count(COMPLETED),
        "numberBatchesFailed": states.count(FAILED),
        "numberBatchesTotal": len(batches),
        "numberRecordsProcessed": sum(batch["processed"] for batch in batches),
        "numberRetries": 0,
        "apiVersion": float(job.version),
        "assignmentRuleId": None,
        "fastPathEnabled": False,
        "numberRecordsFailed": sum(batch["failed"] for batch in batches),
        **dict.fromkeys(_TIMES, 0),
    }


def _add(world: "World", job: Job, sent: bytes, *, chunk: bool = False) -> str:
    now = world.now()
    number = world.db.execute(
        """
        INSERT INTO salesforce_bulk_batches (job, state, created_at, changed_at, request, chunk)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        (job.number, QUEUED, now, now, sent, chunk),
    ).lastrowid
    batch_id = ids.make("751", number or 0)
    world.db.execute("UPDATE salesforce_bulk_batches SET id = ? WHERE number = ?", (batch_id, number))
    return batch_id


def _tried(who: "Caller", job: Job, batch: sqlite3.Row) -> bool:
    """Do a batch if its time has come, and answer whether it has."""
    world, switches = who.world, who.world.switches["salesforce"]
    if batch["polls"] < switches["bulk_polls"] or world.now() < batch["created_at"] + switches["bulk_latency"]:
        _change(world, batch, state=IN_PROGRESS if batch["polls"] else QUEUED, polls=batch["polls"] + 1)
        return False
    with Savepoint(world.db) as savepoint:
        try:
            _change(world, batch, **_work(who, job, batch))
        except BadUpload as error:
            savepoint.undo()
            _change(world, batch, state=FAILED, message=str(error))
    return True


def _work(who: "Caller", job: Job, batch: sqlite3.Row) -> "Mapping[str, Any]":
    failure = who.world.switches["salesforce"]["bulk_failure"]
    if failure:
        raise BadUpload(failure)
    if not is_query(job):
        return _write(who, job, batch)
    try:
        text = request(who.world, batch).decode()
        if job.chunk_size and not batch["chunk"] and pk_chunks.splits(text):
            return _split(who, job, text)
        return _read(who, job, text)
    except (SalesforceError, UnicodeDecodeError) as error:
        reason = "MALFORMED_QUERY: it is not UTF-8"
        if isinstance(error, SalesforceError):
            reason = f"{_UNSUPPORTED if error.code == asked.UNSUPPORTED else error.code}: {error.message}"
        raise BadUpload(f"InvalidBatch : Failed to process query: {reason}") from None


def _split(who: "Caller", job: Job, text: str) -> "Mapping[str, Any]":
    _plan(who, job, text)
    for chunk in pk_chunks.chunks(who, job, text):
        if not usage.admit_batch(who.world, job.org_id):
            # The chunks before this one are done all the same.
            return {"state": FAILED, "message": " : ".join(_QUOTA)}
        _add(who.world, job, chunk.encode(), chunk=True)
    return {"state": NOT_PROCESSED}


def _read(who: "Caller", job: Job, text: str) -> "Mapping[str, Any]":
    numbers = _plan(who, job, text).numbers(who.world.db)
    return {"state": COMPLETED, "processed": len(numbers), "results": numbers.tobytes()}


def _plan(who: "Caller", job: Job, text: str) -> "Plan":
    plan = asked.plan(who, job.operation, text)
    if plan.spec.name != job.object:
        text = (
            f"The root entity of the requested query ({plan.spec.name}) does not match the entity of the requested "
            f"Bulk API Job ({job.object})."
        )
        raise SalesforceError(400, "INVALID_TYPE_FOR_OPERATION", text)
    return plan


def _write(who: "Caller", job: Job, batch: sqlite3.Row) -> "Mapping[str, Any]":
    rows = batch_rows.read(who, job, request(who.world, batch))
    if len(rows) > _MOST_ROWS:
        raise BadUpload(f"InvalidBatch : A batch has at most {_MOST_ROWS} records")
    writer = Writer(who.world, job, objects.find(job.object))
    outcomes = [_outcome(writer, row) for row in rows]
    failed = sum(1 for outcome in outcomes if not outcome["success"])
    kept = msgspec.json.encode(outcomes)
    return {"state": COMPLETED, "processed": len(rows), "failed": failed, "results": kept}


def _outcome(writer: Writer, row: batch_rows.Row) -> dict[str, Any]:
    try:
        return batch_results.success(writer.write(row()))
    except SalesforceError as refusal:
        return batch_results.failure(refusal)


def _content(world: "World", batch: sqlite3.Row, name: str) -> bytes:
    sql = f"SELECT {name} FROM salesforce_bulk_batches WHERE number = ?"  # noqa: S608 - our own names
    return bytes(world.db.execute(sql, (batch["number"],)).fetchone()[0])


def _change(world: "World", batch: sqlite3.Row, **values: object) -> None:
    row = {**values, "changed_at": world.now()}
    pairs = ", ".join(f"{name} = :{name}" for name in row)
    sql = f"UPDATE salesforce_bulk_batches SET {pairs} WHERE number = :number"  # noqa: S608 - our own names
    world.db.execute(sql, {**row, "number": batch["number"]})
