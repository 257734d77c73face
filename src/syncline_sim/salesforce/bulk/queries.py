"""Query jobs: what they find, and their results as pages of CSV.

Law: which records a job answers is decided once, when it is created; a page is written while it is sent, a few
thousand records at a time, so that a page of any size needs no memory.
"""

import base64
import binascii
import csv
import io
from array import array
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from syncline_sim.salesforce.bulk import asked, columns, jobs, orders, usage
from syncline_sim.salesforce.bulk.jobs import Job
from syncline_sim.salesforce.bulk.lines import DELIMITERS, ENDINGS
from syncline_sim.salesforce.failure import SalesforceError

if TYPE_CHECKING:
    import sqlite3

    from syncline_sim.salesforce.query import Caller
    from syncline_sim.world import World

#: How many records a page has when the client does not say.
PAGE = 50_000
_AT_ONCE = 2000
_PAGES_LISTED = 5
_NUMBER_TYPE = "I"
_NUMBER_SIZE = array(_NUMBER_TYPE).itemsize


def create(who: "Caller", sent: Mapping[str, Any]) -> Job:
    """Open a query job; raises `SalesforceError` when the query cannot be run or not here."""
    order, text = orders.order("query", sent), orders.text(sent, "query")
    if not text.strip():
        raise SalesforceError(400, "MALFORMED_QUERY", "SOQL statements cannot be empty or null")
    plan = asked.plan(who, order["operation"], text)
    usage.admit_query(who.world, who.login.org.id)
    records = plan.numbers(who.world.db).tobytes()
    return jobs.create(who, "query", jobs.UPLOADED, **order, object=plan.spec.name, query=text, records=records)


def work(world: "World", job: Job) -> None:
    """Finish a job whose time has come."""
    jobs.move(world, job, jobs.COMPLETE, processed=_total(world, job))


def start(locator: str) -> int:
    """Answer the record at which a page begins; raises `SalesforceError`."""
    try:
        return int(base64.b64decode(locator, validate=True)) if locator else 0
    except (binascii.Error, ValueError):
        raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator") from None


class Page:
    """A page of a job's results."""

    def __init__(self, who: "Caller", job: Job, begin: int, size: int) -> None:
        total = _total(who.world, job)
        if begin > total or (begin and begin == total):
            raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        self._db, self._job = who.world.db, job
        self._plan = asked.plan(who, job.operation, job.query)
        self._range = range(begin, min(begin + size, total))
        #: The locator of the page that follows; at the end the vendor writes the word null.
        self.locator = locator(self._range.stop) if self._range.stop < total else "null"

    def __len__(self) -> int:
        return len(self._range)

    async def body(self) -> AsyncIterator[bytes]:
        """Write the page, the names of the columns first."""
        job, sql = self._job, columns.rows(self._plan)
        text = io.StringIO(newline="")
        writer = csv.writer(
            text,
            delimiter=DELIMITERS[job.column_delimiter],
            lineterminator=ENDINGS[job.line_ending],
            quoting=csv.QUOTE_ALL,
        )
        cursor = self._db.cursor()
        cursor.row_factory = None
        writer.writerow(name for name, _ in columns.named(self._plan.shape))
        for begin in range(self._range.start, self._range.stop, _AT_ONCE):
            numbers = _numbers(self._db, job, begin, min(begin + _AT_ONCE, self._range.stop))
            writer.writerows(cursor.execute(sql, (f"[{','.join(map(str, numbers))}]",)))
            yield _taken(text)
        yield _taken(text)


def locator(position: int) -> str:
    """Answer what points at a record of the results."""
    return base64.b64encode(str(position).encode()).decode()


def pages(world: "World", job: Job, begin: int) -> dict[str, Any]:
    """Answer the addresses of up to five pages, to be read side by side."""
    address, total = f"/services/data/v{job.version}/jobs/query/{job.id}", _total(world, job)
    begins = range(begin, max(total, begin + 1), PAGE)
    found = [f"{address}/results" + (f"?locator={locator(at)}" if at else "") for at in begins[:_PAGES_LISTED]]
    document: dict[str, Any] = {"resultPages": [{"resultUrl": url} for url in found], "done": True}
    if len(begins) > _PAGES_LISTED:
        document["nextRecordsUrl"] = f"{address}/resultPages?locator={locator(begins[_PAGES_LISTED])}"
        document["done"] = False
    return document


def _total(world: "World", job: Job) -> int:
    sql = "SELECT length(records) FROM salesforce_bulk_jobs WHERE number = ?"
    return int(world.db.execute(sql, (job.number,)).fetchone()[0]) // _NUMBER_SIZE


def _numbers(db: "sqlite3.Connection", job: Job, begin: int, end: int) -> "array[int]":
    numbers = array(_NUMBER_TYPE)
    with db.blobopen("salesforce_bulk_jobs", "records", job.number, readonly=True) as blob:
        blob.seek(begin * _NUMBER_SIZE)
        numbers.frombytes(blob.read((end - begin) * _NUMBER_SIZE))
    return numbers


def _taken(text: io.StringIO) -> bytes:
    """Answer what has been written, and empty it."""
    written = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return written
