"""simple_salesforce, unmodified, against the simulated Salesforce over real sockets.

It addresses everything to https; here its session sends that in plain HTTP.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceError,
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from syncline_sim.app import Simulation
from syncline_sim.salesforce import changes, seeding
from tests.sim.salesforce.conftest import log_in

PERSON = {"LastName": "Lovelace", "Company": "Analytical Engines"}
SMALL_PAGES = {"Sforce-Query-Options": "batchSize=200"}


class PlainHttp(HTTPAdapter):
    """Sends in plain HTTP what is addressed to https."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - requests' own
        """Send a request."""
        request.url = (request.url or "").replace("https:", "http:", 1)
        return super().send(request, *args, **options)


def content(caught: pytest.ExceptionInfo[SalesforceError]) -> Any:  # noqa: ANN401 - whatever JSON was answered
    """Answer what the client has found in a refusal; it is declared to be bytes and is not."""
    return caught.value.content


class Client:
    """The client, whose calls block, called from a test that also runs the simulated world."""

    def __init__(self, simulation: Simulation, session: requests.Session, version: str = "59.0") -> None:
        token = log_in(simulation.world).token
        url = simulation.world.urls["salesforce"].replace("http:", "https:")
        self.blocking = Salesforce(session_id=token, instance_url=url, session=session, version=version)

    async def __call__(self, use: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - as the client answers
        """Use the client."""
        return await asyncio.to_thread(use, self.blocking)

    async def restful(self, method: str, path: str, body: Any = None, **params: str) -> Any:  # noqa: ANN401 - any JSON
        """Call a path for which the client has no method of its own."""
        return await self(lambda sf: sf.restful(path, params, method, json=body))

    async def refused(self, kind: type[SalesforceError], use: Callable[[Any], Any]) -> tuple[int, str]:
        """Use the client, which raises, and answer the status and the vendor's code."""
        with pytest.raises(kind) as caught:
            await self(use)
        assert type(caught.value) is kind
        return caught.value.status, content(caught)[0]["errorCode"]


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """What the client sends with."""
    with requests.Session() as made:
        made.mount("https://", PlainHttp())
        yield made


@pytest.fixture
def client(simulation: Simulation, session: requests.Session) -> Client:
    """The client, with a session id of the sync user."""
    return Client(simulation, session)


async def test_describe(client: Client) -> None:
    """Objects, one object, its fields, and the limits with what the client reads of the header."""
    names = [found["name"] for found in (await client(lambda sf: sf.describe()))["sobjects"]]
    assert {"Account", "Contact", "Lead", "Organization", "User"} <= set(names)
    assert (await client(lambda sf: sf.Lead.metadata()))["objectDescribe"]["keyPrefix"] == "00Q"
    fields = {field["name"]: field for field in (await client(lambda sf: sf.Contact.describe()))["fields"]}
    assert fields["Legacy_Id__c"]["externalId"]
    assert (await client(lambda sf: sf.limits()))["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_996}
    assert client.blocking.api_usage["api-usage"] == (4, 100_000)


async def test_if_modified_since(client: Client) -> None:
    """Who has a describe already gets 304, which the client raises; older knowledge gets the document."""
    new, old = (
        {"If-Modified-Since": "Mon, 01 Jun 2026 00:00:00 GMT"},
        {"If-Modified-Since": "Sun, 01 Sep 2019 00:00:00 GMT"},
    )
    uses: tuple[Callable[[Any, Any], Any], ...] = (
        lambda sf, headers: sf.Lead.metadata(headers),
        lambda sf, headers: sf.Lead.describe(headers),
        lambda sf, headers: sf.describe(headers=headers),
    )
    for use in uses:
        with pytest.raises(SalesforceGeneralError) as caught:
            await asyncio.to_thread(use, client.blocking, new)
        assert (caught.value.status, content(caught)) == (304, "")
        assert await asyncio.to_thread(use, client.blocking, old)


async def test_record_life(client: Client) -> None:
    """A record from birth to death."""
    made = await client(lambda sf: sf.Lead.create({**PERSON, "NumberOfEmployees": 3}))
    assert made == {"id": made["id"], "success": True, "errors": []}
    record = made["id"]
    assert await client(lambda sf: sf.Lead.update(record, {"Phone": "+44 1", "NumberOfEmployees": None})) == 204
    found = await client(lambda sf: sf.Lead.get(record))
    assert found["attributes"] == {"type": "Lead", "url": f"/services/data/v59.0/sobjects/Lead/{record}"}
    assert (found["Name"], found["Phone"], found["NumberOfEmployees"]) == ("Lovelace", "+44 1", None)
    some = await client(lambda sf: sf.Lead.get(record, params={"fields": "Phone,Company"}))
    assert {name for name in some if name != "attributes"} == {"Phone", "Company"}
    assert await client(lambda sf: sf.Lead.delete(record)) == 204
    refused = await client.refused(SalesforceResourceNotFound, lambda sf: sf.Lead.get(record))
    assert refused == (404, "ENTITY_IS_DELETED")


async def test_upsert(client: Client) -> None:
    """An external id makes a record, then changes it, and finds it."""
    path = "Legacy_Id__c/ada-1"
    made = await client(lambda sf: sf.Contact.upsert(path, {"LastName": "Lovelace"}, raw_response=True))
    assert (made.status_code, made.json()["created"]) == (201, True)
    again = await client(lambda sf: sf.Contact.upsert(path, {"FirstName": "Ada"}, raw_response=True))
    assert (again.status_code, again.json()) == (200, {**made.json(), "created": False})
    found = await client(lambda sf: sf.Contact.get_by_custom_id("Legacy_Id__c", "ada-1"))
    assert (found["Id"], found["Name"]) == (made.json()["id"], "Ada Lovelace")


async def test_upsert_of_old(simulation: Simulation, session: requests.Session) -> None:
    """Before version 46 an upsert that changes a record answers 204."""
    client = Client(simulation, session, version="45.0")
    statuses = [await client(lambda sf: sf.Lead.upsert("Legacy_Id__c/l-1", PERSON)) for _ in range(2)]
    assert statuses == [201, 204]


async def test_pages(simulation: Simulation, client: Client) -> None:
    """A query over several pages, at once and one by one, and one page after another."""
    seeding.seed(simulation.world, 445, 0)
    soql = "SELECT Id, Email FROM Lead ORDER BY Id"
    whole = await client(lambda sf: sf.query_all(soql, headers=SMALL_PAGES))
    assert (whole["totalSize"], whole["done"], len({record["Id"] for record in whole["records"]})) == (450, True, 450)
    assert await client(lambda sf: list(sf.query_all_iter(soql, headers=SMALL_PAGES))) == whole["records"]
    first = await client(lambda sf: sf.query(soql, headers=SMALL_PAGES))
    assert (first["totalSize"], first["done"], len(first["records"])) == (450, False, 200)
    locator = first["nextRecordsUrl"].rpartition("/")[2]
    assert locator.endswith("-200")
    second = await client(lambda sf: sf.query_more(locator, headers=SMALL_PAGES))
    assert second["records"] == whole["records"][200:400]


async def test_deleted_too(client: Client) -> None:
    """What has been deleted is found by who asks for it."""
    record = (await client(lambda sf: sf.query("SELECT Id FROM Lead LIMIT 1")))["records"][0]["Id"]
    await client(lambda sf: sf.Lead.delete(record))
    soql = f"SELECT Id, IsDeleted FROM Lead WHERE Id = '{record}'"  # noqa: S608 - SOQL
    assert (await client(lambda sf: sf.query_all(soql)))["totalSize"] == 0
    found = await client(lambda sf: sf.query_all(soql, include_deleted=True))
    assert [(each["Id"], each["IsDeleted"]) for each in found["records"]] == [(record, True)]


async def test_replication(client: Client) -> None:
    """What was written and deleted in a stretch of time; what is older is not in it."""
    gone, kept = [(await client(lambda sf: sf.Lead.create(PERSON)))["id"] for _ in range(2)]
    await client(lambda sf: sf.Lead.delete(gone))
    now = datetime.now(UTC)
    start, end = now - timedelta(minutes=5), now + timedelta(minutes=2)
    updated = await client(lambda sf: sf.Lead.updated(start, end))
    assert (updated["ids"], set(updated)) == ([kept], {"ids", "latestDateCovered"})
    deleted = await client(lambda sf: sf.Lead.deleted(start, end))
    assert [each["id"] for each in deleted["deletedRecords"]] == [gone]
    minutes = [moment.strftime("%Y-%m-%dT%H:%M:00.000+0000") for moment in (now, datetime.now(UTC))]
    assert minutes[0] <= updated["latestDateCovered"] <= deleted["latestDateCovered"] <= minutes[1]
    before = await client(lambda sf: sf.Lead.updated(start - timedelta(days=1), start))
    assert before["ids"] == []
    for use in (lambda sf: sf.Lead.updated(end, start), lambda sf: sf.Lead.deleted(now - timedelta(days=20), now)):
        assert await client.refused(SalesforceMalformedRequest, use) == (400, "INVALID_REPLICATION_DATE")


async def test_collections(client: Client) -> None:
    """Records by the list: made, changed, upserted, read and deleted, each with its own result."""
    rows = [{"attributes": {"type": "Lead"}, **PERSON, "Legacy_Id__c": f"c-{n}"} for n in range(3)]
    made = await client.restful("POST", "composite/sobjects", {"records": [*rows, {"attributes": {"type": "Lead"}}]})
    assert [row["success"] for row in made] == [True, True, True, False]
    assert made[3]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    ids = [row["id"] for row in made[:3]]
    changed = [{"attributes": {"type": "Lead"}, "id": record, "Phone": "1"} for record in ids]
    answered = await client.restful("PATCH", "composite/sobjects", {"records": changed})
    assert answered == [{"id": record, "success": True, "errors": []} for record in ids]
    news = [*rows[:1], {**rows[0], "Legacy_Id__c": "c-new"}]
    upserted = await client.restful("PATCH", "composite/sobjects/Lead/Legacy_Id__c", {"records": news})
    assert [(row["id"] == ids[0], row["created"]) for row in upserted] == [(True, False), (False, True)]
    wanted = f"{ids[1]},00Q000000000000EAA,{ids[0]}"
    read = await client.restful("GET", "composite/sobjects/Lead", ids=wanted, fields="Id,Phone")
    assert [row and (row["Id"], row["Phone"]) for row in read] == [(ids[1], "1"), None, (ids[0], "1")]
    posted = {"ids": ids[:1], "fields": ["Company"]}
    assert (await client.restful("POST", "composite/sobjects/Lead", posted))[0]["Company"] == PERSON["Company"]
    gone = await client.restful("DELETE", "composite/sobjects", ids=f"{ids[0]},nonsense")
    assert [row["success"] for row in gone] == [True, False]
    assert gone[1]["errors"][0]["statusCode"] == "MALFORMED_ID"


async def test_composite(client: Client) -> None:
    """Later parts of a composite call use what earlier ones have answered; without success all is taken back."""
    parts: list[dict[str, Any]] = [
        {
            "method": "POST",
            "url": "/services/data/v59.0/sobjects/Account",
            "referenceId": "firm",
            "body": {"Name": "Z"},
        },
        {
            "method": "POST",
            "url": "/services/data/v59.0/sobjects/Contact",
            "referenceId": "person",
            "body": {"LastName": "Z", "AccountId": "@{firm.id}"},
        },
        {
            "method": "GET",
            "url": "/services/data/v59.0/sobjects/Contact/@{person.id}?fields=AccountId",
            "referenceId": "read",
        },
    ]
    made = (await client.restful("POST", "composite", {"compositeRequest": parts}))["compositeResponse"]
    assert [(part["referenceId"], part["httpStatusCode"]) for part in made] == [
        ("firm", 201),
        ("person", 201),
        ("read", 200),
    ]
    assert made[2]["body"]["AccountId"] == made[0]["body"]["id"]
    assert made[0]["httpHeaders"]["Location"].endswith(made[0]["body"]["id"])
    parts[1]["body"]["LastName"] = None
    failed = await client.restful("POST", "composite", {"allOrNone": True, "compositeRequest": parts})
    codes = [part["body"][0]["errorCode"] for part in failed["compositeResponse"]]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert (await client(lambda sf: sf.query("SELECT COUNT() FROM Account WHERE Name = 'Z'")))["totalSize"] == 1


async def test_who_one_is(simulation: Simulation, client: Client) -> None:
    """The list of resources says where the identity of the caller is, and users can be read."""
    identity = (await client.restful("GET", ""))["identity"]
    assert identity.startswith(f"{simulation.world.urls['salesforce']}/id/00D")
    user = await client(lambda sf: sf.User.get(identity.rpartition("/")[2]))
    assert user["Username"] == "sync@acme.example"


async def test_sandbox(client: Client) -> None:
    """The client asks the Organization whether it is a sandbox."""
    assert await client(lambda sf: sf.is_sandbox()) is False


@pytest.mark.parametrize(
    ("use", "code"),
    [
        (lambda sf: sf.query("SELECT Nope FROM Lead"), "INVALID_FIELD"),
        (lambda sf: sf.query_more("01g000000000000AAA-2000"), "INVALID_QUERY_LOCATOR"),
        (lambda sf: sf.Lead.create({"LastName": "X"}), "REQUIRED_FIELD_MISSING"),
        (lambda sf: sf.Lead.create({**PERSON, "Nope__c": 1}), "INVALID_FIELD"),
        (lambda sf: sf.Lead.create({**PERSON, "NumberOfEmployees": "many"}), "JSON_PARSER_ERROR"),
        (lambda sf: sf.Lead.create({**PERSON, "FirstName": "x" * 41}), "STRING_TOO_LONG"),
        (lambda sf: sf.Lead.update("00Q000000000000XXX", PERSON), "MALFORMED_ID"),
        (lambda sf: sf.Contact.create({"LastName": "X", "AccountId": "here"}), "MALFORMED_ID"),
    ],
)
async def test_malformed(client: Client, use: Callable[[Any], Any], code: str) -> None:
    """What cannot be done as it is asked."""
    assert await client.refused(SalesforceMalformedRequest, use) == (400, code)


@pytest.mark.parametrize(
    "use",
    [
        lambda sf: sf.Nope__c.describe(),
        lambda sf: sf.Lead.get("00Q000000000000EAA"),
        lambda sf: sf.Lead.get("nonsense"),
        lambda sf: sf.Lead.get_by_custom_id("Legacy_Id__c", "nobody"),
        lambda sf: sf.Lead.upsert("Company/Acme", PERSON),
        lambda sf: sf.Lead.describe_layout("012000000000000AAA"),
        lambda sf: sf.toolingexecute("sobjects"),
        lambda sf: sf.apexecute("Nope"),
        lambda sf: sf.restful("nonsense"),
    ],
)
async def test_not_found(client: Client, use: Callable[[Any], Any]) -> None:
    """What is not there, and what is not covered."""
    assert await client.refused(SalesforceResourceNotFound, use) == (404, "NOT_FOUND")


async def test_expired_session(simulation: Simulation, client: Client) -> None:
    """A session that has ended."""
    simulation.world.advance(7201)
    refused = await client.refused(SalesforceExpiredSession, lambda sf: sf.query("SELECT Id FROM Lead"))
    assert refused == (401, "INVALID_SESSION_ID")


async def test_refused_request(simulation: Simulation, client: Client) -> None:
    """A limit that is reached, and an API that is off."""
    switches = simulation.world.switches["salesforce"]
    switches["api_limit_reached"] = True
    assert await client.refused(SalesforceRefusedRequest, lambda sf: sf.describe()) == (403, "REQUEST_LIMIT_EXCEEDED")
    switches["api_disabled"] = True
    assert await client.refused(SalesforceRefusedRequest, lambda sf: sf.describe()) == (403, "API_DISABLED_FOR_ORG")


async def test_more_than_one_record(simulation: Simulation, client: Client) -> None:
    """An external id that two records have: the client is told where they are."""
    twins = [changes.create_record(simulation.world, "Lead", {**PERSON, "Legacy_Id__c": "twin"}) for _ in range(2)]
    for use in (
        lambda sf: sf.Lead.get_by_custom_id("Legacy_Id__c", "twin"),
        lambda sf: sf.Lead.upsert("Legacy_Id__c/twin", PERSON),
    ):
        with pytest.raises(SalesforceMoreThanOneRecord) as caught:
            await client(use)
        assert content(caught) == [f"/services/data/v59.0/sobjects/Lead/{twin}" for twin in twins]


async def test_general_error(client: Client) -> None:
    """A method that an address does not take."""
    refused = await client.refused(SalesforceGeneralError, lambda sf: sf.restful("limits", method="DELETE"))
    assert refused == (405, "METHOD_NOT_ALLOWED")
