"""What a client uploads for an ingest job: kept in chunks, read back as rows of CSV without ever being whole in memory.

Law: a job takes one upload, and the ends of its lines are those that the job was created with.
"""

import csv
import io
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from syncline_sim.salesforce.bulk import jobs
from syncline_sim.salesforce.bulk.jobs import Job
from syncline_sim.salesforce.bulk.lines import DELIMITERS, ENDINGS
from syncline_sim.salesforce.failure import SalesforceError

if TYPE_CHECKING:
    import sqlite3

    from _typeshed import WriteableBuffer

    from syncline_sim.world import World

_BUFFER = 2**18


class BadUpload(Exception):  # noqa: N818 - it is the job that ends in an error
    """An upload that no row of can be taken from; the message is that of the job."""


async def keep(world: "World", job: Job, body: AsyncIterator[bytes]) -> None:
    """Keep an upload; raises `SalesforceError` for a second one or one that is too large."""
    if job.state != jobs.OPEN:
        raise SalesforceError(400, "INVALIDJOBSTATE", f"Uploading to {job.state} Job not allowed")
    if job.uploaded:
        message = (
            f"Found multiple contents for job: <{job.id[:15]}>, please 'Close' / 'Abort' / 'Delete' the current Job "
            "then create a new Job and make sure you only do 'PUT' once on a given Job."
        )
        raise SalesforceError(400, "BULK_API_ERROR", message)
    jobs.change(world, job, uploaded=1)
    try:
        await _store(world, job, body)
    except BaseException:  # A client that has gone half-way may try again.
        drop(world.db, job)
        world.db.execute("UPDATE salesforce_bulk_jobs SET uploaded = 0 WHERE number = ?", (job.number,))
        raise


def drop(db: "sqlite3.Connection", job: Job) -> None:
    """Forget what has been uploaded."""
    db.execute("DELETE FROM salesforce_bulk_chunks WHERE job = ?", (job.number,))


class Upload:
    """The rows of an upload; making one reads its header and raises `BadUpload`."""

    def __init__(self, world: "World", job: Job) -> None:
        self._delimiter = DELIMITERS[job.column_delimiter]
        raw = io.BufferedReader(_Chunks(world.db, job.number), _BUFFER)
        # A BOM is no part of the first name; the ends of lines stay as they are, for some are inside values.
        self._text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        first = self._line()
        ending = first[len(first.rstrip("\r\n")) :]
        if ending and ending != ENDINGS[job.line_ending]:
            setting = f"Current LineEnding setting is {job.line_ending}"
            raise BadUpload(f"ClientInputError : LineEnding is invalid on user data. {setting}")
        self.header = next(self._rows(iter([first])), [])

    def rows(self) -> Iterator[list[str]]:
        """Answer the rows below the header; raises `BadUpload` where it is not CSV."""
        return (row for row in self._rows(self._text) if row)

    def _line(self) -> str:
        try:
            return self._text.readline()
        except UnicodeDecodeError:
            raise _malformed("it is not UTF-8") from None

    def _rows(self, lines: Iterator[str]) -> Iterator[list[str]]:
        try:
            yield from csv.reader(lines, delimiter=self._delimiter, strict=True)
        except csv.Error as error:
            raise _malformed(str(error)) from None
        except UnicodeDecodeError:
            raise _malformed("it is not UTF-8") from None


class _Chunks(io.RawIOBase):
    """The chunks of an upload, one after the other."""

    def __init__(self, db: "sqlite3.Connection", job: int) -> None:
        self._db, self._job = db, job
        self._next = 0
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        if not self._left:
            query = "SELECT data FROM salesforce_bulk_chunks WHERE job = ? AND number = ?"
            row = self._db.execute(query, (self._job, self._next)).fetchone()
            self._next += 1
            self._left = memoryview(row["data"] if row else b"")
        room = memoryview(buffer).cast("B")
        count = min(len(room), len(self._left))
        room[:count], self._left = self._left[:count], self._left[count:]
        return count


async def _store(world: "World", job: Job, body: AsyncIterator[bytes]) -> None:
    most, size, number = world.switches["salesforce"]["bulk_upload_bytes"], 0, 0
    async for chunk in body:
        size += len(chunk)
        if size > most:
            message = f"The uploaded data exceeds the maximum size of {most} bytes"
            raise SalesforceError(413, "REQUEST_ENTITY_TOO_LARGE", message)
        world.db.execute("INSERT INTO salesforce_bulk_chunks VALUES (?, ?, ?)", (job.number, number, chunk))
        number += 1


def _malformed(reason: str) -> BadUpload:
    return BadUpload(f"InvalidBatch : The data is not valid CSV: {reason}")
