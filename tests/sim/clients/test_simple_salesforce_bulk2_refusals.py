"""simple-salesforce, unmodified, meets bulk jobs that are refused, fail, take their time or break off."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from simple_salesforce.bulk2 import JobState, Operation
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceOperationError,
    SalesforceResourceNotFound,
)

from syncline_sim.app import Simulation
from tests.sim.clients.bulk2 import Bulk2, client, error, leads, rows, thread
from tests.sim.conftest import ControlDoor


@pytest.fixture
def bulk(simulation: Simulation) -> Iterator[Bulk2]:
    """The client of the sync user, in a world with five leads."""
    with client(simulation) as made:
        yield made


REFUSED = {
    "SELECT Id, Address FROM Lead": ("API_ERROR", "Selecting compound data not supported in Bulk Query"),
    "SELECT COUNT() FROM Lead": ("API_ERROR", "Aggregate functions not supported in Bulk Query"),
    "SELECT Id, (SELECT Id FROM Contacts) FROM Account": (
        "API_ERROR",
        "Aggregate Relationships not supported in Bulk Query",
    ),
    "SELECT Id FROM Lead OFFSET 1": ("API_ERROR", "OFFSET not supported in Bulk Query"),
    "SELECT Nothing FROM Lead": ("INVALID_FIELD", "No such column 'Nothing' on entity 'Lead'"),
    "SELECT Id FROM Nothing": ("INVALID_TYPE", "sObject type 'Nothing' is not supported"),
    "SELECT Id Lead": ("MALFORMED_QUERY", "ERROR at Row:1"),
}


@pytest.mark.parametrize("soql", REFUSED)
async def test_refused_queries(bulk: Bulk2, soql: str) -> None:
    """A query that cannot be run makes no job."""
    with pytest.raises(SalesforceMalformedRequest) as caught:
        await bulk.query(soql)
    code, message = REFUSED[soql]
    assert error(caught)["errorCode"] == code
    assert message in error(caught)["message"]


@pytest.mark.parametrize(
    ("name", "key", "message"),
    [
        ("Nothing", "Id", "InvalidJob : Unable to find object: Nothing"),
        ("Lead", "Email", "InvalidJob : Field name provided, Email does not match an External ID for Lead"),
    ],
)
async def test_refused_jobs(bulk: Bulk2, name: str, key: str, message: str) -> None:
    """A job for what is not there is refused with INVALIDJOB."""
    with pytest.raises(SalesforceMalformedRequest) as caught:
        await bulk.do("upsert", name, leads(1), external_id_field=key)
    assert error(caught) == {"message": message, "errorCode": "INVALIDJOB"}


async def test_failed_job(bulk: Bulk2) -> None:
    """A column that is no field fails the whole job, and the client says why."""
    with pytest.raises(SalesforceOperationError, match="InvalidBatch : Field name not found : Colour"):
        await bulk.do("insert", "Lead", leads(1, Colour="red"))


async def test_wrong_line_ending(bulk: Bulk2, tmp_path: Path) -> None:
    """Lines that end otherwise than the job says fail it."""
    lead = bulk.of("Lead")._client  # the steps of the client, without its own rewriting of the CSV
    job = await thread(lambda: lead.create_job(Operation.insert))
    await thread(lambda: lead.upload_job_data(job["id"], "LastName,Company\r\nA,B\r\n"))
    await thread(lambda: lead.close_job(job["id"]))
    text = "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF"
    with pytest.raises(SalesforceOperationError, match=text):
        await thread(lambda: lead.wait_for_job(job["id"], is_query=False, wait=0))


async def test_jobs_that_take_their_time(simulation: Simulation, bulk: Bulk2) -> None:
    """The client waits for a job as often as the switch says, and believes one that fails."""
    switches = simulation.world.switches["salesforce"]
    switches["bulk_polls"] = 3
    assert (await bulk.do("insert", "Lead", leads(2)))["numberRecordsProcessed"] == 2
    polls = [path for path in simulation.calls.totals("salesforce")["paths"].items() if path[0].startswith("GET")]
    assert [count for _, count in polls] == [5]  # four until it is complete, one to read the counts
    switches["bulk_failure"] = "InternalServerError : try again later"
    with pytest.raises(SalesforceOperationError, match="try again later"):
        await bulk.query("SELECT Id FROM Lead")


async def test_abort_and_delete(bulk: Bulk2) -> None:
    """An aborted job keeps what was uploaded as unprocessed, and is gone once it is deleted."""
    lead = bulk.of("Lead")._client  # as above
    job = await thread(lambda: lead.create_job(Operation.insert))
    assert job["state"] == JobState.open
    await thread(lambda: lead.upload_job_data(job["id"], "LastName,Company\nA,B\n"))
    aborted = await thread(lambda: lead.abort_job(job["id"], is_query=False))
    assert aborted["state"] == JobState.aborted
    assert await bulk.results({"job_id": job["id"]}, "unprocessed") == [{"LastName": "A", "Company": "B"}]
    with pytest.raises(ValueError, match="Expecting value"):  # The client reads JSON where the vendor sends nothing.
        await thread(lambda: lead.delete_job(job["id"], is_query=False))
    with pytest.raises(SalesforceResourceNotFound):
        await thread(lambda: lead.get_job(job["id"], is_query=False))


async def test_faults_between_pages(simulation: Simulation, control: ControlDoor, bulk: Bulk2) -> None:
    """A page that breaks off, and a token that is revoked between two pages, end the query."""
    soql = "SELECT Id FROM Lead"
    await control("POST /faults", {"side": "salesforce", "kind": "truncate", "match": "bulk.results", "skip": 1})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        await bulk.query(soql, max_records=2)
    assert len(await bulk.query(soql, max_records=2)) == 3
    pages = bulk.of("Lead").query(soql, max_records=2, wait=0)
    assert len(rows(str(await thread(lambda: next(pages))))) == 2
    await control("POST /tokens/revoke", {})
    with pytest.raises(SalesforceExpiredSession):
        await thread(lambda: next(pages))
