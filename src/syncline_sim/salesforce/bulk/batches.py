"""Bulk API 1.0: the batches of a job, each done in one transaction, and how the API describes job and batch.

Law: a batch fails whole when it cannot be understood; a row of it that is refused is its own result.
"""

import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from syncline_sim.salesforce import ids, objects, query, times
from syncline_sim.salesforce.bulk import jobs, usage
from syncline_sim.salesforce.bulk.jobs import Job
from syncline_sim.salesforce.bulk.writing import Writer
from syncline_sim.salesforce.failure import SalesforceError

if TYPE_CHECKING:
    from syncline_sim.salesforce.objects import ObjectSpec
    from syncline_sim.salesforce.query import Caller
    from syncline_sim.world import World

QUEUED, IN_PROGRESS, COMPLETED, FAILED = "Queued", "InProgress", "Completed", "Failed"
_MOST_ROWS = 10_000
_TIMES = ("totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime")


class BadBatch(Exception):  # noqa: N818 - it is the batch that ends in an error
    """A batch that cannot be understood; the message is that of its state."""


def is_query(job: Job) -> bool:
    """Whether a job reads."""
    return job.operation in ("query", "queryAll")


def add(world: "World", job: Job, request: bytes) -> sqlite3.Row:
    """Keep what a client sends as a batch, and answer the batch."""
    now = world.now()
    number = world.db.execute(
        "INSERT INTO salesforce_bulk_batches (job, state, created_at, changed_at, request) VALUES (?, ?, ?, ?, ?)",
        (job.number, QUEUED, now, now, request),
    ).lastrowid
    batch_id = ids.make("751", number or 0)
    world.db.execute("UPDATE salesforce_bulk_batches SET id = ? WHERE number = ?", (batch_id, number))
    return find(world, job, batch_id)


def find(world: "World", job: Job, batch_id: str) -> sqlite3.Row:
    """Answer a batch of a job; raises `KeyError`."""
    sql = "SELECT * FROM salesforce_bulk_batches WHERE job = ? AND id = ?"
    row: sqlite3.Row | None = world.db.execute(sql, (job.number, ids.full(batch_id))).fetchone()
    if row is None:
        raise KeyError(batch_id)
    return row


def every(world: "World", job: Job) -> list[sqlite3.Row]:
    """Answer the batches of a job, oldest first."""
    sql = "SELECT * FROM salesforce_bulk_batches WHERE job = ? ORDER BY number"
    return world.db.execute(sql, (job.number,)).fetchall()


def look(who: "Caller", job: Job, batch: sqlite3.Row) -> None:
    """Do a batch that waits, if its time has come; otherwise count that it was asked about."""
    world, switches = who.world, who.world.switches["salesforce"]
    if batch["state"] not in (QUEUED, IN_PROGRESS):
        return
    if batch["polls"] < switches["bulk_polls"] or world.now() < batch["created_at"] + switches["bulk_latency"]:
        _change(world, batch, state=IN_PROGRESS if batch["polls"] else QUEUED, polls=batch["polls"] + 1)
        return
    world.db.execute("BEGIN")
    try:
        _change(world, batch, state=COMPLETED, **_work(who, job, batch))
    except BadBatch as error:
        _change(world, batch, state=FAILED, message=str(error))
    except BaseException:
        world.db.execute("ROLLBACK")
        raise
    world.db.execute("COMMIT")


def close(world: "World", job: Job, state: str) -> Job:
    """Close or abort a job; raises `SalesforceError`."""
    if job.state != jobs.OPEN:
        verb = "Closing" if state == "Closed" else "Aborting"
        raise SalesforceError(400, "InvalidJobState", f"{verb} already {job.state} Job not allowed")
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
        "concurrencyMode": "Parallel",
        "contentType": "JSON",
        "apiVersion": float(job.version),
        "externalIdFieldName": job.external_id_field or None,
        "assignmentRuleId": None,
        "fastPathEnabled": False,
        "numberBatchesQueued": states.count(QUEUED),
        "numberBatchesInProgress": states.count(IN_PROGRESS),
        "numberBatchesCompleted": states.count(COMPLETED),
        "numberBatchesFailed": states.count(FAILED),
        "numberBatchesTotal": len(batches),
        "numberRecordsProcessed": sum(batch["processed"] for batch in batches),
        "numberRecordsFailed": sum(batch["failed"] for batch in batches),
        "numberRetries": 0,
        **dict.fromkeys(_TIMES, 0),
    }


def _work(who: "Caller", job: Job, batch: sqlite3.Row) -> dict[str, Any]:
    failure = who.world.switches["salesforce"]["bulk_failure"]
    if failure:
        raise BadBatch(failure)
    return _read(who, job, batch) if is_query(job) else _write(who.world, job, batch)


def _read(who: "Caller", job: Job, batch: sqlite3.Row) -> dict[str, Any]:
    try:
        plan = query.understand(who, batch["request"].decode(), deleted_too=job.operation == "queryAll")
    except (SalesforceError, UnicodeDecodeError) as error:
        code = f"{error.code}: {error.message}" if isinstance(error, SalesforceError) else "MALFORMED_QUERY"
        raise BadBatch(f"InvalidBatch : Failed to process query: {code}") from None
    if plan.spec.name != job.object:
        text = (
            f"The root entity of the requested query ({plan.spec.name}) does not match the entity of the requested "
            f"Bulk API Job ({job.object})."
        )
        raise BadBatch(f"InvalidBatch : Failed to process query: INVALID_TYPE_FOR_OPERATION: {text}")
    numbers = plan.numbers(who.world.db)
    return {"processed": len(numbers), "results": numbers.tobytes()}


def _write(world: "World", job: Job, batch: sqlite3.Row) -> dict[str, Any]:
    try:
        rows = msgspec.json.decode(batch["request"], type=list[dict[str, Any]])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise BadBatch("InvalidBatch : Failed to parse the batch: it is not a JSON list of records") from None
    if len(rows) > _MOST_ROWS:
        raise BadBatch(f"InvalidBatch : A batch has at most {_MOST_ROWS} records")
    if not usage.admit_batch(world, job.org_id):
        raise BadBatch("ExceededQuota : ApiBatchItems Limit exceeded.")
    spec = objects.find(job.object)
    writer = Writer(world, job, spec)
    results = [_result(writer, _named(spec, row)) for row in rows]
    failed = sum(1 for result in results if not result["success"])
    return {"processed": len(rows), "failed": failed, "results": msgspec.json.encode(results)}


def _result(writer: Writer, row: Mapping[str, object]) -> dict[str, Any]:
    try:
        saved = writer.write(row)
    except SalesforceError as refusal:
        error = {
            "statusCode": refusal.code,
            "message": refusal.message,
            "fields": list(refusal.fields or ()),
            "extendedErrorDetails": None,
        }
        return {"success": False, "created": False, "id": None, "errors": [error]}
    return {"success": True, "created": saved.created, "id": saved.id, "errors": []}


def _named(spec: "ObjectSpec", row: Mapping[str, object]) -> dict[str, object]:
    """Write the names of fields as the object does; the rest is for others to refuse."""
    fields = spec.by_name
    return {fields[name.lower()].name if name.lower() in fields else name: value for name, value in row.items()}


def _change(world: "World", batch: sqlite3.Row, **values: object) -> None:
    row = {**values, "changed_at": world.now()}
    pairs = ", ".join(f"{name} = :{name}" for name in row)
    sql = f"UPDATE salesforce_bulk_batches SET {pairs} WHERE number = :number"  # noqa: S608 - our own names
    world.db.execute(sql, {**row, "number": batch["number"]})
