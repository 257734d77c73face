"""Query jobs: what they find, and their results as pages of CSV.

Law: which records a job answers is decided once, when it is created.
"""

import base64
import binascii
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from syncline_sim.salesforce.bulk import asked, jobs, orders, results, usage
from syncline_sim.salesforce.bulk.jobs import Job
from syncline_sim.salesforce.failure import SalesforceError

if TYPE_CHECKING:
    from syncline_sim.salesforce.query import Caller
    from syncline_sim.world import World

#: How many records a page has when the client does not say.
PAGE = 50_000
_PAGES_LISTED = 5


def create(who: "Caller", sent: Mapping[str, Any]) -> Job:
    """Open a query job; raises `SalesforceError` when the query cannot be run or not here."""
    order, text = orders.order("query", sent), orders.text(sent, "query")
    if not text.strip():
        raise SalesforceError(400, "MALFORMED_QUERY", "SOQL statements cannot be empty or null")
    plan = asked.plan(who, order["operation"], text)
    usage.admit_query(who.world, who.login.org.id)
    records = plan.numbers(who.world.db).tobytes()
    return jobs.create(who, "query", jobs.UPLOADED, **order, object=plan.spec.name, query=text, records=records)


def work(world: "World", number: int) -> Iterator[None]:
    """Work on a job until its end, a part at each step; one that is aborted or deleted meanwhile is left alone."""
    job = jobs.load(world, number)
    if job.state == jobs.UPLOADED:
        job = jobs.move(world, job, jobs.IN_PROGRESS)
    try:
        for _ in results.write(jobs.owner(world, job), job):
            yield
            if not jobs.at_work(world, number):
                return
    except SalesforceError as error:  # What was visible when the job was made no longer is.
        jobs.move(world, jobs.load(world, number), jobs.FAILED, error=error.message)
        return
    jobs.move(world, jobs.load(world, number), jobs.COMPLETE)


def start(locator: str) -> int:
    """Answer the record at which a page begins; raises `SalesforceError`."""
    try:
        return int(base64.b64decode(locator, validate=True)) if locator else 0
    except (binascii.Error, ValueError):
        raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator") from None


class Page:
    """A page of a job's results."""

    def __init__(self, world: "World", job: Job, begin: int, size: int) -> None:
        total = job.processed
        if begin > total or (begin and begin == total):
            raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        self._world, self._job = world, job
        self._range = range(begin, min(begin + size, total))
        #: The locator of the page that follows; at the end the vendor writes the word null.
        self.locator = locator(self._range.stop) if self._range.stop < total else "null"

    def __len__(self) -> int:
        return len(self._range)

    def body(self) -> AsyncIterator[bytes]:
        """Answer the page, the names of the columns first."""
        return results.read(self._world, self._job, self._range)


def locator(position: int) -> str:
    """Answer what points at a record of the results."""
    return base64.b64encode(str(position).encode()).decode()


def pages(job: Job, begin: int) -> dict[str, Any]:
    """Answer the addresses of up to five pages, to be read side by side."""
    address, total = f"/services/data/v{job.version}/jobs/query/{job.id}", job.processed
    begins = range(begin, max(total, begin + 1), PAGE)
    found = [f"{address}/results" + (f"?locator={locator(at)}" if at else "") for at in begins[:_PAGES_LISTED]]
    document: dict[str, Any] = {"resultPages": [{"resultUrl": url} for url in found], "done": True}
    if len(begins) > _PAGES_LISTED:
        document["nextRecordsUrl"] = f"{address}/resultPages?locator={locator(begins[_PAGES_LISTED])}"
        document["done"] = False
    return document
