"""salesforce-bulk, unmodified, reads and writes by Bulk API 1.0 in each of its three formats."""

import asyncio
import csv
import functools
import io
import json
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from defusedxml.ElementTree import fromstring
from salesforce_bulk import BulkApiError, CsvDictsAdapter, SalesforceBulk
from salesforce_bulk.salesforce_bulk import BulkBatchFailed

from syncline_sim.app import Simulation
from syncline_sim.salesforce import changes
from tests.sim.salesforce.conftest import log_in

FORMATS = ("CSV", "XML", "JSON")
NAMESPACE = "{http://www.force.com/2009/06/asyncapi/dataload}"
ROWS = ({"LastName": "Müller", "Legacy_Id__c": "M-1"}, {"LastName": "", "Legacy_Id__c": "M-2"})


class Client:
    """The client of the sync user, whose calls block, called from a test that also runs the simulated world."""

    def __init__(self, simulation: Simulation) -> None:
        token = log_in(simulation.world).token
        self.blocking = SalesforceBulk(sessionId=token, host=simulation.world.urls["salesforce"], API_version="61.0")

    async def __call__(self, use: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - as the client answers
        """Use the client."""
        return await asyncio.to_thread(use, self.blocking)

    async def write(self, job: str, content: Any) -> Any:  # noqa: ANN401 - as the client takes and answers
        """Write a batch and answer what became of its rows."""
        batch = await self(lambda bulk: bulk.post_batch(job, content))
        await self(lambda bulk: bulk.close_job(job))
        await self(lambda bulk: bulk.wait_for_batch(job, batch, sleep_interval=0))
        return await self(lambda bulk: bulk.get_batch_results(batch))

    async def read(self, job: str, soql: str) -> list[bytes]:
        """Run a query and answer its results."""
        batch = await self(lambda bulk: bulk.query(job, soql))
        await self(lambda bulk: bulk.close_job(job))
        await self(lambda bulk: bulk.wait_for_batch(job, batch, sleep_interval=0))
        return list(await self(lambda bulk: [got.read() for got in bulk.get_all_results_for_query_batch(batch, job)]))


@pytest.fixture
def client(simulation: Simulation) -> Client:
    """The client."""
    return Client(simulation)


def content(kind: str, rows: tuple[Mapping[str, str], ...]) -> Any:  # noqa: ANN401 - as the client takes it
    """Write rows in a format as those who use the client do."""
    if kind == "CSV":
        return CsvDictsAdapter(iter(rows))
    if kind == "JSON":
        return json.dumps(rows)
    root = ET.Element("sObjects", xmlns=NAMESPACE.strip("{}"))
    for row in rows:
        record = ET.SubElement(root, "sObject")
        for name, value in row.items():
            ET.SubElement(record, name).text = value
    return ET.tostring(root, "utf-8")


def records(kind: str, result: bytes) -> list[dict[str, Any]]:
    """Read the result of a query as those who use the client do."""
    if kind == "CSV":
        return list(csv.DictReader(io.StringIO(result.decode())))
    if kind == "JSON":
        return [{name: row[name] for name in row if name != "attributes"} for row in json.loads(result)]
    return [
        {part.tag.replace(NAMESPACE, ""): part.text for part in row if "type" not in part.tag}
        for row in fromstring(result)
    ]


@pytest.mark.parametrize("kind", FORMATS)
async def test_insert(simulation: Simulation, client: Client, kind: str) -> None:
    """Good rows become records, bad ones say why."""
    job = await client(lambda bulk: bulk.create_insert_job("Contact", contentType=kind))
    good, bad = await client.write(job, content(kind, ROWS))
    assert [good.success, good.created, bad.success] == (
        ["true", "true", "false"] if kind == "CSV" else [True, True, False]
    )
    assert "Required fields are missing: [LastName]" in str(bad.error)
    names = [record["LastName"] for record in changes.read_records(simulation.world, "Contact")]
    assert names[5:] == ["Müller"]


@pytest.mark.parametrize("kind", FORMATS)
async def test_query(client: Client, kind: str) -> None:
    """What is found comes in the format that was asked for."""
    job = await client(lambda bulk: bulk.create_query_job("Lead", contentType=kind))
    (result,) = await client.read(job, "SELECT Id, LastName FROM Lead ORDER BY Id LIMIT 2")
    found = records(kind, result)
    assert [set(record) for record in found] == [{"Id", "LastName"}] * 2
    assert [record["Id"] for record in found] == ["00QHs0000000001MAA", "00QHs0000000002MAA"]


@pytest.mark.parametrize("kind", FORMATS)
async def test_upsert_and_delete(simulation: Simulation, client: Client, kind: str) -> None:
    """Records are found by an external id, and deleted by their ids."""
    (record,) = (changes.create_record(simulation.world, "Contact", {"LastName": "Old", "Legacy_Id__c": "M-1"}),)
    job = await client(lambda bulk: bulk.create_upsert_job("Contact", "Legacy_Id__c", contentType=kind))
    (row,) = await client.write(job, content(kind, ROWS[:1]))
    assert row.created in (False, "false")
    assert changes.read_records(simulation.world, "Contact")[-1]["LastName"] == "Müller"
    job = await client(lambda bulk: bulk.create_delete_job("Contact", contentType=kind))
    (row,) = await client.write(job, content(kind, ({"Id": record},)))
    assert row.success in (True, "true")
    assert changes.count_records(simulation.world, "Contact") == 5


async def test_chunks(simulation: Simulation, client: Client) -> None:
    """A query is split by the ids of the records: its own batch is not processed, those of its chunks are."""
    changes.delete_record(simulation.world, "Lead", "00QHs0000000001MAA")
    job = await client(lambda bulk: bulk.create_query_job("Lead", pk_chunking=2, concurrency="Serial"))
    batch = await client(lambda bulk: bulk.query(job, "SELECT Id FROM Lead WHERE LastName != null"))
    found = await client(lambda bulk: bulk.get_batch_list(job))
    states = [(each["state"], each["numberRecordsProcessed"]) for each in found]
    assert states == [("NotProcessed", "0"), ("Completed", "1"), ("Completed", "2"), ("Completed", "1")]
    asked = await client(lambda bulk: bulk.get_query_batch_request(found[2]["id"], job))
    assert asked == (
        "SELECT Id FROM Lead WHERE LastName != null AND Id >= '00QHs0000000003' AND Id < '00QHs0000000005'"
    )
    with pytest.raises(BulkBatchFailed) as caught:
        await client(lambda bulk: bulk.is_batch_done(batch))
    assert caught.value.state == "NotProcessed"
    await client(lambda bulk: bulk.close_job(job))
    assert (await client(lambda bulk: bulk.job_status(job)))["concurrencyMode"] == "Serial"


async def test_deleted_too(simulation: Simulation, client: Client) -> None:
    """The operation queryAll finds what lies in the recycle bin."""
    changes.delete_record(simulation.world, "Lead", "00QHs0000000001MAA")
    counts = []
    for operation in ("query", "queryAll"):
        job = await client(functools.partial(SalesforceBulk.create_job, object_name="Lead", operation=operation))
        (result,) = await client.read(job, "SELECT Id FROM Lead")
        counts.append(len(records("CSV", result)))
    assert counts == [4, 5]


async def test_abort(simulation: Simulation, client: Client) -> None:
    """What waits when a job is aborted is not done any more."""
    simulation.world.switches["salesforce"]["bulk_polls"] = 2
    job = await client(lambda bulk: bulk.create_insert_job("Contact"))
    batch = await client(lambda bulk: bulk.post_batch(job, content("CSV", ROWS)))
    await client(lambda bulk: bulk.abort_job(job))
    assert (await client(lambda bulk: bulk.job_state(job))) == "Aborted"
    assert (await client(lambda bulk: bulk.batch_state(batch))) == "NotProcessed"
    assert changes.count_records(simulation.world, "Contact") == 5


async def test_refusals(client: Client) -> None:
    """What is wrong is said in XML."""
    with pytest.raises(BulkApiError, match="<exceptionCode>InvalidJob</exceptionCode>"):
        await client(lambda bulk: bulk.create_query_job("Nothing"))
    job = await client(lambda bulk: bulk.create_query_job("Lead"))
    batch = await client(lambda bulk: bulk.query(job, "SELECT Nothing FROM Lead"))
    with pytest.raises(BulkBatchFailed, match="Failed to process query: INVALID_FIELD"):
        await client(lambda bulk: bulk.wait_for_batch(job, batch))
    client.blocking.sessionId = "00D!nobody"
    with pytest.raises(BulkApiError, match="<exceptionMessage>Invalid session id</exceptionMessage>") as caught:
        await client(lambda bulk: bulk.job_status(job))
    assert caught.value.status_code == 400
