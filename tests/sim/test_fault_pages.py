"""Tokens that expire or are revoked between two pages of a list."""

from typing import Any

import aiohttp
import pytest

from syncline_sim.app import Simulation
from tests.sim import callers
from tests.sim.callers import DATA, Caller
from tests.sim.conftest import ControlDoor
from tests.sim.person import Person

MARKETO_PAGE = 2
PEOPLE = [f"p{n}@acme.example" for n in range(5)]


@pytest.fixture
async def salesforce(person: Person, app: dict[str, Any], control: ControlDoor) -> Caller:
    """A user of the simulated Salesforce, who gets 200 records on a page of the 605 that there are."""
    await control("POST /records", {"change": {"create": {"LastName": "L", "Company": "C"}}, "count": 600})
    caller = await callers.of_salesforce(person, app)
    caller.headers["Sforce-Query-Options"] = "batchSize=200"
    return caller


@pytest.fixture
async def marketo(http: aiohttp.ClientSession, simulation: Simulation) -> Caller:
    """An API user of the simulated Marketo, which has five people."""
    caller = await callers.of_marketo(http, simulation)
    people = [{"email": email} for email in PEOPLE]
    await caller("POST", "/rest/v1/leads.json", json={"input": people})
    return caller


@pytest.mark.parametrize("pages", [1, 2, 3])
async def test_expired_between_pages_of_a_query(
    person: Person, app: dict[str, Any], salesforce: Caller, control: ControlDoor, pages: int
) -> None:
    """So many pages come, the next is refused; a new token goes on where the old one was."""
    await control("POST /faults", {"side": "salesforce", "kind": "expire", "pages": pages})
    _, page = await salesforce.query("SELECT Id FROM Lead ORDER BY Id")
    got = len(page["records"])
    for _ in range(pages - 1):
        _, page = await salesforce("GET", page["nextRecordsUrl"])
        got += len(page["records"])
    status, refusal = await salesforce("GET", page["nextRecordsUrl"])
    assert (status, refusal[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    again = await callers.of_salesforce(person, app)
    while not page["done"]:
        _, page = await again("GET", page["nextRecordsUrl"])
        got += len(page["records"])
    assert got == 605


async def test_revoked_between_pages_of_a_query(
    person: Person, app: dict[str, Any], control: ControlDoor, salesforce: Caller
) -> None:
    """The approval goes with all that lives on it: no refresh helps."""
    tokens = await person.grant(app)
    salesforce.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    await control("POST /faults", {"side": "salesforce", "kind": "revoke", "pages": 1})
    _, page = await salesforce.query("SELECT Id FROM Lead")
    assert await salesforce.status("GET", page["nextRecordsUrl"]) == 401
    assert (await person.refresh(app, tokens["refresh_token"]))[0] == 400
    assert (await control("GET /grants"))["grants"][-1]["revoked"] == "revoked by a fault"


async def test_other_lists_and_lost_pages(salesforce: Caller, control: ControlDoor) -> None:
    """Pages are counted by list, and one that is asked for again is not another one."""
    await control("POST /faults", {"side": "salesforce", "kind": "status", "pages": 2, "status": 599})
    _, one = await salesforce.query("SELECT Id FROM Lead")
    _, other = await salesforce.query("SELECT Id, Name FROM Lead")
    for page in (one, one, one, other):  # Each a second page: one page came before it.
        assert await salesforce.status("GET", page["nextRecordsUrl"]) == 200
    _, second = await salesforce("GET", other["nextRecordsUrl"])
    assert await salesforce.status("GET", second["nextRecordsUrl"]) == 599


@pytest.mark.parametrize("kind", ["expire", "revoke"])
async def test_between_pages_of_bulk_results(salesforce: Caller, control: ControlDoor, kind: str) -> None:
    """Results of a bulk query are pages too, by their locator."""
    order = {"operation": "query", "query": "SELECT Id FROM Lead"}
    job = (await salesforce("POST", f"{DATA}/jobs/query", json=order))[1]["id"]
    while (await salesforce("GET", f"{DATA}/jobs/query/{job}"))[1]["state"] != "JobComplete":
        pass  # Each question lets the job get on.
    await control("POST /faults", {"side": "salesforce", "kind": kind, "pages": 2})
    locator, statuses = "", []
    for _ in range(3):
        query = {"maxRecords": "100"} | ({"locator": locator} if locator else {})
        url = f"{salesforce.origin}{DATA}/jobs/query/{job}/results"
        async with salesforce.http.get(url, params=query, headers=salesforce.headers) as response:
            statuses.append(response.status)
            locator = response.headers.get("Sforce-Locator", "")
    assert statuses == [200, 200, 401]


@pytest.mark.parametrize(("kind", "code"), [("expire", "602"), ("revoke", "601")])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_between_pages_of_people(
    http: aiohttp.ClientSession,
    simulation: Simulation,
    marketo: Caller,
    control: ControlDoor,
    kind: str,
    code: str,
    method: str,
) -> None:
    """The other side says 602 or 601; a new token goes on with the same page, in an address or in a form."""
    await control("POST /faults", {"side": "marketo", "kind": kind, "pages": 2})
    asked = {"filterType": "email", "filterValues": ",".join(PEOPLE), "batchSize": str(MARKETO_PAGE)}
    names: list[str] = []

    async def ask(caller: Caller) -> dict[str, Any]:
        options = {"params": asked} if method == "GET" else {"data": {**asked, "_method": "GET"}}
        answer: dict[str, Any] = (await caller(method, "/rest/v1/leads.json", **options))[1]
        names.extend(person["email"] for person in answer.get("result", []))
        asked["nextPageToken"] = answer.get("nextPageToken", asked.get("nextPageToken", ""))
        return answer

    assert (await ask(marketo))["success"]
    assert (await ask(marketo))["success"]
    assert (await ask(marketo))["errors"][0]["code"] == code
    assert (await ask(await callers.of_marketo(http, simulation)))["success"]
    assert names == PEOPLE


async def test_between_pages_of_activities(marketo: Caller, control: ControlDoor) -> None:
    """The first page of activities has a token already, and is the first nevertheless."""
    _, paging = await marketo("GET", "/rest/v1/activities/pagingtoken.json", params={"sinceDatetime": "2020-01-01"})
    await control("POST /faults", {"side": "marketo", "kind": "expire", "pages": 1})
    token, codes = paging["nextPageToken"], []
    for _ in range(2):
        query = {"activityTypeIds": "12", "nextPageToken": token, "batchSize": str(MARKETO_PAGE)}
        _, page = await marketo("GET", "/rest/v1/activities.json", params=query)
        codes.append(page.get("errors", [{"code": ""}])[0]["code"])
        token = page.get("nextPageToken", token)
    assert codes == ["", "602"]
