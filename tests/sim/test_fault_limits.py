"""Limits of both vendors as faults, in the vendor's own words, and mistakes in faults."""

from typing import Any

import aiohttp
import pytest

from syncline_sim.app import Simulation
from tests.sim import callers
from tests.sim.callers import DATA, Caller
from tests.sim.conftest import ControlDoor
from tests.sim.person import Person
from tests.sim.test_soap import envelope

ASYNC = "/services/async/60.0/job/750000000000001"
IN_JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def salesforce(person: Person, app: dict[str, Any]) -> Caller:
    """A user of the simulated Salesforce."""
    return await callers.of_salesforce(person, app)


@pytest.mark.parametrize(
    ("limit", "text", "used"),
    [
        ("daily", "TotalRequests Limit exceeded.", "100000/100000"),
        ("concurrent", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", "0/100000"),
    ],
)
async def test_limits_of_salesforce(salesforce: Caller, control: ControlDoor, limit: str, text: str, used: str) -> None:
    """A 403 without a time to wait, with the header that tells how much is used; Bulk API 1.0 has its own form."""
    await control("POST /faults", {"side": "salesforce", "kind": "limit", "limit": limit, "times": 2})
    url = f"{salesforce.origin}{DATA}/limits"
    async with salesforce.http.get(url, headers=salesforce.headers) as response:
        assert response.status == 403
        assert response.headers["Sforce-Limit-Info"] == f"api-usage={used}"
        assert "Retry-After" not in response.headers
        assert await response.json() == [{"message": text, "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    salesforce.headers |= IN_JSON
    salesforce.headers["X-SFDC-Session"] = salesforce.headers.pop("Authorization").removeprefix("Bearer ")
    expected = {"exceptionCode": "ExceededQuota", "exceptionMessage": text}
    assert await salesforce("GET", ASYNC) == (400, expected)


async def test_whom_a_limit_concerns(salesforce: Caller, control: ControlDoor, person: Person) -> None:
    """Who is not known is told so first; pages and the token endpoint have no limit of calls."""
    await control("POST /faults", {"side": "salesforce", "kind": "limit", "times": -1})
    assert (await person.get(f"{DATA}/limits", "nobody"))[0] == 401
    assert (await person.refresh({"consumer_key": "x", "consumer_secret": "x"}, "dead"))[1]["error"] != "server_error"
    assert await salesforce.status("GET", "/setup") == 200
    assert await salesforce.status("GET", f"{DATA}/limits") == 403
    assert (await control("GET /faults"))["faults"][0]["hits"] == 1  # The others it has not met.


async def test_limit_of_logins(person: Person, control: ControlDoor, app: dict[str, Any], salesforce: Caller) -> None:
    """Too many logins are told at the doors where programs log in."""
    await control("POST /faults", {"side": "salesforce", "kind": "limit", "limit": "logins", "times": 2})
    status, answer = await person.refresh(app, "dead")
    assert (status, answer["error"]) == (400, "rate_limit_exceeded")
    status, text = await salesforce("POST", "/services/Soap/u/60.0", data=envelope("<login/>"))
    assert status == 500
    assert "LOGIN_RATE_EXCEEDED" in text
    assert await salesforce.status("GET", f"{DATA}/limits") == 200
    _, text = await salesforce("POST", "/services/Soap/u/60.0", data=envelope("<query/>"))
    assert "INVALID_SESSION_ID" in text


async def test_limits_by_soap(control: ControlDoor, salesforce: Caller) -> None:
    """A session in SOAP meets the limit of calls, a login does not."""
    await control("POST /faults", {"side": "salesforce", "kind": "limit", "limit": "daily", "times": -1})
    token = salesforce.headers["Authorization"].removeprefix("Bearer ")
    header = f"<SessionHeader><sessionId>{token}</sessionId></SessionHeader>"
    sent = envelope("<getUserInfo/>").replace("<e:Header/>", f"<e:Header>{header}</e:Header>")
    status, text = await salesforce("POST", "/services/Soap/u/60.0", data=sent)
    assert status == 500
    assert "<faultcode>sf:REQUEST_LIMIT_EXCEEDED</faultcode>" in text
    _, text = await salesforce("POST", "/services/Soap/u/60.0", data=envelope("<login/>"))
    assert "INVALID_LOGIN" in text


@pytest.mark.parametrize(
    ("limit", "code", "text"),
    [
        ("burst", "606", "Max rate limit '5' exceeded with in '20' secs"),
        ("daily", "607", "Daily quota reached"),
        ("concurrent", "615", "Concurrent access limit '3' reached"),
    ],
)
async def test_limits_of_marketo(
    http: aiohttp.ClientSession, simulation: Simulation, control: ControlDoor, limit: str, code: str, text: str
) -> None:
    """HTTP 200 with the code, the numbers being those of the switches; asking for a token is never limited."""
    await control("POST /switches", {"side": "marketo", "rate_limit": 5, "concurrency_limit": 3})
    await control("POST /faults", {"side": "marketo", "kind": "limit", "limit": limit, "times": -1})
    marketo = await callers.of_marketo(http, simulation)
    status, answer = await marketo("GET", "/rest/v1/leads/describe.json")
    assert (status, answer["success"], answer["errors"]) == (200, False, [{"code": code, "message": text}])
    marketo.headers["Authorization"] = "Bearer nobody"
    assert (await marketo("GET", "/rest/v1/leads/describe.json"))[1]["errors"][0]["code"] == "601"


async def test_other_forms_of_errors(salesforce: Caller, control: ControlDoor) -> None:
    """An error at Bulk API 1.0 has the form that it has there; a status may have a time to wait and a type."""
    await control("POST /faults", {"side": "salesforce", "kind": "error", "code": "InvalidBatch", "message": "m"})
    salesforce.headers |= IN_JSON
    assert (await salesforce("GET", ASYNC))[1] == {"exceptionCode": "InvalidBatch", "exceptionMessage": "m"}
    fault = {"side": "salesforce", "kind": "status", "status": 429, "retry_after": 30, "content_type": "text/html"}
    await control("POST /faults", fault)
    async with salesforce.http.get(f"{salesforce.origin}{DATA}/limits", headers=salesforce.headers) as response:
        assert (response.status, response.content_type, response.headers["Retry-After"]) == (429, "text/html", "30")


async def test_one_fault_is_taken_away(control: ControlDoor) -> None:
    """A fault has a number, by which it goes; the others stay."""
    numbers = [(await control("POST /faults", {"side": "marketo", "kind": "status"}))["id"] for _ in range(2)]
    await control(f"DELETE /faults/{numbers[0]}")
    assert [fault["id"] for fault in (await control("GET /faults"))["faults"]] == numbers[1:]
    await control(f"DELETE /faults/{numbers[0]}", status=404)
    await control("DELETE /faults/first", status=404)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "status"}, 'side is missing in POST /faults; send for example {"side": "salesforce"'),
        ({"side": "both", "kind": "status"}, "side is one of salesforce, marketo"),
        ({"side": "marketo", "kind": "magic"}, "kind is one of status, slow, hang"),
        ({"side": "marketo", "kind": "status", "times": "often"}, "times must be a whole number"),
        ({"side": "marketo", "kind": "status", "times": True}, "times must be a whole number"),
        ({"side": "marketo", "kind": "status", "times": -2}, "times must be at least -1"),
        ({"side": "marketo", "kind": "status", "status": 99}, "status must be from 200 to 599"),
        ({"side": "marketo", "kind": "slow", "seconds": -1}, "seconds must be from 0 to 86400"),
        ({"side": "marketo", "kind": "slow", "least": 3, "seconds": 2}, "least is more than seconds"),
        ({"side": "marketo", "kind": "slow", "pace": "odd"}, "pace is one of fixed, uniform, slow_start, drip"),
        ({"side": "marketo", "kind": "garbage", "seconds": 1}, "garbage has no use for seconds; it takes side, kind"),
        ({"side": "marketo", "kind": "limit", "limit": "logins"}, "limit is one of burst, daily, concurrent"),
        ({"side": "salesforce", "kind": "limit", "limit": "burst"}, "limit is one of daily, concurrent, logins"),
        ({"side": "marketo", "kind": "status", "colour": 1}, "there is no colour in"),
    ],
)
async def test_mistakes(control: ControlDoor, wrong: dict[str, Any], said: str) -> None:
    """What is wrong is said with what to send, and nothing is put in the way."""
    assert said in (await control("POST /faults", wrong, status=400))["error"]
    assert (await control("GET /faults"))["faults"] == []
