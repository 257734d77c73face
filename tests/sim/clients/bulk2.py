"""What the tests of simple-salesforce and bulk jobs share: the client, pointed at a world over plain HTTP."""

import asyncio
import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.bulk2 import SFBulk2Type
from simple_salesforce.exceptions import SalesforceMalformedRequest

from syncline_sim.app import Simulation
from tests.sim.salesforce.conftest import USERNAME, log_in

T = TypeVar("T")
VERSION = "61.0"


class Bulk2:
    """The client of one user; its calls block, so they are made in a thread."""

    def __init__(self, simulation: Simulation, session: requests.Session, username: str = USERNAME) -> None:
        origin = simulation.world.urls["salesforce"]
        token = log_in(simulation.world, username).token
        self.salesforce = Salesforce(session_id=token, instance_url=origin, version=VERSION, session=session)
        # It writes https itself; these are the addresses that its source takes from the instance.
        self.salesforce.base_url = f"{origin}/services/data/v{VERSION}/"
        self.salesforce.bulk2_url = f"{origin}/services/data/v{VERSION}/jobs/"
        self.salesforce.bulk_url = f"{origin}/services/async/{VERSION}/"

    def of(self, name: str) -> SFBulk2Type:
        """Answer the bulk handler of an object."""
        found: SFBulk2Type = getattr(self.salesforce.bulk2, name)
        return found

    def older(self, name: str) -> Any:  # noqa: ANN401 - the client makes it as it is asked for
        """Answer the handler of an object by Bulk API 1.0."""
        return getattr(self.salesforce.bulk, name)

    async def query(self, soql: str, method: str = "query", **options: Any) -> list[list[dict[str, str]]]:  # noqa: ANN401 - the client's own
        """Answer the pages of a bulk query, each as records."""
        call = getattr(self.of("Lead"), method)
        texts = await thread(lambda: list(call(soql, wait=0, **options)))
        return [rows(text) for text in texts]

    async def do(self, operation: str, name: str, records: list[dict[str, str]], **options: Any) -> dict[str, Any]:  # noqa: ANN401 - the client's own
        """Run an ingest job and answer its counts and its id."""
        call = getattr(self.of(name), operation)
        (job,) = await thread(lambda: call(records=records, wait=0, **options))
        return dict(job)

    async def results(self, job: dict[str, Any], kind: str) -> list[dict[str, str]]:
        """Answer the `successful`, `failed` or `unprocessed` records of a job."""
        call = getattr(self.of("Lead"), f"get_{kind}_records")
        return rows(await thread(lambda: call(job["job_id"])))


@contextmanager
def client(simulation: Simulation) -> Iterator[Bulk2]:
    """Answer the client of the sync user; what it opens is closed at the end."""
    with requests.Session() as session:
        yield Bulk2(simulation, session)


def leads(count: int, **values: str) -> list[dict[str, str]]:
    """Answer so many leads as an upload has them."""
    return [
        {"LastName": f"Last {n}", "Company": "Acme", "Email": f"p{n}@example.com", "Legacy_Id__c": f"N-{n}", **values}
        for n in range(count)
    ]


def error(caught: pytest.ExceptionInfo[SalesforceMalformedRequest]) -> dict[str, Any]:
    """Answer the one error of a refusal, which the client has read as JSON."""
    content: Any = caught.value.content
    (found,) = content
    return dict(found)


def rows(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    """Read CSV as records."""
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


async def thread(call: Callable[[], T]) -> T:
    """Make a call that blocks."""
    return await asyncio.to_thread(call)
