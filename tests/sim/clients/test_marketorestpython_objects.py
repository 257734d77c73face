"""marketorestpython, unmodified, keeps lists, programs, companies and other objects in the simulated Marketo."""

import pytest

from syncline_sim.app import Simulation
from tests.sim.clients.marketorestpython_calls import LONG_AGO, Client, code, people
from tests.sim.conftest import ControlDoor

pytestmark = pytest.mark.slow


@pytest.fixture
def client(simulation: Simulation) -> Client:
    """The client, pointed at the simulated world."""
    return Client(simulation.world.urls["marketo"])


async def test_lists(client: Client) -> None:
    """Lists are made, found and changed, and people put on and taken off."""
    [made] = await client("create_list", name="Friends", folderId=2, folderType="Folder", description="good ones")
    number = made["id"]
    with pytest.raises(Exception, match="already exists") as error:
        await client("create_list", name="Friends", folderId=2, folderType="Folder")
    assert code(error) == "709"
    [renamed] = await client("update_list", id=number, name="Old friends")
    assert (renamed["name"], renamed["description"]) == ("Old friends", "good ones")
    assert await client("get_list_by_id", id=number) == [renamed]
    assert await client("get_list_by_name", name="Old friends") == [renamed]
    assert await client("browse_lists", maxReturn=1) == [renamed]
    assert [one["name"] for one in await client("get_multiple_lists", name=["Old friends"])] == ["Old friends"]
    numbers = await people(client, *(f"p{n}@example.com" for n in range(4)))
    added = await client("add_leads_to_list", listId=number, id=[*numbers[:3], 9999])
    assert [one["status"] for one in added] == ["added"] * 3 + ["skipped"]
    removed = await client("remove_leads_from_list", listId=number, id=[numbers[0], numbers[3]])
    assert [one["status"] for one in removed] == ["removed", "skipped"]
    assert removed[1]["reasons"][0]["code"] == "1015"
    known = await client("member_of_list", listId=number, id=numbers)
    assert [one["status"] for one in known] == ["notmemberof", "memberof", "memberof", "notmemberof"]
    members = await client("get_multiple_leads_by_list_id", listId=number, fields=["id"], batchSize=1)
    assert members == [{"id": numbers[1]}, {"id": numbers[2]}]
    told = await client("get_lead_activities", ["24", "25"], sinceDatetime=LONG_AGO, listId=number)
    assert [(one["activityTypeId"], one["leadId"]) for one in told] == [(24, numbers[1]), (24, numbers[2])]
    assert await client("delete_list", id=number) == [{"id": number}]
    with pytest.raises(KeyError, match="result"):  # The answer only warns that there is none, and has no result.
        await client("get_list_by_id", id=number)
    with pytest.raises(Exception, match="Object not found") as error:
        await client("add_leads_to_list", listId=number, id=numbers)
    assert code(error) == "1013"


async def test_programs(client: Client) -> None:
    """Programs are read, and people get a status in them."""
    assert await client("browse_programs") == []
    made = {"folderId": 1, "folderType": "Folder", "type": "Event"}
    await client("create_program", name="Spring", channel="Webinar", **made)
    [program] = await client("create_program", name="Autumn", channel="Webinar", **made)
    with pytest.raises(Exception, match="Channel 'Content'") as error:
        await client("create_program", name="Winter", channel="Content", **made)
    assert code(error) == "709"
    assert [one["name"] for one in await client("browse_programs", maxReturn=1)] == ["Spring", "Autumn"]
    assert await client("get_program_by_name", name="Autumn") == [program]
    assert await client("get_program_by_id", id=program["id"]) == [program]
    numbers = await people(client, "a@example.com", "b@example.com")
    change = {"id": program["id"], "leadIds": [*numbers, 9999], "status": "Attended"}
    changed = await client("change_lead_program_status", **change)
    assert [one["status"] for one in changed] == ["Attended", "Attended", "skipped"]
    members = await client("get_multiple_leads_by_program_id", programId=program["id"], batchSize=1)
    assert [one["id"] for one in members] == numbers
    assert members[0]["membership"]["reachedSuccess"]
    pushed = [{"email": "a@example.com", "firstName": "Q"}, {"email": "c@example.com"}, {"email": "no address"}]
    results = await client("push_lead", leads=pushed, programName="Autumn", source="fair")
    assert [one["status"] for one in results] == ["updated", "created", "skipped"]
    with pytest.raises(Exception, match="Object not found") as error:
        await client("push_lead", leads=pushed, programName="Winter")
    assert code(error) == "1013"
    told = await client("get_lead_activities", activityTypeIds=["145"], sinceDatetime=LONG_AGO)
    assert [one["leadId"] for one in told] == [numbers[0], results[1]["id"]]
    assert told[0]["attributes"] == [{"name": "Source", "value": "fair"}]
    with pytest.raises(Exception, match="Program status not found") as error:
        await client("change_lead_program_status", **{**change, "status": "Asleep"})
    assert code(error) == "1025"
    told = await client("get_lead_activities", activityTypeIds=["104"], sinceDatetime=LONG_AGO)
    assert [one["leadId"] for one in told] == numbers


async def test_companies(client: Client, control: ControlDoor) -> None:
    """Companies are described, written, found and deleted, unless a native sync closes them."""
    [kind] = await client("describe_company")
    assert kind["dedupeFields"] == ["externalCompanyId"]
    companies = [{"externalCompanyId": f"A{n}", "company": "Acme"} for n in range(3)]
    created = await client("create_update_companies", input=companies)
    assert [one["status"] for one in created] == ["created"] * 3
    wanted = {"filterType": "company", "filterValues": ["Acme"], "fields": ["id"], "batchSize": 2}
    found = await client("get_companies", **wanted)
    assert [one["id"] for one in found] == [one["id"] for one in created]
    gone = await client("delete_companies", input=[{"externalCompanyId": "A0"}, {"externalCompanyId": "A9"}])
    assert [one["status"] for one in gone] == ["deleted", "skipped"]
    assert gone[1]["reasons"][0]["code"] == "1013"
    await control("POST /switches", {"side": "marketo", "native_crm": True})
    with pytest.raises(Exception, match="CRM Enabled") as error:
        await client("create_update_companies", input=companies)
    assert code(error) == "1018"


async def test_opportunities(client: Client) -> None:
    """Opportunities with their roles and sales persons."""
    [kind] = await client("describe_opportunity")
    assert kind["idField"] == "marketoGUID"
    assert (await client("describe_sales_person"))[0]["idField"] == "id"
    [person] = await people(client, "a@example.com")
    [seller] = await client("create_update_sales_persons", input=[{"externalSalesPersonId": "S1"}])
    found = await client("get_sales_persons", filterType="dedupeFields", filterValues=["S1"])
    assert [one["id"] for one in found] == [seller["id"]]
    deal = {"externalOpportunityId": "O1", "name": "One", "externalSalesPersonId": "S1"}
    [made] = await client("create_update_opportunities", input=[deal])
    found = await client("get_opportunities", filterType="marketoGUID", filterValues=[made["marketoGUID"]])
    assert [one["externalOpportunityId"] for one in found] == ["O1"]
    assert len((await client("describe_opportunity_role"))[0]["dedupeFields"]) == 3
    role = {"externalOpportunityId": "O1", "leadId": person, "role": "Buyer"}
    [joined] = await client("create_update_opportunities_roles", input=[role])
    found = await client("get_opportunity_roles", filterType="leadId", filterValues=[str(person)], fields=["role"])
    assert found == [{"seq": 0, "role": "Buyer"}]
    assert await client("delete_opportunity_roles", input=[role]) == [{"seq": 0, **joined, "status": "deleted"}]
    by_id = [{"marketoGUID": made["marketoGUID"]}]
    assert (await client("delete_opportunities", input=by_id, deleteBy="idField"))[0]["status"] == "deleted"
    assert (await client("delete_sales_persons", input=[{"id": seller["id"]}], deleteBy="idField"))[0]["status"]


async def test_custom_objects(client: Client) -> None:
    """Custom kinds are made and approved, and their records written, found by a compound key, and deleted."""
    await client("create_update_custom_object_type", apiName="seat", displayName="Seat")
    text = {"dataType": "string", "isDedupeField": True}
    fields = [{"name": "hall", "displayName": "Hall", **text}, {"name": "place", "displayName": "Place", **text}]
    await client("add_field_custom_object_type", apiName="seat", fields=fields)
    assert [one["state"] for one in await client("get_list_of_custom_object_types")] == ["draft"]
    await client("approve_custom_object_type", apiName="seat")
    assert (await client("describe_custom_object_type", apiName="seat"))[0]["state"] == "approved"
    assert [one["name"] for one in await client("get_list_of_custom_objects")] == ["seat"]
    assert (await client("describe_custom_object", name="seat"))[0]["dedupeFields"] == ["hall", "place"]
    seats = [{"hall": "A", "place": str(n)} for n in range(3)]
    written = await client("create_update_custom_objects", name="seat", input=seats)
    assert [one["status"] for one in written] == ["created"] * 3
    asked = {"name": "seat", "input": seats[1:], "filterType": "dedupeFields", "fields": ["place"], "batchSize": 1}
    assert [one["place"] for one in await client("get_custom_objects", **asked)] == ["1", "2"]
    gone = await client("delete_custom_objects", name="seat", input=[*seats[:1], {"hall": "B", "place": "1"}])
    assert [one["status"] for one in gone] == ["deleted", "skipped"]
    await client("delete_custom_object_type", apiName="seat")
    with pytest.raises(Exception, match="Object not found") as error:
        await client("describe_custom_object", name="seat")
    assert code(error) == "1013"
