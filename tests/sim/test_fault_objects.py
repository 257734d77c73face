"""Faults on one object: met by every door that leads to it, and by no other call."""

from typing import Any

import aiohttp
import pytest

from syncline_sim.app import Simulation
from tests.sim import callers
from tests.sim.callers import DATA, Caller
from tests.sim.conftest import ControlDoor
from tests.sim.person import Person
from tests.sim.test_soap import envelope


@pytest.fixture
async def salesforce(person: Person, app: dict[str, Any]) -> Caller:
    """A user of the simulated Salesforce."""
    return await callers.of_salesforce(person, app)


@pytest.fixture
async def marketo(http: aiohttp.ClientSession, simulation: Simulation) -> Caller:
    """An API user of the simulated Marketo."""
    return await callers.of_marketo(http, simulation)


def _soql(text: str) -> dict[str, Any]:
    return {"params": {"q": text}}


SOAP = "/services/Soap/u/64.0"
LEADS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", f"{DATA}/sobjects/Lead", {}),
    ("GET", f"{DATA}/sobjects/lead/describe", {}),
    ("POST", f"{DATA}/sobjects/Lead", {"json": {}}),
    ("GET", f"{DATA}/query", _soql("SELECT Id FROM Lead")),
    ("GET", f"{DATA}/queryAll", _soql("select count() from lead l")),
    ("GET", f"{DATA}/query", _soql("SELECT Id FROM Contact WHERE NOT (AccountId IN (SELECT Id FROM Lead))")),
    ("POST", f"{DATA}/query?_HttpMethod=GET", {"data": {"q": "SELECT Id FROM Lead"}}),
    ("POST", f"{DATA}/composite/tree/Lead", {"json": {}}),
    ("PATCH", f"{DATA}/composite/sobjects/Lead/Id", {"json": {}}),
    ("POST", f"{DATA}/composite/sobjects", {"json": {"records": [{"attributes": {"type": "Lead"}}]}}),
    ("DELETE", f"{DATA}/composite/sobjects?ids=00Q000000000001", {}),
    ("POST", f"{DATA}/composite", {"json": {"compositeRequest": [{"url": f"{DATA}/sobjects/Lead"}]}}),
    ("POST", f"{DATA}/composite/batch", {"json": {"batchRequests": [{"url": "v67.0/query?q=SELECT+Id+FROM+Lead"}]}}),
    ("POST", f"{DATA}/jobs/query", {"json": {"operation": "query", "query": "SELECT Id FROM Lead"}}),
    ("POST", f"{DATA}/jobs/ingest", {"json": {"operation": "insert", "object": "Lead"}}),
    ("POST", "/services/async/60.0/job", {"json": {"operation": "insert", "object": "Lead"}}),
    ("POST", "/services/async/60.0/job", {"data": b"<jobInfo><object>Lead</object></jobInfo>"}),
    ("POST", SOAP, {"data": envelope("<query><queryString>SELECT Id FROM Lead</queryString></query>")}),
    ("POST", SOAP, {"data": envelope("<delete><ids>00Q000000000001</ids></delete>")}),
]
OTHERS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", f"{DATA}/limits", {}),
    ("GET", f"{DATA}/sobjects", {}),
    ("GET", f"{DATA}/sobjects/Contact/describe", {}),
    ("GET", f"{DATA}/query", _soql("SELECT Id FROM Contact")),
    ("GET", f"{DATA}/query", _soql("SELECT FROM FROM Lead")),
    ("POST", f"{DATA}/composite", {"data": b"{"}),
    ("POST", f"{DATA}/jobs/ingest", {"json": {"operation": "insert", "object": "Contact"}}),
    ("GET", "/services/data", {}),
    ("POST", SOAP, {"data": envelope("<delete><ids>003000000000001</ids></delete>")}),
    ("POST", SOAP, {"data": b"00Q000000000001"}),
]


@pytest.mark.parametrize(("method", "path", "options"), LEADS)
async def test_every_door_to_an_object(
    salesforce: Caller, control: ControlDoor, method: str, path: str, options: dict[str, Any]
) -> None:
    """A call that is about leads is hit, whatever it is."""
    await control("POST /faults", {"side": "salesforce", "kind": "status", "status": 599, "object": "LEAD"})
    assert await salesforce.status(method, path, **options) == 599
    assert await salesforce.status(method, path, **options) != 599


@pytest.mark.parametrize(("method", "path", "options"), OTHERS)
async def test_other_calls(
    salesforce: Caller, control: ControlDoor, method: str, path: str, options: dict[str, Any]
) -> None:
    """A call about something else, or about nothing that can be read, goes its way."""
    await control("POST /faults", {"side": "salesforce", "kind": "status", "status": 599, "object": "Lead"})
    assert await salesforce.status(method, path, **options) != 599


async def test_what_follows_from_a_call(salesforce: Caller, control: ControlDoor) -> None:
    """Later pages of a query and all calls about a job are about its object too."""
    await control("POST /records", {"change": {"create": {"LastName": "L", "Company": "C"}}, "count": 250})
    salesforce.headers["Sforce-Query-Options"] = "batchSize=200"
    following = (await salesforce("GET", f"{DATA}/query", **_soql("SELECT Id FROM Lead")))[1]["nextRecordsUrl"]
    order = {"operation": "insert", "object": "Lead"}
    job = (await salesforce("POST", f"{DATA}/jobs/ingest", json=order))[1]["id"]
    fault = {"side": "salesforce", "kind": "status", "status": 599, "object": "Lead", "times": -1}
    await control("POST /faults", fault)
    paths = (following, f"{DATA}/jobs/ingest/{job}", f"{DATA}/jobs/ingest/{job[:15]}/failedResults")
    for path in paths:
        assert await salesforce.status("GET", path) == 599
    assert await salesforce.status("PUT", f"{DATA}/jobs/ingest/{job}/batches", data=b"LastName\n") == 599


@pytest.mark.parametrize(
    ("kind", "code", "status"), [("error", "UNABLE_TO_LOCK_ROW", 400), ("limit", "REQUEST_LIMIT_EXCEEDED", 403)]
)
async def test_part_of_a_composite_call(
    salesforce: Caller, control: ControlDoor, kind: str, code: str, status: int
) -> None:
    """An error of an object hits the parts that are about it, and leaves the others alone."""
    fault = {"side": "salesforce", "kind": kind, "object": "Lead", "times": 2}
    await control("POST /faults", fault | ({"code": code, "status": 400} if kind == "error" else {}))
    urls = [f"{DATA}/sobjects/{name}" for name in ("Contact", "Lead")]
    parts = [{"method": "GET", "url": url, "referenceId": f"r{n}"} for n, url in enumerate(urls)]
    answer = (await salesforce("POST", f"{DATA}/composite", json={"compositeRequest": parts}))[1]
    assert [part["httpStatusCode"] for part in answer["compositeResponse"]] == [200, status]
    assert answer["compositeResponse"][1]["body"][0]["errorCode"] == code
    batch = {"batchRequests": [{"method": "GET", "url": url.removeprefix("/services/data/")} for url in urls]}
    answer = (await salesforce("POST", f"{DATA}/composite/batch", json=batch))[1]
    assert [part["statusCode"] for part in answer["results"]] == [200, status]
    assert (await control("GET /faults"))["faults"][0]["hits"] == 2


@pytest.mark.parametrize(
    ("name", "hit", "spared"),
    [
        ("lead", "/rest/v1/leads.json", "/rest/v1/companies.json"),
        ("lead", "//rest/v1/leads.json", "/rest/v1/salespersons.json"),
        ("lead", "/rest/../bulk/v1/leads/export.json", "/bulk/v1/activities/export.json"),
        ("company", "/rest/v1/companies/describe.json", "/rest/v1/leads.json"),
        ("opportunity", "/rest/v1/opportunities.json", "/rest/v1/opportunities/roles.json"),
        ("opportunityRole", "/rest/v1/opportunities/roles.json", "/rest/v1/opportunities.json"),
        ("activity", "/bulk/v1/activities/export.json", "/rest/v1/leads.json"),
        ("list", "/rest/asset/v1/staticLists.json", "/rest/v1/leads.json"),
        ("program", "/rest/asset/v1/programs.json", "/rest/v1/lists.json"),
        ("car_c", "/rest/v1/customobjects/car_c.json", "/rest/v1/customobjects/boat_c.json"),
        ("car_c", "/bulk/v1/customobjects/car_c/import.json", "/rest/v1/customobjects.json"),
    ],
)
async def test_objects_of_marketo(marketo: Caller, control: ControlDoor, name: str, hit: str, spared: str) -> None:
    """One object of the other side, also by bulk and by untidy paths."""
    if name == "car_c":
        kind = {"apiName": "car_c", "displayName": "Car", "pluralName": "Cars"}
        await marketo("POST", "/rest/v1/customobjects/schema.json", json=kind)
    await control("POST /faults", {"side": "marketo", "kind": "status", "status": 599, "object": name, "times": -1})
    assert await marketo.status("GET", hit) == 599
    assert await marketo.status("GET", spared) == 200


@pytest.mark.parametrize(("side", "known"), [("salesforce", "contact"), ("marketo", "salesperson")])
async def test_no_such_object(control: ControlDoor, side: str, known: str) -> None:
    """A fault on what there is not is refused with the names that there are."""
    answer = await control("POST /faults", {"side": side, "kind": "status", "object": "Magic"}, status=400)
    assert "Magic" in answer["error"]
    assert known in answer["error"]
