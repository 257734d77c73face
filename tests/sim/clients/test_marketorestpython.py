"""marketorestpython, unmodified, against the simulated Marketo over real sockets.

The client waits a fifth of a second between two calls of a kind, and longer before it tries again.
"""

from pathlib import Path
from typing import Any

import pytest

from syncline_sim.app import Plan, Simulation
from syncline_sim.world import World
from tests.sim.clients.marketorestpython_calls import LONG_AGO, Client, code, people
from tests.sim.conftest import ControlDoor

pytestmark = pytest.mark.slow


@pytest.fixture
def client(simulation: Simulation) -> Client:
    """The client, pointed at the simulated world."""
    return Client(simulation.world.urls["marketo"])


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
    assert person == {"id": number, "firstName": "Ann", "lastName": "Bell"}
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
    assert [(one["email"], one["phone"]) for one in found] == [(email, None) for email in emails]


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
    assert person == {"id": winner, "firstName": "Ann", "lastName": "Bell", "leadScore": 12}
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


@pytest.mark.parametrize(
    ("method", "named"),
    [
        ("request_campaign", {"id": 1, "leads": [1]}),
        ("submit_form", {"formId": 1, "input": {"leadFormFields": {"email": "a@example.com"}}}),
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
    with pytest.raises(Exception, match="Access denied") as error:
        await client("describe2")
    assert code(error) == "603"
    assert (await calls(control))["GET /rest/v1/leads/describe2.json"] == 2


@pytest.mark.parametrize("refusal", ["606", "608", "615", "713"])
async def test_try_again(client: Client, control: ControlDoor, refusal: str) -> None:
    """So it is with whatever the client tries again after."""
    fault = {"side": "marketo", "kind": "error", "match": "leads.sync", "code": refusal}
    await control("POST /faults", fault)
    with pytest.raises(Exception, match="Access denied") as error:
        await people(client, "a@example.com")
    assert code(error) == "603"
    assert (await calls(control))["POST /rest/v1/leads.json"] == 2
    assert await people(client, "a@example.com")


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
