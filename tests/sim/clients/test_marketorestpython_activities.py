"""marketorestpython, unmodified, reads what happened to people in the simulated Marketo."""

from datetime import UTC, datetime

import pytest

from syncline_sim.app import Simulation
from tests.sim.clients.marketorestpython_calls import LONG_AGO, Client, people
from tests.sim.conftest import ControlDoor

pytestmark = pytest.mark.slow


@pytest.fixture
def client(simulation: Simulation) -> Client:
    """The client, pointed at the simulated world."""
    return Client(simulation.world.urls["marketo"])


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
