"""simple-salesforce, unmodified, meets leads that were converted, records that were merged, and formulas."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound

from syncline_sim.app import Simulation
from syncline_sim.salesforce import changes
from tests.sim.clients.bulk2 import Bulk2, client, error, thread
from tests.sim.clients.test_simple_salesforce import PlainHttp
from tests.sim.conftest import ControlDoor

REFUSAL = "CANNOT_UPDATE_CONVERTED_LEAD"


@pytest.fixture
def sf(simulation: Simulation) -> Iterator[Bulk2]:
    """The client."""
    with client(simulation) as made:
        made.salesforce.session.mount("https://", PlainHttp())
        yield made


@pytest.fixture
async def converted(simulation: Simulation, control: ControlDoor) -> dict[str, str]:
    """A lead that has been converted, with what became of it."""
    lead = changes.read_records(simulation.world, "Lead", limit=1)[0]["Id"]
    (done,) = (await control("POST /records", {"id": lead, "change": {"convert": {}}}))["results"]
    return dict(done)


def of(sf: Bulk2, name: str) -> Any:  # noqa: ANN401 - the client makes it as it is asked for
    """Answer the client's handler of an object."""
    return getattr(sf.salesforce, name)


async def query(sf: Bulk2, soql: str, *, deleted_too: bool = False) -> list[dict[str, Any]]:
    """Answer all records of a query."""
    found = await thread(lambda: sf.salesforce.query_all(soql, include_deleted=deleted_too))
    return list(found["records"])


async def test_converted_lead(sf: Bulk2, converted: dict[str, str]) -> None:
    """It names what became of it, and no way to write changes it."""
    fields = "Id, ConvertedAccountId, ConvertedContactId, ConvertedAccount.Name, Company, Customer_Name__c"
    (lead,) = await query(sf, f"SELECT {fields} FROM Lead WHERE IsConverted = true")  # noqa: S608 - of a constant
    assert lead["Id"] == converted["lead_id"]
    assert lead["ConvertedContactId"] == converted["contact_id"]
    assert lead["ConvertedAccount"]["Name"] == lead["Company"] == lead["Customer_Name__c"]
    with pytest.raises(SalesforceMalformedRequest) as caught:
        await thread(lambda: of(sf, "Lead").update(lead["Id"], {"Company": "Other"}))
    assert error(caught)["errorCode"] == REFUSAL
    sent = [{"Id": lead["Id"], "Company": "Other"}]
    job = await sf.do("update", "Lead", sent)
    (failed,) = await sf.results(job, "failed")
    assert failed["sf__Error"] == f"{REFUSAL}:cannot reference converted lead:--"
    (row,) = await thread(lambda: sf.older("Lead").update(sent))
    assert row["errors"][0]["statusCode"] == REFUSAL


async def test_merged_contacts(simulation: Simulation, sf: Bulk2, control: ControlDoor) -> None:
    """Those that went are told as deleted, lead to the one that stayed, and are not found any longer."""
    people = {"object": "Contact", "change": {"create": {"LastName": "Twin"}}, "count": 3}
    winner, *losers = (await control("POST /records", people))["ids"]
    merge = {"object": "Contact", "id": winner, "change": {"merge": losers}}
    await control("POST /records", merge)
    soql = "SELECT Id, MasterRecordId, IsDeleted FROM Contact WHERE LastName = 'Twin' ORDER BY Id"
    assert [record["Id"] for record in await query(sf, soql)] == [winner]
    found = await query(sf, soql, deleted_too=True)
    assert [(record["MasterRecordId"], record["IsDeleted"]) for record in found] == [
        (None, False),
        (winner, True),
        (winner, True),
    ]
    (page,) = await sf.query(soql, "query_all")
    assert [row["MasterRecordId"] for row in page] == ["", winner, winner]
    now = datetime.fromtimestamp(simulation.world.now(), UTC)
    stretch = now - timedelta(hours=1), now + timedelta(minutes=2)
    told = await thread(lambda: of(sf, "Contact").deleted(*stretch))
    assert [each["id"] for each in told["deletedRecords"]] == losers
    told = await thread(lambda: of(sf, "Contact").updated(*stretch))
    assert told["ids"] == [winner]
    with pytest.raises(SalesforceResourceNotFound):
        await thread(lambda: of(sf, "Contact").get(losers[0]))
    await control("POST /records", {"object": "Contact", "id": losers[0], "change": "undelete"})
    told = await thread(lambda: of(sf, "Contact").deleted(*stretch))
    assert [each["id"] for each in told["deletedRecords"]] == losers[1:]
    assert (await thread(lambda: of(sf, "Contact").get(losers[0])))["MasterRecordId"] is None


async def test_formula(sf: Bulk2) -> None:
    """A formula follows the parent in every kind of query, and cannot be written."""
    (account,) = await query(sf, "SELECT Id FROM Account LIMIT 1")
    await thread(lambda: of(sf, "Account").update(account["Id"], {"Name": "Moved", "NumberOfEmployees": 77}))
    made = await thread(
        lambda: of(sf, "Contact").create({"LastName": "Ada", "AccountId": account["Id"], "Loyalty_Points__c": 9000})
    )
    soql = f"SELECT Id, Account_Standing__c, Account_Size__c FROM Contact WHERE Id = '{made['id']}'"  # noqa: S608 - ours
    (record,) = await query(sf, soql)
    assert (record["Account_Standing__c"], record["Account_Size__c"]) == ("Friend of Moved", 77)
    ((row,),) = await sf.query(soql)
    assert (row["Account_Standing__c"], row["Account_Size__c"]) == ("Friend of Moved", "77.0")
    (row,) = await thread(lambda: sf.older("Contact").query(soql))
    assert row["Account_Standing__c"] == "Friend of Moved"
    with pytest.raises(SalesforceMalformedRequest) as caught:
        await thread(lambda: of(sf, "Contact").update(made["id"], {"Account_Size__c": 1}))
    assert error(caught)["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
