"""Ingest jobs: the work on one, slice by slice, so that the world answers others meanwhile.

Law: a slice is one transaction with its results and its count, so that a world that ends half-way goes on from there.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from syncline_sim.salesforce import objects
from syncline_sim.salesforce.bulk import header, jobs, orders, uploads, usage
from syncline_sim.salesforce.bulk.jobs import Job
from syncline_sim.salesforce.bulk.lines import DELIMITERS, line
from syncline_sim.salesforce.bulk.writing import Writer
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.rest.writing import Saved

if TYPE_CHECKING:
    from syncline_sim.salesforce.bulk.header import Header
    from syncline_sim.salesforce.query import Caller
    from syncline_sim.world import World

_SLICE = 500
_QUOTA = "ExceededQuota : ApiBatchItems Limit exceeded."
_INSERT = "INSERT INTO salesforce_bulk_rows VALUES (?, ?, ?, ?, ?, ?)"
_NOTHING = Saved("")
_Outcome = tuple[int, int, str, bool, str, str]


def create(who: "Caller", sent: Mapping[str, Any]) -> Job:
    """Open an ingest job; raises `SalesforceError`."""
    order, user = orders.order("ingest", sent), who.login.user
    spec = orders.subject(user, sent)
    key = orders.key(spec, order["operation"], sent)
    orders.permit(user, order["operation"])
    return jobs.create(who, "ingest", jobs.OPEN, **order, object=spec.name, external_id_field=key)


def work(world: "World", number: int) -> Iterator[None]:
    """Work on a job until its end, a slice at each step; one that is aborted or deleted meanwhile is left alone."""
    job = jobs.move(world, jobs.load(world, number), jobs.IN_PROGRESS)
    try:
        yield from _slices(world, job)
    except uploads.BadUpload as error:
        if current := jobs.at_work(world, number):
            jobs.move(world, current, jobs.FAILED, error=str(error))
        return
    if current := jobs.at_work(world, number):
        jobs.move(world, current, jobs.COMPLETE)
        uploads.drop(world.db, current)


def resume(world: "World", number: int) -> Iterator[None]:
    """Go on with a job on which an earlier life of this world was at work."""
    world.db.execute(
        "UPDATE salesforce_bulk_jobs SET state = ? WHERE number = ? AND state = ?",
        (jobs.UPLOADED, number, jobs.IN_PROGRESS),
    )
    return work(world, number)


def _slices(world: "World", job: Job) -> Iterator[None]:
    upload = uploads.Upload(world, job)
    delimiter, spec = DELIMITERS[job.column_delimiter], objects.find(job.object)
    jobs.change(world, job, columns=line(upload.header, delimiter))
    writer = Writer(world, job, spec)
    columns = header.read(writer.who, spec, job, upload.header)
    rows = itertools.islice(upload.rows(), job.processed, None)
    for at in itertools.count(job.processed, _SLICE):
        taken = list(itertools.islice(rows, _SLICE))
        if taken and at > job.processed:
            yield
        if not taken or not jobs.at_work(world, job.number):
            return
        if at % usage.BATCH == 0 and not usage.admit_batch(world, job.org_id):
            raise uploads.BadUpload(_QUOTA)
        _write(world, job, writer, columns, taken, at)


def _write(world: "World", job: Job, writer: Writer, columns: "Header", rows: list[list[str]], at: int) -> None:
    delimiter = DELIMITERS[job.column_delimiter]
    world.db.execute("BEGIN")
    try:
        outcomes = [_outcome(job, writer, columns, row, at + n, delimiter) for n, row in enumerate(rows)]
        world.db.executemany(_INSERT, outcomes)
        failed = sum(1 for outcome in outcomes if outcome[4])
        world.db.execute(
            "UPDATE salesforce_bulk_jobs SET processed = ?, failed = failed + ?, changed_at = ? WHERE number = ?",
            (at + len(rows), failed, world.now(), job.number),
        )
    except BaseException:
        world.db.execute("ROLLBACK")
        raise
    world.db.execute("COMMIT")


def _outcome(job: Job, writer: Writer, columns: "Header", row: list[str], number: int, delimiter: str) -> _Outcome:
    saved, error = _NOTHING, ""
    try:
        saved = writer.write(columns.values(row))
    except SalesforceError as refusal:
        fields = ",".join(refusal.fields or ())
        error = f"{refusal.code}:{refusal.message}:{fields}{' ' if fields else ''}--"
    return job.number, number, saved.id, saved.created, error, line(row, delimiter)
