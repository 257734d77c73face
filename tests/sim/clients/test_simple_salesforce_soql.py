"""simple-salesforce, unmodified, asks the simulated Salesforce in SOQL over real sockets."""

from collections.abc import Iterator
from operator import methodcaller
from typing import Any

import pytest
import requests
from simple_salesforce.exceptions import SalesforceMalformedRequest
from simple_salesforce.format import format_soql

from syncline_sim.app import Simulation
from syncline_sim.salesforce import changes, seeding
from tests.sim.clients.test_simple_salesforce import SMALL_PAGES, Client, PlainHttp, content


@pytest.fixture
def client(simulation: Simulation) -> Iterator[Client]:
    """The client, with a session id of the sync user, in a world with some more people."""
    seeding.seed(simulation.world, 0, 450)
    with requests.Session() as session:
        session.mount("https://", PlainHttp())
        yield Client(simulation, session)


async def asked(client: Client, soql: str) -> dict[str, Any]:
    """Answer what the client makes of the first page."""
    found: dict[str, Any] = await client(lambda sf: sf.query(soql))
    return found


async def test_parents_and_children(simulation: Simulation, client: Client) -> None:
    """Records come within records, and the client reads every page of them."""
    soql = "SELECT Id, Account.Name, Account.Owner.Username, Owner.Name FROM Contact ORDER BY Id"
    found = await client(lambda sf: list(sf.query_all_iter(soql, headers=SMALL_PAGES)))
    world = simulation.world
    accounts = {record["Id"]: record for record in changes.read_records(world, "Account", limit=1000)}
    contacts = changes.read_records(world, "Contact", limit=1000)
    names = [record["AccountId"] and accounts[record["AccountId"]]["Name"] for record in contacts]
    assert [record["Account"] and record["Account"]["Name"] for record in found] == names
    assert None in names
    assert {record["Owner"]["Name"] for record in found} == {"Sam Sync", "Dana Doe"}
    soql = "SELECT Name, (SELECT Id FROM Contacts ORDER BY Id DESC) FROM Account ORDER BY Id"
    found = (await client(lambda sf: sf.query_all(soql, headers=SMALL_PAGES)))["records"]
    children = [
        [child["Id"] for child in record["Contacts"]["records"]] if record["Contacts"] else [] for record in found
    ]
    assert children == [
        [record["Id"] for record in reversed(contacts) if record["AccountId"] == account] for account in accounts
    ]


async def test_children_page_by_page(simulation: Simulation, client: Client) -> None:
    """The client reads on where a list of children ends early."""
    world = simulation.world
    account = changes.create_record(world, "Account", {"Name": "Crowd"})
    for number in range(250):
        changes.create_record(world, "Contact", {"LastName": f"N{number:03d}", "AccountId": account})
    soql = format_soql("SELECT (SELECT Name FROM Contacts ORDER BY Name) FROM Account WHERE Id = {}", account)
    found = await client(lambda sf: sf.query(soql, headers=SMALL_PAGES))
    first = found["records"][0]["Contacts"]
    assert (first["totalSize"], first["done"], len(first["records"])) == (250, False, 200)
    rest = await client(lambda sf: sf.query_more(first["nextRecordsUrl"], identifier_is_url=True))
    assert (rest["done"], [record["Name"] for record in rest["records"]]) == (
        True,
        [f"N{n:03d}" for n in range(200, 250)],
    )


async def test_groups_and_counts(simulation: Simulation, client: Client) -> None:
    """The client reads groups, and counts without records."""
    contacts = changes.read_records(simulation.world, "Contact", limit=1000)
    with_region = [record for record in contacts if record["Region__c"]]
    counted = await asked(client, "SELECT COUNT() FROM Contact WHERE Region__c != null")
    assert (counted["totalSize"], counted["records"]) == (len(with_region), [])
    soql = "SELECT Region__c r, COUNT(Id), MAX(Score__c) FROM Contact WHERE Region__c != null GROUP BY Region__c"
    for group in (await asked(client, soql))["records"]:
        scores = [record["Score__c"] for record in with_region if record["Region__c"] == group["r"]]
        assert (group["expr0"], group["expr1"]) == (len(scores), max(score for score in scores if score is not None))


async def test_values_in_conditions(simulation: Simulation, client: Client) -> None:
    """What the client's own quoting writes is read as it was meant."""
    name = 'O\'Neill \\ "100%_" \n Ünal 😀'
    values = {"LastName": name, "Company": "Y", "Product_Interest__c": "Robotics;Sensors"}
    made = changes.create_record(simulation.world, "Lead", values, "2026-02-03T04:05:06Z")
    conditions = (
        format_soql("LastName = {}", name),
        format_soql("LastName LIKE '{:like}%'", name[:18]),
        format_soql("LastName IN {}", ["x", name]),
        "Product_Interest__c INCLUDES ('Robotics;sensors', 'Automation') AND Company = 'y'",
        "CreatedDate = 2026-02-03T06:05:06+02:00",
    )
    for condition in conditions:
        found = await asked(client, f"SELECT Id FROM Lead WHERE {condition}")  # noqa: S608 - SOQL
        assert [record["Id"] for record in found["records"]] == [made], condition
    joined = "SELECT COUNT() FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE Email != null)"
    accounts = {
        record["AccountId"]
        for record in changes.read_records(simulation.world, "Contact", limit=1000)
        if record["Email"]
    }
    assert (await asked(client, joined))["totalSize"] == len(accounts - {None})


async def test_refusals(client: Client) -> None:
    """A wrong query is the client's own exception, with the vendor's code and the place of the mistake."""
    refused = {
        "SELECT Id FROM Contact WHERE": "MALFORMED_QUERY",
        "SELECT FIELDS(ALL) FROM Contact": "MALFORMED_QUERY",
        "SELECT Account.Nope FROM Contact": "INVALID_FIELD",
        "SELECT Id, (SELECT Id FROM Kontakte) FROM Account": "INVALID_TYPE",
        "SELECT Id FROM Contact WHERE AccountId LIKE '001%'": "INVALID_QUERY_FILTER_OPERATOR",
        "SELECT Id FROM Contact OFFSET 2001": "NUMBER_OUTSIDE_VALID_RANGE",
    }
    for soql, code in refused.items():
        assert await client.refused(SalesforceMalformedRequest, methodcaller("query", soql)) == (400, code)
    with pytest.raises(SalesforceMalformedRequest) as caught:
        await client(lambda sf: sf.query("SELECT Account.Nope FROM Contact"))
    message = content(caught)[0]["message"]
    assert message.startswith(
        "\nSELECT Account.Nope FROM Contact\n       ^\nERROR at Row:1:Column:8\nNo such column 'Nope'"
    )


async def test_doubled_slashes(simulation: Simulation, client: Client) -> None:
    """A client that leaves a slash too many reads pages all the same."""
    origin = simulation.world.urls["salesforce"]
    blocking = client.blocking
    headers = {**blocking.headers, **SMALL_PAGES}
    first = await client(
        lambda sf: sf.session.get(f"{origin}//services//data/v59.0/query/?q=SELECT+Id+FROM+Contact", headers=headers)
    )
    page = first.json()
    assert (page["totalSize"], len(page["records"])) == (455, 200)
    following = await client(lambda sf: sf.session.get(f"{origin}/{page['nextRecordsUrl']}", headers=headers))
    assert len(following.json()["records"]) == 200
