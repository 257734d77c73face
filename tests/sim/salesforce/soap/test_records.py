"""Records written by SOAP: deleted, brought back, merged; and what every other door says of it afterwards."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncline_sim.salesforce import changes, orgs
from syncline_sim.world import World
from tests.sim.salesforce.conftest import USERNAME, Api
from tests.sim.salesforce.soap.conftest import Soap, many

BEFORE = 1_700_000_000
ALL_OR_NONE = "<AllOrNoneHeader><allOrNone>true</allOrNone></AllOrNoneHeader>"
NOBODY = "003Hs000000000zIAA"


def make(world: World, kind: str, *names: str, **values: Any) -> list[str]:  # noqa: ANN401 - whatever a field holds
    """Make records long ago and answer their ids."""
    field = "Name" if kind == "Account" else "LastName"
    more = {"Company": "Acme"} if kind == "Lead" else {}
    return [changes.create_record(world, kind, {field: name, **more, **values}, stamp=BEFORE) for name in names]


def ids_of(name: str, *ids: str) -> str:
    """Answer a call about these records."""
    return f"<{name}>{''.join(f'<ids>{each}</ids>' for each in ids)}</{name}>"


def merge(kind: str, master: str, *losers: str, fields: str = "") -> str:
    """Answer the call that merges."""
    record = f"<masterRecord><s:type>{kind}</s:type><s:Id>{master}</s:Id>{fields}</masterRecord>"
    gone = "".join(f"<recordToMergeIds>{each}</recordToMergeIds>" for each in losers)
    return f"<merge><request>{record}{gone}</request></merge>"


def record(world: World, kind: str, record_id: str) -> dict[str, Any]:
    """Answer a record, wherever it lies."""
    found = changes.read_records(world, kind, deleted_too=True)
    return next(each for each in found if each["Id"] == record_id)


async def gone(world: World, api: Api, kind: str) -> list[str]:
    """Answer the ids that the data API says were deleted in the last hour."""
    now = datetime.fromtimestamp(world.now(), UTC)
    stretch = {"start": (now - timedelta(hours=1)).isoformat(), "end": (now + timedelta(minutes=2)).isoformat()}
    found = await api.get(f"/sobjects/{kind}/deleted", params=stretch)
    return [each["id"] for each in found["deletedRecords"]]


def error(result: Any) -> tuple[str, str]:  # noqa: ANN401 - what the call answered
    """Answer code and text of a result that has failed."""
    assert result["success"] == "false"
    return result["errors"]["statusCode"], result["errors"]["message"]


async def test_delete_and_undelete(world: World, call: Soap, api: Api) -> None:
    """A record goes into the recycle bin and comes back; `deleted` tells of it in between only."""
    (lead,) = make(world, "Lead", "Ada")
    (done,) = await call(ids_of("delete", lead[:15]))
    assert done == {"id": lead, "success": "true"}
    assert await gone(world, api, "Lead") == [lead]
    assert await api.refusal("GET", f"/sobjects/Lead/{lead}") == (404, "ENTITY_IS_DELETED")
    assert error((await call(ids_of("delete", lead)))[0]) == ("ENTITY_IS_DELETED", "entity is deleted")
    (done,) = await call(ids_of("undelete", lead))
    assert done == {"id": lead, "success": "true"}
    assert await gone(world, api, "Lead") == []
    assert not (await api.get(f"/sobjects/Lead/{lead}"))["IsDeleted"]
    assert error((await call(ids_of("undelete", lead)))[0]) == ("UNDELETE_FAILED", "Entity is not in the recycle bin")


async def test_each_its_own(world: World, call: Soap) -> None:
    """What is wrong with one record does not touch the others, unless the call says all or none."""
    first, second = make(world, "Contact", "Ada", "Bell")
    user = orgs.find_user(world.db, USERNAME).id
    found = await call(ids_of("delete", first, "nonsense", NOBODY, user))
    assert found[0]["success"] == "true"
    assert error(found[1]) == ("MALFORMED_ID", "bad id nonsense")
    assert found[1]["id"] is None
    assert error(found[2]) == ("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    assert not record(world, "Contact", second)["IsDeleted"]
    found = await call(ids_of("delete", second, NOBODY), header=ALL_OR_NONE)
    assert [error(each)[0] for each in found] == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_CROSS_REFERENCE_KEY"]
    assert not record(world, "Contact", second)["IsDeleted"]
    code, text = error((await call(ids_of("undelete", user)))[0])
    assert (code, text) == ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Entity type is not undeletable")


async def test_too_many(call: Soap) -> None:
    """A call is about 200 records at most."""
    found = await call.fault(ids_of("delete", *[NOBODY] * 201))
    assert found["exceptionCode"] == "EXCEEDED_ID_LIMIT"


async def test_merge_contacts(world: World, call: Soap, api: Api) -> None:
    """The losers go and say where to; the winner has what the call says, and its stamp moves."""
    winner, loser, other = make(world, "Contact", "Ada", "Bell", "Curie", Phone="1")
    (boss,) = make(world, "Contact", "Dee")
    (report,) = make(world, "Contact", "Eve", ReportsToId=loser)
    changes.change_record(world, "Contact", loser, {"ReportsToId": boss, "Title": "Dr"}, stamp=BEFORE)
    fields = "<s:Phone>2</s:Phone><s:DoNotCall>true</s:DoNotCall><fieldsToNull>Email</fieldsToNull>"
    (done,) = await call(merge("Contact", winner, loser, other, fields=fields))
    assert done == {
        "id": winner,
        "mergedRecordIds": [loser, other],
        "success": "true",
        "updatedRelatedIds": report,
    }
    kept = record(world, "Contact", winner)
    assert (kept["Phone"], kept["DoNotCall"], kept["Title"], kept["ReportsToId"]) == ("2", True, None, boss)
    assert record(world, "Contact", report)["ReportsToId"] == winner
    soql = "SELECT Id, MasterRecordId FROM Contact WHERE IsDeleted = true AND MasterRecordId != null ORDER BY Id"
    assert (await api.query(soql))["totalSize"] == 0
    found = (await api.get("/queryAll", params={"q": soql}))["records"]
    assert [(each["Id"], each["MasterRecordId"]) for each in found] == [(loser, winner), (other, winner)]
    assert await gone(world, api, "Contact") == [loser, other]
    for each in (winner, loser, other, report):
        stamps = record(world, "Contact", each)
        assert stamps["SystemModstamp"] == stamps["LastModifiedDate"] > "2026"
    await call(ids_of("undelete", loser))
    back = record(world, "Contact", loser)
    assert (back["IsDeleted"], back["MasterRecordId"], back["Title"]) == (False, None, "Dr")
    assert record(world, "Contact", report)["ReportsToId"] == winner


async def test_merge_accounts(world: World, call: Soap, api: Api) -> None:
    """Whoever named the account that goes names the other one, leads that were converted into it too."""
    winner, loser = make(world, "Account", "Acme", "Globex")
    (contact,) = make(world, "Contact", "Ada", AccountId=loser)
    (child,) = make(world, "Account", "Sub", ParentId=loser)
    (deleted,) = make(world, "Contact", "Bell", AccountId=loser)
    changes.delete_record(world, "Contact", deleted, stamp=BEFORE)
    (done,) = await call(merge("Account", winner, loser), kind="u")
    assert sorted(many(done, "updatedRelatedIds")) == sorted([contact, child])
    found = await api.query(
        "SELECT Name, (SELECT LastName FROM Contacts), (SELECT Name FROM ChildAccounts) FROM Account"
    )
    acme = next(each for each in found["records"] if each["Name"] == "Acme")
    assert [each["LastName"] for each in acme["Contacts"]["records"]] == ["Ada"]
    assert [each["Name"] for each in acme["ChildAccounts"]["records"]] == ["Sub"]


async def test_enterprise_merge(world: World, call: Soap) -> None:
    """The enterprise service names the object in an attribute."""
    winner, loser = make(world, "Lead", "Ada", "Bell")
    namespaces = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:o="urn:sobject.enterprise.soap.sforce.com"'
    body = f'<masterRecord {namespaces} i:type="o:Lead"><o:Id>{winner}</o:Id><o:Score__c>3</o:Score__c></masterRecord>'
    request = f"<merge><request>{body}<recordToMergeIds>{loser}</recordToMergeIds></request></merge>"
    (done,) = await call(request, kind="c")
    assert (done["mergedRecordIds"], many(done, "updatedRelatedIds")) == (loser, [])
    assert record(world, "Lead", winner)["Score__c"] == 3


async def test_merges_that_fail(world: World, call: Soap) -> None:
    """A merge that is refused changes nothing, and no other merge of the call."""
    first, second, third, fourth = make(world, "Contact", "Ada", "Bell", "Curie", "Dee")
    (account,) = make(world, "Account", "Acme")
    changes.change_record(world, "Contact", third, {"ReportsToId": fourth}, stamp=BEFORE)
    wrong = {
        "LIMIT_EXCEEDED": merge("Contact", first, second, third, fourth),
        "MISSING_ARGUMENT": merge("Contact", first),
        "INVALID_CROSS_REFERENCE_KEY": merge("Contact", first, first),
        "MALFORMED_ID": merge("Contact", first, account),
        "CIRCULAR_DEPENDENCY": merge("Contact", fourth, third),
        "INVALID_FIELD_FOR_INSERT_UPDATE": merge(
            "Contact", first, second, fields="<s:Account_Size__c>1</s:Account_Size__c>"
        ),
        "INVALID_TYPE_ON_FIELD_IN_RECORD": merge("Contact", first, second, fields="<s:DoNotCall>maybe</s:DoNotCall>"),
        "INVALID_TYPE": merge("Opportunity", first, second),
    }
    for code, request in wrong.items():
        assert error((await call(request))[0])[0] == code
    both = merge("Contact", first, first) + merge("Contact", first, second)
    found = await call(both.replace("</merge><merge>", ""))
    assert [each["success"] for each in found] == ["false", "true"]
    assert [record(world, "Contact", each)["IsDeleted"] for each in (first, second, third, fourth)] == [
        *(False, True),
        *(False, False),
    ]


async def test_rights(world: World, call: Soap, call_as: Callable[..., Soap]) -> None:
    """Who may only read contacts writes none in any of these ways; another org's user finds none."""
    first, second = make(world, "Contact", "Ada", "Bell")
    other = call_as("sync@globex.example")
    for request in (merge("Contact", first, second), ids_of("delete", first)):
        assert error((await other(request))[0])[0] == "INVALID_CROSS_REFERENCE_KEY"
    orgs.change_user(world, USERNAME, read_only={"Contact": ["*"]})
    for request in (merge("Contact", first, second), ids_of("delete", first), ids_of("undelete", first)):
        assert error((await call(request))[0])[0] == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert not any(record(world, "Contact", each)["IsDeleted"] for each in (first, second))


async def test_merge_by_jsforce(world: World, call: Soap) -> None:
    """A client in another language has its own name for the request, and puts records into no namespace of theirs."""
    winner, loser = make(world, "Lead", "Ada", "Bell")
    body = f"<masterRecord><type>Lead</type><Id>{winner}</Id><Company>Merged</Company></masterRecord>"
    body = f"<mergeRequests>{body}<recordToMergeIds>{loser}</recordToMergeIds></mergeRequests>"
    (done,) = await call(f"<merge>{body}</merge>")
    assert (done["success"], done["mergedRecordIds"]) == ("true", loser)
    assert record(world, "Lead", winner)["Company"] == "Merged"


@pytest.mark.parametrize("name", ["delete", "undelete"])
async def test_an_old_client(world: World, call: Soap, name: str) -> None:
    """A client of old writes `id` where the service's description says `ids`."""
    (lead,) = make(world, "Lead", "Ada")
    if name == "undelete":
        changes.delete_record(world, "Lead", lead)
    (done,) = await call(f"<{name}><id>{lead}</id></{name}>")
    assert done["success"] == "true"
