"""simple-salesforce, unmodified, reads and writes by Bulk API 1.0."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from simple_salesforce.exceptions import SalesforceGeneralError, SalesforceMalformedRequest

from syncline_sim.app import Simulation
from syncline_sim.salesforce import changes
from tests.sim.clients.bulk2 import Bulk2, client, thread


@pytest.fixture
def lead(simulation: Simulation) -> Iterator[Any]:
    """The client's handler of leads, in a world with five of them."""
    with client(simulation) as made:
        yield made.older("Lead")


@pytest.fixture
def bulk(simulation: Simulation) -> Iterator[Bulk2]:
    """The client."""
    with client(simulation) as made:
        yield made


def leads(count: int) -> list[dict[str, Any]]:
    """Answer so many leads."""
    return [{"LastName": f"Last {n}", "Company": "Acme", "Legacy_Id__c": f"N-{n}"} for n in range(count)]


async def test_insert(simulation: Simulation, lead: Any) -> None:  # noqa: ANN401 - made by the client as it is asked for
    """Good rows become records, bad ones say why."""
    sent = [*leads(2), {"LastName": "No company", "DoNotCall": True, "AnnualRevenue": 1.5}]
    results = await thread(lambda: lead.insert(sent))
    assert [(row["success"], row["created"]) for row in results] == [(True, True), (True, True), (False, False)]
    (error,) = results[2]["errors"]
    assert error == {
        "statusCode": "REQUIRED_FIELD_MISSING",
        "message": "Required fields are missing: [Company]",
        "fields": ["Company"],
        "extendedErrorDetails": None,
    }
    ids = {record["Id"] for record in changes.read_records(simulation.world, "Lead")}
    assert {row["id"] for row in results[:2]} <= ids


async def test_insert_in_batches(simulation: Simulation, lead: Any) -> None:  # noqa: ANN401 - as above
    """The client makes a batch of each so many records, and reads them with what they were asked for."""
    results = await thread(lambda: lead.insert(leads(25), batch_size=10, include_detailed_results=True))
    assert [row["LastName"] for row in results] == [f"Last {n}" for n in range(25)]
    assert changes.count_records(simulation.world, "Lead") == 30
    (path,) = [path for path in simulation.calls.totals("salesforce")["paths"] if path.endswith("/batch")]
    assert simulation.calls.totals("salesforce")["paths"][path] == 3


async def test_update_upsert_delete(simulation: Simulation, lead: Any) -> None:  # noqa: ANN401 - as above
    """Records are changed, found by an external id, and deleted."""
    await thread(lambda: lead.insert(leads(1)))
    changed = [{"Legacy_Id__c": "N-0", "Company": "B"}, {"Legacy_Id__c": "N-1", "LastName": "New", "Company": "C"}]
    upserted = await thread(lambda: lead.upsert(changed, "Legacy_Id__c"))
    assert [row["created"] for row in upserted] == [False, True]
    await thread(lambda: lead.update([{"Id": upserted[0]["id"], "City": "Ulm"}]))
    found = {record["Id"]: record for record in changes.read_records(simulation.world, "Lead")}
    record = found[upserted[0]["id"]]
    assert (record["LastName"], record["Company"], record["City"]) == ("Last 0", "B", "Ulm")
    gone = [{"Id": row["id"]} for row in upserted]
    assert [row["success"] for row in await thread(lambda: lead.delete(gone))] == [True, True]
    again = await thread(lambda: lead.delete(gone))
    assert {row["errors"][0]["statusCode"] for row in again} == {"ENTITY_IS_DELETED"}


async def test_query(simulation: Simulation, bulk: Bulk2) -> None:
    """Records come as JSON; moments are milliseconds, and query_all answers what is deleted too."""
    world = simulation.world
    account = changes.create_record(world, "Account", {"Name": "Acme"})
    for last, parent in (("With", account), ("Without", None)):
        changes.create_record(world, "Contact", {"LastName": last, "AccountId": parent}, "2026-03-01T10:00:00Z")
    soql = (
        "SELECT Id, LastName, IsDeleted, CreatedDate, Birthdate, Account.Name FROM Contact WHERE LastName LIKE 'With%'"
    )
    contact = bulk.older("Contact")
    one, other = await thread(lambda: contact.query(f"{soql} ORDER BY LastName", wait=0))
    assert one["attributes"] == {"type": "Contact", "url": f"/services/data/v61.0/sobjects/Contact/{one['Id']}"}
    assert datetime.fromtimestamp(one["CreatedDate"] / 1000, UTC).isoformat() == "2026-03-01T10:00:00+00:00"
    assert (one["IsDeleted"], one["Birthdate"], one["Account"]["Name"]) == (False, None, "Acme")
    assert other["Account"] is None
    changes.delete_record(world, "Contact", one["Id"])
    assert len(await thread(lambda: contact.query(soql, wait=0))) == 1
    assert len(await thread(lambda: contact.query_all(soql, wait=0))) == 2


async def test_lazy_query(lead: Any) -> None:  # noqa: ANN401 - as above
    """A query can be read result by result."""
    pages = await thread(lambda: list(lead.query("SELECT Id FROM Lead", lazy_operation=True, wait=0)))
    assert [len(page) for page in pages] == [5]


@pytest.mark.parametrize(
    ("soql", "message"),
    [
        ("SELECT Id FROM Contact", "The root entity of the requested query (Contact) does not match"),
        ("SELECT Nothing FROM Lead", "Failed to process query: INVALID_FIELD: "),
    ],
)
async def test_failed_query(lead: Any, soql: str, message: str) -> None:  # noqa: ANN401 - as above
    """A batch that fails says why."""
    with pytest.raises(SalesforceGeneralError) as caught:
        await thread(lambda: lead.query(soql, wait=0))
    assert message in str(caught.value.content)


async def test_waiting(simulation: Simulation, lead: Any) -> None:  # noqa: ANN401 - as above
    """The client asks until a batch is done."""
    simulation.world.switches["salesforce"]["bulk_polls"] = 3
    assert len(await thread(lambda: lead.query("SELECT Id FROM Lead", wait=0))) == 5
    simulation.world.switches["salesforce"]["bulk_failure"] = "InternalServerError : later"
    with pytest.raises(SalesforceGeneralError, match="later"):
        await thread(lambda: lead.query("SELECT Id FROM Lead", wait=0))


async def test_refusals(bulk: Bulk2) -> None:
    """What is not there, and a session that is none, in the words of this API."""
    unknown = bulk.older("Nothing")
    with pytest.raises(SalesforceMalformedRequest) as caught:
        await thread(lambda: unknown.insert(leads(1)))
    content: Any = caught.value.content
    assert content == {"exceptionCode": "InvalidJob", "exceptionMessage": "Unable to find object: Nothing"}
    bulk.salesforce.session_id = "00D!nobody"
    stranger = bulk.older("Lead")
    with pytest.raises(SalesforceMalformedRequest) as caught:
        await thread(lambda: stranger.insert(leads(1)))
    content = caught.value.content
    assert content == {"exceptionCode": "InvalidSessionId", "exceptionMessage": "Invalid session id"}


@pytest.mark.slow
async def test_many(simulation: Simulation, lead: Any) -> None:  # noqa: ANN401 - as above
    """30,000 records go in by three batches and come out by one."""
    results = await thread(lambda: lead.insert(leads(30_000)))
    assert sum(row["success"] for row in results) == 30_000
    found = await thread(lambda: lead.query("SELECT Id FROM Lead WHERE Legacy_Id__c LIKE 'N-%'", wait=0))
    assert {record["Id"] for record in found} == {row["id"] for row in results}
