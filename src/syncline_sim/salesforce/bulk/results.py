"""The results of a query job: written as CSV while the job is at work, and sent as they are.

Law: what a page shows is what was there when the job was at work, as with the vendor's files of results. Results are
kept in parts of so many records, so that a page needs no more memory than a part.
"""

from array import array
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from syncline_sim.salesforce.bulk import asked, columns, jobs
from syncline_sim.salesforce.bulk.jobs import Job
from syncline_sim.salesforce.bulk.lines import DELIMITERS, ENDINGS, line
from syncline_sim.salesforce.savepoints import Savepoint

if TYPE_CHECKING:
    import sqlite3

    from syncline_sim.salesforce.query import Caller
    from syncline_sim.world import World

_PART = 2000
_NUMBER_TYPE = "I"
_NUMBER_SIZE = array(_NUMBER_TYPE).itemsize


def write(who: "Caller", job: Job) -> Iterator[None]:
    """Write the results of a job, a part at each step, from where an earlier life of this world was."""
    db, plan = who.world.db, asked.plan(who, job.operation, job.query)
    delimiter, ending = DELIMITERS[job.column_delimiter], ENDINGS[job.line_ending]
    jobs.change(who.world, job, columns=line((name for name, _ in columns.named(plan.shape)), delimiter))
    sql = columns.lines(plan, delimiter)
    for begin in range(job.processed, total(who.world, job), _PART):
        if begin > job.processed:
            yield
        numbers = _numbers(db, job, begin)
        lines = [row[0] for row in db.execute(sql, (f"[{','.join(map(str, numbers))}]",))]
        part = ending.join((*lines, "")).encode()
        with Savepoint(db):
            db.execute("INSERT INTO salesforce_bulk_chunks VALUES (?, ?, ?)", (job.number, begin // _PART, part))
            jobs.change(who.world, job, processed=begin + len(numbers))


def total(world: "World", job: Job) -> int:
    """Answer how many records a job has found."""
    sql = "SELECT length(records) FROM salesforce_bulk_jobs WHERE number = ?"
    return int(world.db.execute(sql, (job.number,)).fetchone()[0]) // _NUMBER_SIZE


async def read(world: "World", job: Job, wanted: range) -> AsyncIterator[bytes]:
    """Answer some of the records as a page, the names of the columns first."""
    ending = ENDINGS[job.line_ending].encode()
    yield job.columns.encode() + ending
    for begin in range(wanted.start // _PART * _PART, wanted.stop, _PART):
        query = "SELECT data FROM salesforce_bulk_chunks WHERE job = ? AND number = ?"
        part = world.db.execute(query, (job.number, begin // _PART)).fetchone()[0]
        if begin >= wanted.start and begin + _PART <= wanted.stop:
            yield part
        else:
            yield b"".join(_records(part, ending)[max(0, wanted.start - begin) : wanted.stop - begin])


def _records(part: bytes, ending: bytes) -> list[bytes]:
    """Answer the lines of a part; an end of a line between two quotes belongs to a value."""
    records, record = [], b""
    for piece in part.split(ending)[:-1]:
        record += piece + ending
        if record.count(b'"') % 2 == 0:
            records.append(record)
            record = b""
    return records


def _numbers(db: "sqlite3.Connection", job: Job, begin: int) -> "array[int]":
    numbers = array(_NUMBER_TYPE)
    with db.blobopen("salesforce_bulk_jobs", "records", job.number, readonly=True) as blob:
        blob.seek(begin * _NUMBER_SIZE)
        numbers.frombytes(blob.read(_PART * _NUMBER_SIZE))
    return numbers
