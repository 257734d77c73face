"""marketorestpython, unmodified, against the simulated Marketo over real sockets.

The client waits a fifth of a second between two calls of a kind, and longer before it tries again.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from marketorestpython.client import MarketoClient  # type: ignore[import-untyped]

from syncline_sim.app import Plan, Simulation
from syncline_sim.marketo.api_users import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from syncline_sim.world import World
from tests.sim.conftest import ControlDoor

pytestmark = pytest.mark.slow
LONG_AGO = "2020-01-01T00:00:00Z"


class Client:
    """The client, whose calls block, called from a test that also runs the simulated world."""

    def __init__(self, origin: str = "", secret: str = DEFAULT_CLIENT_SECRET) -> None:
        self.blocking = MarketoClient("123-ABC-456", DEFAULT_CLIENT_ID, secret, max_retry_time=5)
        self.blocking.host = origin or self.blocking.host

    async def __call__(self, method: str, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - as the client answers
        """Call a method by its name, as the client advises: it then authenticates again when the token is refused."""
        return await asyncio.to_thread(self.blocking.execute, method, *args, **named)

    async def bare(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - as the client answers
        """Call a method without that."""
        return await asyncio.to_thread(call)


def code(error: pytest.ExceptionInfo[Exception]) -> str:
    """Answer the vendor's code in an exception of `execute`."""
    found: str = error.value.args[0]["code"]
    return found


@pytest.fixture
def client(simulation: Simulation) -> Client:
    """The client, pointed at the simulated world."""
    return Client(simulation.world.urls["marketo"])


async def people(client: Client, *emails: str) -> list[int]:
    """Create people and answer their ids."""
    results = await client("create_update_leads", leads=[{"email": email, "firstName": "P"} for email in emails])
    return [result["id"] for result in results]


async def test_authenticate(simulation: Simulation, client: Client) -> None:
    """The client gets a token and what comes with it; a wrong secret is told as such."""
    await client.bare(client.blocking.authenticate)
    assert client.blocking.token.endswith(":int")
    assert client.blocking.token_type == "bearer"
    assert 0 < client.blocking.expires_in <= 3599
    assert client.blocking.scope == "api-1@marketo.example"
    wrong = Client(simulation.world.urls["marketo"], "wrong")
    with pytest.raises(Exception, match="Bad client credentials"):
        await wrong("describe")


async def test_describe(client: Client) -> None:
    """Both descriptions of people, and the partitions."""
    fields = {field["rest"]["name"]: field for field in await client("describe")}
    assert fields["email"]["dataType"] == "email"
    assert fields["email"]["soap"]["name"] == "Email"
    [again] = await client("describe2")
    assert again["name"] == "API Lead"
    assert ["email"] in again["searchableFields"]
    assert [partition["name"] for partition in await client("get_lead_partitions")] == ["Default"]


async def test_people(client: Client) -> None:
    """People are created, changed, found, read and deleted."""
    created = await client("create_update_leads", leads=[{"email": "a@example.com", "firstName": "Ann"}])
    assert [result["status"] for result in created] == ["created"]
    number = created[0]["id"]
    changed = [{"id": number, "lastName": "Bell"}]
    result = await client("create_update_leads", leads=changed, action="updateOnly", lookupField="id")
    assert result == [{"id": number, "status": "updated"}]
    [again] = await client("create_update_leads", leads=[{"email": "a@example.com"}], action="createOnly")
    assert (again["status"], again["reasons"][0]["code"]) == ("skipped", "1005")
    [person] = await client("get_lead_by_id", id=number, fields=["firstName", "lastName"])
    assert person == {"firstName": "Ann", "lastName": "Bell"}
    [person] = await client("get_multiple_leads_by_filter_type", filterType="email", filterValues=["a@example.com"])
    assert set(person) == {"id", "email", "updatedAt", "createdAt", "lastName", "firstName"}
    gone = await client("delete_lead", id=[number, 9999])
    assert [result["status"] for result in gone] == ["deleted", "skipped"]
    with pytest.raises(Exception, match="Lead not found") as error:
        await client("get_lead_by_id", id=number)
    assert code(error) == "1004"


async def test_people_in_pages(client: Client) -> None:
    """The client follows the pages of a search to their end."""
    emails = [f"p{n}@example.com" for n in range(5)]
    await people(client, *emails)
    wanted = {"filterType": "email", "filterValues": emails, "fields": ["email", "phone"], "batchSize": 2}
    found = await client("get_multiple_leads_by_filter_type", **wanted)
    assert found == [{"email": email, "phone": None} for email in emails]


async def test_too_many_people(client: Client) -> None:
    """More than 300 people or values in one call are refused."""
    with pytest.raises(Exception, match="300") as error:
        await client("create_update_leads", leads=[{"email": f"p{n}@example.com"} for n in range(301)])
    assert code(error) == "1003"
    values = [f"p{n}@example.com" for n in range(301)]
    with pytest.raises(Exception, match="300") as error:
        await client("get_multiple_leads_by_filter_type", filterType="email", filterValues=values)
    assert code(error) == "1003"


async def test_merge_and_associate(client: Client) -> None:
    """A loser becomes the winner, who gets what was empty and all scores; a web visitor is tied to a person."""
    leads = [
        {"email": "a@example.com", "firstName": "Ann", "leadScore": 5},
        {"email": "b@example.com", "firstName": "Bea", "lastName": "Bell", "leadScore": 7},
    ]
    winner, loser = [result["id"] for result in await client("create_update_leads", leads=leads)]
    assert await client("merge_lead", id=winner, leadIds=[loser])
    [person] = await client("get_lead_by_id", id=winner, fields=["firstName", "lastName", "leadScore"])
    assert person == {"firstName": "Ann", "lastName": "Bell", "leadScore": 12}
    told = await client("get_lead_activities", activityTypeIds=["12", "32", "37"], sinceDatetime=LONG_AGO)
    assert [(one["activityTypeId"], one["leadId"]) for one in told] == [(12, winner), (12, winner), (32, winner)]
    assert {"name": "Merge IDs", "value": str(loser)} in told[2]["attributes"]
    with pytest.raises(Exception, match="Lead not found"):
        await client("merge_lead", id=winner, leadIds=[loser])
    with pytest.raises(Exception, match="25") as error:
        await client("merge_lead", id=winner, leadIds=range(26))
    assert code(error) == "1080"
    cookie = "id:123-ABC-456&token:_mch-example.com-1396310362214-46169"
    assert await client("associate_lead", id=winner, cookie=cookie)
    with pytest.raises(Exception, match="Invalid cookie value") as error:
        await client("associate_lead", id=winner, cookie="crumbs")
    assert code(error) == "1012"


async def test_partitions(client: Client) -> None:
    """There is one partition, and no other to go to."""
    [number] = await people(client, "a@example.com")
    moves = [{"id": number, "partitionName": "Default"}, {"id": number, "partitionName": "Elsewhere"}]
    stayed, refused = await client("update_leads_partition", input=moves)
    assert stayed == {"id": number, "status": "updated"}
    assert refused["reasons"][0]["code"] == "1008"


async def test_activities(client: Client) -> None:
    """What happened is read in pages, all at once or one by one, and on from where one was."""
    numbers = await people(client, *(f"p{n}@example.com" for n in range(5)))
    assert {kind["id"] for kind in await client("get_activity_types")} >= {12, 13, 37}
    told = await client("get_lead_activities", activityTypeIds=["12"], sinceDatetime=LONG_AGO, batchSize=2)
    assert [one["leadId"] for one in told] == numbers
    some = await client("get_lead_activities", activityTypeIds=["12"], sinceDatetime=LONG_AGO, leadIds=numbers[3])
    assert [one["leadId"] for one in some] == numbers[3:4]
    until = await client("get_lead_activities", ["12"], sinceDatetime=LONG_AGO, untilDatetime="2020-01-02T00:00:00Z")
    assert until == []
    token = await client("get_paging_token", sinceDatetime=datetime.now(UTC).isoformat(timespec="seconds"))
    asked = {"activityTypeIds": ["12"], "nextPageToken": token, "return_full_result": True}
    pages = await client.bare(lambda: list(client.blocking.get_lead_activities_yield(**asked)))
    assert all(page["nextPageToken"] for page in pages)


async def test_sparse_pages(client: Client, control: ControlDoor) -> None:
    """The client reads on over empty pages."""
    await control("POST /switches", {"side": "marketo", "sparse_activity_pages": True})
    numbers = await people(client, *(f"p{n}@example.com" for n in range(4)))
    asked = {"activityTypeIds": ["12"], "sinceDatetime": LONG_AGO, "leadIds": numbers[3], "batchSize": 2}
    assert [one["leadId"] for one in await client("get_lead_activities", **asked)] == [numbers[3]]


async def test_custom_activities(client: Client) -> None:
    """A kind of activity is made and approved, and what happened is told and read again."""
    names = {"name": "Visit Stand", "triggerName": "Visits Stand", "filterName": "Visited Stand"}
    primary = {"primaryAttributeApiName": "fair", "primaryAttributeName": "Fair"}
    [kind] = await client("create_custom_activity_type", apiName="visitStand", **names, **primary)
    attribute = {"apiName": "minutes", "name": "Minutes", "dataType": "integer"}
    await client("create_custom_activity_type_attribute", apiName="visitStand", attributes=[attribute])
    await client("approve_custom_activity_type", apiName="visitStand")
    assert [one["status"] for one in await client("get_custom_activity_types")] == ["approved"]
    assert (await client("describe_custom_activity_type", apiName="visitStand"))[0]["attributes"] == [attribute]
    [number] = await people(client, "a@example.com")
    told = {"leadId": number, "activityDate": "2026-01-02T03:04:05Z", "activityTypeId": kind["id"]}
    told |= {"primaryAttributeValue": "Hanover", "attributes": [{"name": "Minutes", "value": 5}]}
    added, refused = await client("add_custom_activities", input=[told, {**told, "leadId": 9999}])
    assert (added["status"], refused["errors"][0]["code"]) == ("added", "1004")
    [one] = await client("get_lead_activities", activityTypeIds=[str(kind["id"])], sinceDatetime=LONG_AGO)
    assert (one["id"], one["primaryAttributeValue"]) == (added["id"], "Hanover")
    [gone] = await client("delete_custom_activity_type", apiName="visitStand")
    assert gone["id"] == kind["id"]


async def test_changes(client: Client) -> None:
    """Changes come with the field and both values."""
    [number] = await people(client, "a@example.com")
    await client("create_update_leads", leads=[{"email": "a@example.com", "firstName": "Q", "lastName": "Z"}])
    asked = {"fields": ["firstName"], "sinceDatetime": LONG_AGO, "batchSize": 1}
    changes = await client("get_lead_changes", **asked)
    assert [one["activityTypeId"] for one in changes] == [12, 13]
    [field] = changes[1]["fields"]
    assert (field["name"], field["oldValue"], field["newValue"]) == ("firstName", "P", "Q")
    pages = await client.bare(lambda: list(client.blocking.get_lead_changes_yield(**asked, leadIds=number)))
    assert [len(page) for page in pages] == [1, 1]


async def test_deleted(client: Client) -> None:
    """Who was deleted is told with id and name."""
    numbers = await people(client, *(f"p{n}@example.com" for n in range(3)))
    await client("delete_lead", id=numbers[:2])
    gone = await client("get_deleted_leads", sinceDatetime=LONG_AGO, batchSize=1)
    assert [one["leadId"] for one in gone] == numbers[:2]
    assert {one["activityTypeId"] for one in gone} == {37}
    assert {one["primaryAttributeValue"] for one in gone} == {"P"}


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
    with pytest.raises(Exception, match="No data found") as error:
        await client("get_list_by_id", id=number)
    assert code(error) == "702"
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


@pytest.mark.parametrize(
    ("method", "named"),
    [
        ("request_campaign", {"id": 1, "leads": [1]}),
        ("push_lead", {"leads": [{"email": "a@example.com"}], "programName": "Spring"}),
        ("get_email_by_id", {"id": 1}),
        ("get_smart_list_by_id", {"id": 1}),
        ("delete_program", {"id": 1001}),
    ],
)
async def test_uncovered(client: Client, method: str, named: dict[str, Any]) -> None:
    """What is not simulated is not found, and never a success that was made up."""
    with pytest.raises(Exception, match="Requested resource not found") as error:
        await client(method, **named)
    assert code(error) == "610"


async def test_usage(client: Client) -> None:
    """Calls and errors are counted by day."""
    await people(client, "a@example.com")
    with pytest.raises(Exception, match="Lead not found"):
        await client("get_lead_by_id", id=9999)
    [today] = await client("get_daily_usage")
    assert today["total"] == 3
    assert today["users"] == [{"userId": "api-1@marketo.example", "count": 3}]
    assert [day["total"] for day in await client("get_last_7_days_usage")] == [4, 0, 0, 0, 0, 0, 0]
    [errors] = await client("get_daily_errors")
    assert errors["errors"] == [{"errorCode": "1004", "count": 1}]
    assert len(await client("get_last_7_days_errors")) == 7


async def calls(control: ControlDoor) -> dict[str, int]:
    """Answer how often each path was called."""
    paths: dict[str, int] = (await control("GET /calls"))["marketo"]["paths"]
    return paths


@pytest.mark.parametrize("refusal", ["601", "602"])
async def test_one_refused_token(client: Client, control: ControlDoor, refusal: str) -> None:
    """A token that is refused once is used again, and the call is made again."""
    fault = {"side": "marketo", "kind": "error", "match": "leads.describe", "code": refusal}
    await control("POST /faults", fault)
    assert await client("describe")
    assert await calls(control) == {"GET /identity/oauth/token": 1, "GET /rest/v1/leads/describe.json": 2}


async def test_expired_token(client: Client, control: ControlDoor) -> None:
    """A token that the client believes in but that has expired is refused ten times, and then there is no answer."""
    assert await client("describe")
    await control("POST /tokens/expire", {"side": "marketo"})
    assert await client("describe") is None
    assert await calls(control) == {"GET /identity/oauth/token": 1, "GET /rest/v1/leads/describe.json": 11}


async def test_token_near_its_end(client: Client, control: ControlDoor) -> None:
    """A token that ends within a minute is asked for before each call: the same one, until it has expired."""
    await control("POST /switches", {"side": "marketo", "token_lifetime": 50})
    assert await client("describe")
    first = client.blocking.token
    assert await client("describe2")
    assert client.blocking.token == first
    await control("POST /clock", {"advance": 51})
    assert await client("get_lead_partitions")
    assert client.blocking.token != first


async def test_rate_limit(client: Client, control: ControlDoor) -> None:
    """After 606 the client tries again, but then without its token, which is what ends it."""
    await control("POST /switches", {"side": "marketo", "rate_limit": 1})
    assert await client("describe")
    with pytest.raises(Exception, match="Access token not specified") as error:
        await client("describe2")
    assert code(error) == "600"
    assert (await calls(control))["GET /rest/v1/leads/describe2.json"] == 2


async def test_quota(client: Client, control: ControlDoor) -> None:
    """A quota that is used up is told at once."""
    await control("POST /switches", {"side": "marketo", "daily_limit_reached": True})
    with pytest.raises(Exception, match="Daily quota reached") as error:
        await client("describe")
    assert code(error) == "607"


async def test_untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the host that is built into it the client comes through the proxy, and believes in the CA."""
    world = World(seed=1)
    running = Simulation(world, Plan(leads=1, contacts=1, tls_dir=str(tmp_path)))
    await running.start()
    try:
        where = running.address()
        monkeypatch.setenv("HTTPS_PROXY", where["proxy"])
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", where["ca"])
        client = Client()
        assert client.blocking.host == "https://123-ABC-456.mktorest.com"
        [number] = await people(client, "a@example.com")
        assert [person["id"] for person in await client("get_lead_by_id", id=number)] == [number]
    finally:
        await running.stop()
        world.close()
