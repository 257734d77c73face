"""Leads that are converted by SOAP, and what they are afterwards by every door."""

from typing import Any

import pytest

from syncline_sim.salesforce import changes, orgs
from syncline_sim.world import World
from tests.sim.salesforce.conftest import USERNAME, Api
from tests.sim.salesforce.soap.conftest import Soap

BEFORE = 1_700_000_000
PERSON = {
    "LastName": "Lovelace",
    "FirstName": "Ada",
    "Company": "Analytical Engines",
    "Email": "ada@example.com",
    "City": "London",
    "LeadSource": "Web",
    "NumberOfEmployees": 12,
    "AnnualRevenue": 5000.0,
    "HasOptedOutOfEmail": True,
    "Score__c": 7.5,
}


@pytest.fixture
def lead(world: World) -> str:
    """A lead of long ago."""
    return changes.create_record(world, "Lead", PERSON, stamp=BEFORE)


def convert(lead: str, status: str = "Closed - Converted", **more: str) -> str:
    """Answer the call."""
    said = {"leadId": lead, "convertedStatus": status, "doNotCreateOpportunity": "true", **more}
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in said.items())
    return f"<convertLead><leadConverts>{inner}</leadConverts></convertLead>"


def only(world: World, kind: str) -> dict[str, Any]:
    """Answer the only record of an object."""
    (found,) = changes.read_records(world, kind)
    return found


async def test_new_ones(world: World, call: Soap, api: Api, lead: str) -> None:
    """An account and a contact come of a lead, which says so and keeps its id."""
    (done,) = await call(convert(lead))
    account, contact = only(world, "Account"), only(world, "Contact")
    assert done == {
        "accountId": account["Id"],
        "contactId": contact["Id"],
        "leadId": lead,
        "opportunityId": None,
        "success": "true",
    }
    wanted = {"Name": "Analytical Engines", "BillingCity": "London", "NumberOfEmployees": 12, "AnnualRevenue": 5000.0}
    assert {name: account[name] for name in wanted} == wanted
    wanted = {
        "Name": "Ada Lovelace",
        "Email": "ada@example.com",
        "AccountId": account["Id"],
        "LeadSource": "Web",
        "HasOptedOutOfEmail": True,
        "Score__c": 7.5,
        "MailingCity": "London",
    }
    assert {name: contact[name] for name in wanted} == wanted
    soql = (
        "SELECT Status, IsConverted, ConvertedDate, ConvertedAccountId, ConvertedContact.Email, SystemModstamp,"
        " LastModifiedDate, CreatedDate, Customer_Name__c FROM Lead WHERE IsConverted = true"
    )
    (kept,) = (await api.query(soql))["records"]
    assert (kept["Status"], kept["ConvertedAccountId"]) == ("Closed - Converted", account["Id"])
    assert kept["ConvertedContact"]["Email"] == "ada@example.com"
    assert len(kept["ConvertedDate"]) == len("2026-01-01")
    assert kept["CreatedDate"] < kept["SystemModstamp"] == kept["LastModifiedDate"] == account["SystemModstamp"]
    changes.change_record(world, "Account", account["Id"], {"Name": "Babbage Ltd"})
    assert (await api.query(soql))["records"][0]["Customer_Name__c"] == "Babbage Ltd"


async def test_into_ones_that_are_there(world: World, call: Soap, lead: str) -> None:
    """Only what is empty in them is filled, but for the source if that is asked for."""
    account = changes.create_record(world, "Account", {"Name": "Kept", "BillingCity": "Paris"}, stamp=BEFORE)
    values = {"LastName": "Kept", "AccountId": account, "LeadSource": "Other", "Phone": "1"}
    contact = changes.create_record(world, "Contact", values, stamp=BEFORE)
    (done,) = await call(convert(lead, accountId=account, contactId=contact))
    assert (done["accountId"], done["contactId"], done["success"]) == (account, contact, "true")
    found = only(world, "Account")
    assert (found["Name"], found["BillingCity"], found["NumberOfEmployees"]) == ("Kept", "Paris", 12)
    found = only(world, "Contact")
    assert (found["LastName"], found["FirstName"], found["LeadSource"]) == ("Kept", "Ada", "Other")
    another = changes.create_record(world, "Lead", PERSON)
    await call(convert(another, accountId=account, contactId=contact, overwriteLeadSource="true"))
    assert only(world, "Contact")["LeadSource"] == "Web"


async def test_owner(world: World, call: Soap, lead: str) -> None:
    """What is made belongs to the owner of the lead, or to the one who is named."""
    dana = orgs.find_user(world.db, "dana@acme.example").id
    await call(convert(lead, ownerId=dana))
    assert {only(world, kind)["OwnerId"] for kind in ("Account", "Contact")} == {dana}
    assert only(world, "Lead")["OwnerId"] != dana


async def test_read_only_afterwards(world: World, call: Soap, api: Api, lead: str) -> None:
    """No door changes a converted lead, unless a permission says so; it can still be read and deleted."""
    await call(convert(lead))
    path, body = f"/sobjects/Lead/{lead}", {"Company": "Other"}
    refused = await api.send("PATCH", path, json=body)
    assert refused.status == 400
    assert await refused.json() == [
        {"message": "cannot reference converted lead", "errorCode": "CANNOT_UPDATE_CONVERTED_LEAD", "fields": []}
    ]
    document = {"records": [{"attributes": {"type": "Lead"}, "id": lead, **body}]}
    (row,) = await (await api.send("PATCH", "/composite/sobjects", json=document)).json()
    assert row["errors"][0]["statusCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"
    part = {"method": "PATCH", "url": f"/services/data/v67.0{path}", "referenceId": "a", "body": body}
    answered = await (await api.send("POST", "/composite", json={"compositeRequest": [part]})).json()
    assert answered["compositeResponse"][0]["httpStatusCode"] == 400
    (again,) = await call(convert(lead))
    assert again["errors"]["statusCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"
    other = changes.create_record(world, "Lead", PERSON)
    master = f"<masterRecord><s:type>Lead</s:type><s:Id>{lead}</s:Id></masterRecord>"
    merge = f"<merge><request>{master}<recordToMergeIds>{other}</recordToMergeIds></request></merge>"
    assert (await call(merge))[0]["errors"]["statusCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"
    permissions = [*orgs.DEFAULT_PERMISSIONS, "AllowViewEditConvertedLeads"]
    orgs.change_user(world, USERNAME, permissions=permissions)
    assert (await api.send("PATCH", path, json=body)).status == 204
    assert (await api.send("DELETE", path)).status == 204


async def test_refused(world: World, call: Soap, lead: str) -> None:
    """A conversion that is refused makes nothing."""
    account = changes.create_record(world, "Account", {"Name": "Acme"}, stamp=BEFORE)
    contact = changes.create_record(world, "Contact", {"LastName": "Kept"}, stamp=BEFORE)
    wrong = {
        "INVALID_STATUS": convert(lead, "Working - Contacted"),
        "REQUIRED_FIELD_MISSING": convert(lead, contactId=contact),
        "INVALID_CROSS_REFERENCE_KEY": convert(lead, accountId=account, contactId=contact),
        "MALFORMED_ID": convert(account),
        "INSUFFICIENT_ACCESS_OR_READONLY": convert(lead, opportunityName="Big"),
    }
    for code, request in wrong.items():
        (found,) = await call(request)
        assert (found["success"], found["errors"]["statusCode"], found["accountId"]) == ("false", code, None)
    assert (await call(wrong["INVALID_STATUS"]))[0]["errors"]["message"] == (
        "invalid convertedStatus: Working - Contacted"
    )
    found = only(world, "Lead")
    assert (found["IsConverted"], found["SystemModstamp"]) == (False, found["CreatedDate"])
    assert only(world, "Account")["SystemModstamp"] == found["CreatedDate"]
    assert only(world, "Contact")["AccountId"] is None


async def test_rights(world: World, call: Soap, lead: str) -> None:
    """It takes the permission to convert, and to write all three objects."""
    for barred in ({"permissions": ["ApiEnabled"]}, {"read_only": {"Contact": ["*"]}}):
        orgs.change_user(world, USERNAME, **{"permissions": list(orgs.DEFAULT_PERMISSIONS), "read_only": {}, **barred})
        (found,) = await call(convert(lead))
        assert found["errors"]["statusCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert changes.count_records(world, "Account") == 0


async def test_deleted_lead(world: World, call: Soap, lead: str) -> None:
    """A lead in the recycle bin is not converted."""
    changes.delete_record(world, "Lead", lead)
    (found,) = await call(convert(lead))
    assert found["errors"]["statusCode"] == "ENTITY_IS_DELETED"
