"""Bulk jobs: opening, finding, listing, changing and forgetting them, and how the API describes one.

Law: a job belongs to the user who has opened it, is there for seven days, and only states in `NEXT` follow one another.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from syncline_sim.salesforce import ids, orgs, times
from syncline_sim.salesforce.failure import NOT_FOUND, SalesforceError
from syncline_sim.salesforce.query import Caller
from syncline_sim.salesforce.tokens import Login

if TYPE_CHECKING:
    from syncline_sim.world import World

OPEN, UPLOADED, IN_PROGRESS = "Open", "UploadComplete", "InProgress"
COMPLETE, FAILED, ABORTED = "JobComplete", "Failed", "Aborted"
#: Which state may follow which. Those that nothing follows are the ends.
NEXT: Mapping[str, tuple[str, ...]] = {
    OPEN: (UPLOADED, ABORTED),
    UPLOADED: (IN_PROGRESS, COMPLETE, FAILED, ABORTED),
    IN_PROGRESS: (COMPLETE, FAILED, ABORTED),
    COMPLETE: (),
    FAILED: (),
    ABORTED: (),
}
WAITING = (UPLOADED, IN_PROGRESS)
_TYPES = {"query": "V2Query", "ingest": "V2Ingest"}
_COLUMNS = """
    number, id, kind, user_id, org_id, version, operation, object, query, external_id_field, line_ending,
    column_delimiter, state, created_at, changed_at, polls, uploaded, processed, failed, error, columns, content_type,
    concurrency, chunk_size, chunk_start, client
"""
_LISTED = 1000
_KEPT = "user_id = ? AND kind = ? AND created_at > ?"
_LIFE = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Job:
    """One job; `kind` is query, ingest or async, `columns` the header of what was uploaded.

    Of Bulk API 1.0 only: content type, concurrency and chunks; `chunk_size` is 0 unless its queries are split by the
    ids of records.
    """

    number: int
    id: str
    kind: str
    user_id: str
    org_id: str
    version: str
    operation: str
    object: str
    query: str
    external_id_field: str
    line_ending: str
    column_delimiter: str
    state: str
    created_at: float
    changed_at: float
    polls: int
    uploaded: int
    processed: int
    failed: int
    error: str
    columns: str
    content_type: str
    concurrency: str
    chunk_size: int
    chunk_start: str
    client: str

    @property
    def ended(self) -> bool:
        """Whether nothing will change about it any more."""
        return not NEXT[self.state]


def create(who: "Caller", kind: str, state: str, **values: object) -> Job:
    """Open a job of the caller's."""
    world, now = who.world, who.world.now()
    row = {
        **values,
        "kind": kind,
        "state": state,
        "org_id": who.login.org.id,
        "user_id": who.login.user.id,
        "version": who.version,
        "client": who.client,
        "created_at": now,
        "changed_at": now,
    }
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    number = world.db.execute(f"INSERT INTO salesforce_bulk_jobs ({names}) VALUES ({marks})", row).lastrowid or 0  # noqa: S608
    world.db.execute("UPDATE salesforce_bulk_jobs SET id = ? WHERE number = ?", (ids.make("750", number), number))
    return load(world, number)


def load(world: "World", number: int) -> Job:
    """Answer a job by its number; raises `KeyError`."""
    row = world.db.execute(f"SELECT {_COLUMNS} FROM salesforce_bulk_jobs WHERE number = ?", (number,)).fetchone()  # noqa: S608
    if row is None:
        raise KeyError(number)
    return _job(row)


def at_work(world: "World", number: int) -> Job | None:
    """Answer a job if it is still there and under way."""
    try:
        job = load(world, number)
    except KeyError:
        return None
    return job if job.state == IN_PROGRESS else None


def owner(world: "World", job: Job) -> "Caller":
    """Answer in whose name work on a job is done, whoever may still be logged in."""
    user = orgs.find_user(world.db, job.user_id)
    login = Login(orgs.find_org(world, job.org_id), user, token="", scopes=frozenset(), consumer_key="")
    return Caller(world, login, job.version)


def find(who: "Caller", kind: str, job_id: str) -> Job:
    """Answer a job of the caller's by its id; raises `SalesforceError`, 409 in another version than it was made in."""
    query = f"SELECT {_COLUMNS} FROM salesforce_bulk_jobs WHERE {_KEPT} AND id = ?"  # noqa: S608
    row = who.world.db.execute(query, (*_kept(who, kind), ids.full(job_id))).fetchone()
    if row is None:
        raise SalesforceError(404, "NOT_FOUND", NOT_FOUND)
    if row["version"] != who.version:
        text = f"The job was created in API version {row['version']}, the request is in {who.version}"
        raise SalesforceError(409, "API_VERSION_MISMATCH", text)
    return _job(row)


def listed(who: "Caller", kind: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Answer the caller's jobs of a kind, oldest first, a thousand at a time."""
    start = int(query.get("queryLocator", "0")) if query.get("queryLocator", "0").isdecimal() else 0
    wanted = query.get("jobType", _TYPES[kind]) == _TYPES[kind]
    sql = f"SELECT {_COLUMNS} FROM salesforce_bulk_jobs WHERE {_KEPT} ORDER BY number LIMIT ? OFFSET ?"  # noqa: S608
    rows = who.world.db.execute(sql, (*_kept(who, kind), _LISTED + 1, start)).fetchall() if wanted else []
    found = [_head(_job(row)) | {"jobType": _TYPES[kind]} for row in rows[:_LISTED]]
    more = len(rows) > _LISTED
    address = f"/services/data/v{who.version}/jobs/{kind}?queryLocator={start + _LISTED}"
    return {"done": not more, "records": found, "nextRecordsUrl": address if more else None}


def move(world: "World", job: Job, state: str, **values: object) -> Job:
    """Put a job into the state that follows, and change other things about it; raises `SalesforceError`."""
    if state not in NEXT[job.state]:
        verb = {ABORTED: "Aborting", UPLOADED: "Closing"}.get(state, "Changing")
        word = {COMPLETE: "Completed", UPLOADED: "Closed"}.get(job.state, job.state)
        raise SalesforceError(400, "INVALIDJOBSTATE", f"{verb} already {word} Job not allowed")
    return change(world, job, state=state, **values)


def change(world: "World", job: Job, **values: object) -> Job:
    """Change columns of a job."""
    row = {**values, "changed_at": world.now()}
    pairs = ", ".join(f"{name} = :{name}" for name in row)
    world.db.execute(f"UPDATE salesforce_bulk_jobs SET {pairs} WHERE number = :number", {**row, "number": job.number})  # noqa: S608
    return load(world, job.number)


def forget(world: "World", job: Job) -> None:
    """Delete a job with all that belongs to it; raises `SalesforceError` while it is not at its end."""
    if not job.ended:
        raise SalesforceError(400, "INVALIDJOBSTATE", f"Deleting {job.state} Job not allowed")
    for table in ("salesforce_bulk_chunks", "salesforce_bulk_rows"):
        world.db.execute(f"DELETE FROM {table} WHERE job = ?", (job.number,))  # noqa: S608 - ours
    world.db.execute("DELETE FROM salesforce_bulk_jobs WHERE number = ?", (job.number,))


def brief(job: Job) -> dict[str, Any]:
    """Describe a job as the call that creates or changes it does."""
    document = _head(job)
    if job.kind == "ingest" and job.state == OPEN:
        document["contentUrl"] = f"services/data/v{job.version}/jobs/ingest/{job.id}/batches"
    return document


def details(job: Job) -> dict[str, Any]:
    """Describe a job as the call that asks for its state does."""
    took = int((job.changed_at - job.created_at) * 1000)
    document = {
        **brief(job),
        "jobType": _TYPES[job.kind],
        "retries": 0,
        "totalProcessingTime": took,
        "numberRecordsProcessed": job.processed,
    }
    if job.kind == "ingest":
        document |= {"apiActiveProcessingTime": took, "apexProcessingTime": 0, "numberRecordsFailed": job.failed}
    if job.error:
        document["errorMessage"] = job.error
    return document


def _kept(who: "Caller", kind: str) -> tuple[str, str, float]:
    return who.login.user.id, kind, who.world.now() - _LIFE


def _head(job: Job) -> dict[str, Any]:
    document = {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.user_id,
        "createdDate": times.stamp(job.created_at),
        "systemModstamp": times.stamp(job.changed_at),
        "state": job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.version),
        "lineEnding": job.line_ending,
        "columnDelimiter": job.column_delimiter,
    }
    return document | ({"externalIdFieldName": job.external_id_field} if job.external_id_field else {})


def _job(row: sqlite3.Row) -> Job:
    return Job(**dict(row))
