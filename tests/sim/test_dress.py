"""Headers and members as recorded traffic of the vendors has them, byte by byte."""

import json
from collections.abc import Awaitable, Callable

import pytest

from syncline_sim.app import Simulation
from syncline_sim.marketo.api_users import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET
from tests.sim.person import Person
from tests.sim.raw_calls import RawAnswer, say

JSON = "application/json;charset=UTF-8"
_TOKEN = (
    "GET /identity/oauth/token?grant_type=client_credentials"
    f"&client_id={DEFAULT_CLIENT_ID}&client_secret={DEFAULT_CLIENT_SECRET} HTTP/1.1"
)
Ask = Callable[..., Awaitable[RawAnswer]]


@pytest.fixture
async def marketo(simulation: Simulation) -> Ask:
    """Asks the simulated Marketo as node-marketo-rest does, with a token."""
    origin = simulation.world.urls["marketo"]
    token = json.loads((await say(origin, _TOKEN)).body)["access_token"]
    headers = (
        f"Accept: */*\nUser-Agent: Restler for node.js\nAccept-Encoding: gzip, deflate\nAuthorization: Bearer {token}"
    )

    async def ask(line: str, kind: str = "", body: bytes = b"") -> RawAnswer:
        return await say(origin, f"{line} HTTP/1.1\n{headers}" + (f"\nContent-Type: {kind}" if kind else ""), body)

    return ask


async def test_identity(simulation: Simulation) -> None:
    """A token comes without blanks between its members, and nobody may store it."""
    answer = await say(simulation.world.urls["marketo"], _TOKEN)
    assert answer.headers["Content-Type"] == JSON
    assert (answer.headers["Server"], answer.headers["Cache-Control"]) == ("nginx", "no-store")
    assert answer.headers["Pragma"] == "no-cache"
    assert answer.body.startswith(b'{"access_token":"')
    assert b'","token_type":"bearer","expires_in":' in answer.body


async def test_people(marketo: Ask) -> None:
    """The members of an answer are in the vendor's order, and a person has the id though it was not asked for."""
    body = b'{"lookupField":"email","input":[{"email":"ak@example.com"}]}'
    written = await marketo("POST /rest/v1/leads.json", "application/json", body)
    assert (written.headers["Content-Type"], written.headers["Server"]) == (JSON, "nginx")
    assert written.body.startswith(b'{"requestId":"')
    assert written.body.endswith(b'","result":[{"id":1,"status":"created"}],"success":true}')
    found = await marketo("GET /rest/v1/leads.json?fields=email%2ClastName&filterType=id&filterValues=1%2C2")
    assert found.body.endswith(b'"result":[{"id":1,"email":"ak@example.com","lastName":null}],"success":true}')
    one = await marketo("GET /rest/v1/lead/1.json?fields=email")
    assert one.body.endswith(b'"result":[{"id":1,"email":"ak@example.com"}],"success":true}')


async def test_assets(marketo: Ask) -> None:
    """The Asset API has another order, and no result where there is none."""
    none = await marketo("GET /rest/asset/v1/staticList/byName.json?name=%28test%29%20High%20Value")
    assert none.body.startswith(b'{"success":true,"errors":[],"requestId":"')
    assert none.body.endswith(b'","warnings":["No assets found for the given search criteria."]}')


async def test_bulk_by_detour(marketo: Ask) -> None:
    """Bulk calls that go by `/rest/..`, a form with a GET, are read as they are meant."""
    body = b'{"fields":["id"],"filter":{"createdAt":{"startAt":"2026-01-01T00:00:00Z","endAt":"2026-01-02T00:00:00Z"}}}'
    made = await marketo("POST /rest/../bulk/v1/leads/export/create.json", "application/json", body)
    key = json.loads(made.body)["result"][0]["exportId"]
    told = f'"result":[{{"exportId":"{key}","format":"CSV","status":"Created","createdAt":"'
    assert told.encode() in made.body
    form = "application/x-www-form-urlencoded"
    seen = await marketo(f"GET /rest/../bulk/v1/leads/export/{key}/status.json", form, b"_method=GET")
    assert told.encode() in seen.body
    ended = await marketo(f"POST /rest/../bulk/v1/leads/export/{key}/cancel.json", form, b"_method=POST")
    assert b'"status":"Cancelled","createdAt":"' in ended.body


@pytest.mark.parametrize("path", ["/services/data", "/services/data/v67.0/limits", "/.well-known/openid-configuration"])
async def test_salesforce(simulation: Simulation, path: str) -> None:
    """Salesforce names no web server of ours either, and forbids to keep what it says."""
    answer = await say(simulation.world.urls["salesforce"], f"GET {path} HTTP/1.1\nAccept: application/json")
    assert (answer.headers["Content-Type"], answer.headers["Server"]) == (JSON, "sfdcedge")
    assert answer.headers["Cache-Control"] == "no-cache,must-revalidate,max-age=0,no-store,private"
    assert b'": ' not in answer.body


async def test_lost(simulation: Simulation) -> None:
    """An address that leads nowhere has a page, which says nothing of the web server here."""
    answer = await say(simulation.world.urls["salesforce"], "GET /no/such/page HTTP/1.1")
    assert (answer.status, answer.headers["Content-Type"]) == (404, "text/html; charset=UTF-8")
    assert b"URL No Longer Exists" in answer.body


async def test_no_content(simulation: Simulation, person: Person, app: dict[str, str]) -> None:
    """An answer without a body is of no type."""
    token = (await person.grant(app))["access_token"]
    origin = simulation.world.urls["salesforce"]
    bearer = f"Authorization: Bearer {token}\nContent-Type: application/json"
    made = await say(origin, f"POST /services/data/v67.0/sobjects/Account HTTP/1.1\n{bearer}", b'{"Name":"A"}')
    assert (made.status, made.headers["Content-Type"]) == (201, JSON)
    path = made.headers["Location"]
    assert made.body == f'{{"id":"{path.rpartition("/")[2]}","success":true,"errors":[]}}'.encode()
    changed = await say(origin, f"PATCH {path} HTTP/1.1\n{bearer}", b'{"Phone":"1"}')
    assert (changed.status, changed.body, "Content-Type" in changed.headers) == (204, b"", False)
