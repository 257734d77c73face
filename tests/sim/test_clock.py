"""The world's clock: what both sides stamp and what they let live follows it."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

from syncline_sim.app import Simulation
from syncline_sim.marketo.api_users import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from tests.sim.conftest import ControlDoor
from tests.sim.person import Person

DATA = "/services/data/v67.0"
SLACK = timedelta(seconds=30)
AHEAD = timedelta(days=40)


@pytest.fixture
async def ahead(control: ControlDoor) -> datetime:
    """The world's time, forty days from now."""
    await control("POST /clock", {"advance": AHEAD.total_seconds()})
    return datetime.now(UTC) + AHEAD


async def _marketo(http: aiohttp.ClientSession, simulation: Simulation) -> dict[str, str]:
    query = {
        "grant_type": "client_credentials",
        "client_id": DEFAULT_CLIENT_ID,
        "client_secret": DEFAULT_CLIENT_SECRET,
    }
    async with http.get(f"{simulation.world.urls['marketo']}/identity/oauth/token", params=query) as response:
        return {"Authorization": f"Bearer {(await response.json())['access_token']}"}


@pytest.mark.parametrize(
    ("door", "path"),
    [
        ("salesforce", "/services/data"),
        ("salesforce", f"{DATA}/limits"),
        ("salesforce", "/nowhere"),
        ("salesforce", "/setup"),
        ("marketo", "/rest/v1/leads/describe.json"),
        ("marketo", "/identity/oauth/token"),
        ("control", "/world"),
    ],
)
async def test_date(http: aiohttp.ClientSession, simulation: Simulation, ahead: datetime, door: str, path: str) -> None:
    """Every answer carries the world's time, refusals and pages too."""
    async with http.get(simulation.world.urls[door] + path) as response:
        assert abs(parsedate_to_datetime(response.headers["Date"]) - ahead) < SLACK


async def test_date_of_a_fault(http: aiohttp.ClientSession, control: ControlDoor, person: Person) -> None:
    """What a fault answers is stamped with the world's time too."""
    await control("POST /clock", {"advance": 86400})
    await control("POST /faults", {"side": "salesforce", "kind": "status"})
    async with http.get(person.salesforce / "services/data") as response:
        found = parsedate_to_datetime(response.headers["Date"])
    assert abs(found - datetime.now(UTC) - timedelta(days=1)) < SLACK


async def test_stamps_of_salesforce(person: Person, app: dict[str, Any], ahead: datetime) -> None:
    """Tokens, records, jobs, what describe was last changed at, and SOQL's own days."""
    tokens = await person.grant(app)
    assert abs(datetime.fromtimestamp(int(tokens["issued_at"]) / 1000, UTC) - ahead) < SLACK
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    url = person.salesforce / DATA[1:]
    record = {"LastName": "New", "Company": "C"}
    async with person.http.post(url / "sobjects/Lead", json=record, headers=headers) as response:
        made = (await response.json())["id"]
    async with person.http.get(url / "sobjects/Lead" / made, headers=headers) as response:
        stamp = (await response.json())["SystemModstamp"]
    assert abs(datetime.fromisoformat(stamp) - ahead) < SLACK
    soql = "SELECT count() FROM Lead WHERE CreatedDate = LAST_N_DAYS:1"
    async with person.http.get(url / "query", params={"q": soql}, headers=headers) as response:
        assert (await response.json())["totalSize"] == 1  # The other leads were made forty days ago.
    job = {"operation": "query", "query": "SELECT Id FROM Lead"}
    async with person.http.post(url / "jobs/query", json=job, headers=headers) as response:
        assert abs(datetime.fromisoformat((await response.json())["createdDate"]) - ahead) < SLACK


async def test_stamps_of_marketo(http: aiohttp.ClientSession, simulation: Simulation, ahead: datetime) -> None:
    """The number of a call, what a person was made at, and paging tokens."""
    url, headers = simulation.world.urls["marketo"], await _marketo(http, simulation)
    people = {"input": [{"email": "new@acme.example"}]}
    async with http.post(f"{url}/rest/v1/leads.json", json=people, headers=headers) as response:
        number = (await response.json())["requestId"]
    assert abs(datetime.fromtimestamp(int(number.split("#")[1], 16) / 1000, UTC) - ahead) < SLACK
    query = {"filterType": "email", "filterValues": "new@acme.example", "fields": "createdAt"}
    async with http.get(f"{url}/rest/v1/leads.json", params=query, headers=headers) as response:
        made = (await response.json())["result"][0]["createdAt"]
    assert abs(datetime.fromisoformat(made) - ahead) < SLACK


async def test_lives_of_tokens(
    person: Person, app: dict[str, Any], simulation: Simulation, control: ControlDoor, http: aiohttp.ClientSession
) -> None:
    """Tokens of both sides end when the world's time says so."""
    session = {"Authorization": f"Bearer {(await person.grant(app))['access_token']}"}
    token = await _marketo(http, simulation)
    asked = (
        (person.salesforce / f"{DATA[1:]}/limits", session),
        (f"{simulation.world.urls['marketo']}/rest/v1/leads/describe.json", token),
    )

    async def ask() -> list[str]:
        texts = []
        for url, headers in asked:
            async with http.get(url, headers=headers) as response:
                texts.append(await response.text())
        return texts

    assert not any("INVALID_SESSION_ID" in text or '"602"' in text for text in await ask())
    await control("POST /clock", {"advance": 7201})
    salesforce, marketo = await ask()
    assert json.loads(salesforce)[0]["errorCode"] == "INVALID_SESSION_ID"
    assert json.loads(marketo)["errors"][0]["code"] == "602"


async def test_lives_of_cursors(person: Person, app: dict[str, Any], control: ControlDoor) -> None:
    """The next page of a query is there for two days of the world's time."""
    await control("POST /switches", {"side": "salesforce", "session_lifetime": 10 * 86400})
    await control("POST /records", {"change": {"create": {"LastName": "L", "Company": "C"}}, "count": 250})
    headers = {"Authorization": f"Bearer {(await person.grant(app))['access_token']}"}
    small = {**headers, "Sforce-Query-Options": "batchSize=200"}
    url = person.salesforce / DATA[1:] / "query"
    async with person.http.get(url, params={"q": "SELECT Id FROM Lead"}, headers=small) as response:
        following = (await response.json())["nextRecordsUrl"]
    for passed, status in ((86400, 200), (86400, 400)):
        await control("POST /clock", {"advance": passed})
        async with person.http.get(str(person.salesforce).rstrip("/") + following, headers=headers) as response:
            assert response.status == status
    assert (await control("GET /world"))["now"] > datetime.now(UTC).timestamp() + 170_000
