"""What the public clients make of faults: on one object, between two pages, by limits, and on the wire."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceRefusedRequest,
)

from syncline_sim.app import Simulation
from tests.sim.clients import marketorestpython_calls as marketo
from tests.sim.clients.test_simple_salesforce import SMALL_PAGES, Client, PlainHttp
from tests.sim.conftest import ControlDoor

SALESFORCE = {"side": "salesforce"}
PEOPLE = [f"p{n}@example.com" for n in range(5)]


@pytest.fixture
def client(simulation: Simulation) -> Iterator[Client]:
    """The client simple_salesforce, with a session id of the sync user."""
    with requests.Session() as session:
        session.mount("https://", PlainHttp())
        yield Client(simulation, session)


@pytest.fixture
def other(simulation: Simulation) -> marketo.Client:
    """The client of the other side, marketorestpython."""
    return marketo.Client(simulation.world.urls["marketo"])


async def test_one_object(client: Client, control: ControlDoor) -> None:
    """Whatever the client does with leads fails, and contacts are as ever."""
    fault = {**SALESFORCE, "kind": "error", "object": "Lead", "code": "SERVER_UNAVAILABLE", "status": 503, "times": -1}
    await control("POST /faults", fault)
    uses: tuple[Callable[[Any], Any], ...] = (
        lambda sf: sf.Lead.describe(),
        lambda sf: sf.query("SELECT Id FROM Lead"),
        lambda sf: list(sf.bulk2.Lead.query("SELECT Id FROM Lead")),
    )
    for use in uses:
        assert await client.refused(SalesforceGeneralError, use) == (503, "SERVER_UNAVAILABLE")
    assert (await client(lambda sf: sf.query("SELECT Id FROM Contact")))["totalSize"] == 5


async def test_revoked_between_two_pages(client: Client, control: ControlDoor) -> None:
    """The client gets two pages and is told that its session has expired instead of a third."""
    await control("POST /records", {"change": {"create": {"LastName": "L", "Company": "C"}}, "count": 600})
    await control("POST /faults", {**SALESFORCE, "kind": "revoke", "pages": 2})
    seen: list[dict[str, Any]] = []

    def read(sf: Any) -> None:  # noqa: ANN401 - the client
        seen.extend(sf.query_all_iter("SELECT Id FROM Lead", headers=SMALL_PAGES))

    refused = await client.refused(SalesforceExpiredSession, read)
    assert refused == (401, "INVALID_SESSION_ID")
    assert (await control("GET /calls"))["salesforce"]["operations"] == {"query": 1, "query.more": 2}


async def test_limit(client: Client, control: ControlDoor) -> None:
    """A limit is a refused request, and the client reads from the header that all is used."""
    await control("POST /faults", {**SALESFORCE, "kind": "limit"})
    refused = await client.refused(SalesforceRefusedRequest, lambda sf: sf.Contact.describe())
    assert refused == (403, "REQUEST_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "reset"}, requests.ConnectionError),
        ({"kind": "reset", "at": "body"}, requests.RequestException),
        ({"kind": "truncate"}, requests.RequestException),
        ({"kind": "length", "off_by": 10}, requests.RequestException),
        ({"kind": "length", "off_by": -10}, ValueError),
        ({"kind": "garbage"}, ValueError),
        ({"kind": "status", "status": 502}, SalesforceGeneralError),
    ],
)
async def test_on_the_wire(client: Client, control: ControlDoor, fault: dict[str, Any], error: type[Exception]) -> None:
    """What breaks an answer is an error of the client, and the next call is none."""
    await control("POST /faults", {**SALESFORCE, "match": "query", **fault})
    with pytest.raises(error):
        await client(lambda sf: sf.query("SELECT Id FROM Lead"))
    assert (await client(lambda sf: sf.query("SELECT Id FROM Lead")))["totalSize"] == 5


@pytest.mark.parametrize("fault", [{"kind": "content_type"}, {"kind": "slow", "pace": "drip", "seconds": 0.1}])
async def test_what_the_client_bears(client: Client, control: ControlDoor, fault: dict[str, Any]) -> None:
    """A wrong type and a slow body are right answers to it."""
    await control("POST /faults", {**SALESFORCE, **fault})
    assert (await client(lambda sf: sf.query("SELECT Id FROM Lead")))["totalSize"] == 5


async def test_schedule(client: Client, control: ControlDoor) -> None:
    """The client fails at just those calls at which the schedule has said that it would."""
    wanted = {**SALESFORCE, "seed": 5, "kinds": {"error": {"chance": 0.3, "status": 503}, "garbage": 0.1}}
    made = await control("POST /schedules", wanted)
    listed = (await control(f"GET /schedules/{made['id']}?count=20"))["ahead"]
    failed = []
    for number in range(1, 21):
        try:
            await client(lambda sf: sf.limits())
        except (SalesforceGeneralError, ValueError):
            failed.append(number)
    assert failed == [each["call"] for each in listed]
    assert 2 < len(failed) < 18


async def test_a_token_revoked_between_two_pages_of_people(other: marketo.Client, control: ControlDoor) -> None:
    """The other client believes in its token, sends it ten times more, and then answers nothing."""
    await marketo.people(other, *PEOPLE)
    await control("POST /faults", {"side": "marketo", "kind": "revoke", "pages": 1})
    asked = {"filterType": "email", "filterValues": PEOPLE, "batchSize": 2}
    assert await other("get_multiple_leads_by_filter_type", **asked) is None
    assert (await control("GET /faults"))["faults"][0]["hits"] == 1
    assert (await control("GET /calls"))["marketo"]["paths"]["POST /rest/v1/leads.json"] > 10


@pytest.mark.parametrize(("limit", "words"), [("daily", "Daily quota reached"), ("concurrent", "Access denied")])
async def test_limits_of_the_other_side(other: marketo.Client, control: ControlDoor, limit: str, words: str) -> None:
    """The daily one is told at once; after others the client tries again without its token, as it does in life."""
    await control("POST /faults", {"side": "marketo", "kind": "limit", "limit": limit})
    with pytest.raises(Exception, match=words):
        await other("describe")
    assert (await control("GET /faults"))["faults"][0]["hits"] == 1


async def test_one_object_of_the_other_side(other: marketo.Client, control: ControlDoor) -> None:
    """Companies fail, people do not."""
    fault = {"side": "marketo", "kind": "error", "object": "company", "code": "1003", "message": "no", "times": -1}
    await control("POST /faults", fault)
    with pytest.raises(Exception, match="no"):
        await other("describe_company")
    assert await other("describe")
