"""The results of an ingest job as CSV: rows that were written, rows that were refused, rows that nobody got to."""

import itertools
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from syncline_sim.salesforce.bulk import jobs
from syncline_sim.salesforce.bulk.lines import DELIMITERS, ENDINGS, line
from syncline_sim.salesforce.bulk.uploads import BadUpload, Upload

if TYPE_CHECKING:
    from syncline_sim.salesforce.bulk.jobs import Job
    from syncline_sim.world import World

_AT_ONCE = 2000


async def successful(world: "World", job: "Job") -> AsyncIterator[bytes]:
    """Answer the rows that were written, with the ids of their records and whether they were created."""
    async for part in _done(world, job, ("sf__Id", "sf__Created"), "error = ''", "iif(created, 'true', 'false')"):
        yield part


async def failed(world: "World", job: "Job") -> AsyncIterator[bytes]:
    """Answer the rows that were refused, each with its reason."""
    async for part in _done(world, job, ("sf__Id", "sf__Error"), "error != ''", "error"):
        yield part


async def unprocessed(world: "World", job: "Job") -> AsyncIterator[bytes]:
    """Answer the rows that were not tried because the job failed or was aborted."""
    delimiter, ending = DELIMITERS[job.column_delimiter], ENDINGS[job.line_ending]
    if job.state == jobs.COMPLETE:
        yield (job.columns + ending).encode()
        return
    try:
        upload = Upload(world, job)
        yield (line(upload.header, delimiter) + ending).encode()
        rows = itertools.islice(upload.rows(), job.processed, None)
        while taken := list(itertools.islice(rows, _AT_ONCE)):
            yield "".join(line(row, delimiter) + ending for row in taken).encode()
    except BadUpload:  # What is no CSV cannot be told apart into rows.
        return


async def _done(world: "World", job: "Job", names: tuple[str, str], condition: str, value: str) -> AsyncIterator[bytes]:
    delimiter, ending = DELIMITERS[job.column_delimiter], ENDINGS[job.line_ending]
    header = line(names, delimiter) + (delimiter + job.columns if job.columns else "")
    yield (header + ending).encode()
    query = f"""
        SELECT number, '"' || record_id || '"{delimiter}"' || replace({value}, '"', '""') || '"{delimiter}' || line
        FROM salesforce_bulk_rows WHERE job = ? AND number > ? AND {condition} ORDER BY number LIMIT {_AT_ONCE}
    """  # noqa: S608 - of our own parts
    after = -1
    while rows := world.db.execute(query, (job.number, after)).fetchall():
        after = rows[-1][0]
        yield "".join(row[1] + ending for row in rows).encode()
