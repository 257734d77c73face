"""simple-salesforce, unmodified, searches the simulated Salesforce over real sockets."""

from collections.abc import Iterator

import pytest
import requests
from simple_salesforce.exceptions import SalesforceMalformedRequest
from simple_salesforce.format import format_external_id

from syncline_sim.app import Simulation
from syncline_sim.salesforce import changes
from tests.sim.clients.test_simple_salesforce import Client, PlainHttp


@pytest.fixture
def client(simulation: Simulation) -> Iterator[Client]:
    """The client, with a session id of the sync user."""
    changes.create_record(simulation.world, "Lead", {"LastName": "Waldo", "Company": "Globex"})
    with requests.Session() as session:
        session.mount("https://", PlainHttp())
        yield Client(simulation, session)


async def test_search(client: Client) -> None:
    """What is found comes as a list of records, quick searches are quoted by the client, and none is an empty list."""
    found = await client(lambda sf: sf.search("FIND {Waldo} RETURNING Lead(Id, Company)"))
    assert [record["Company"] for record in found["searchRecords"]] == ["Globex"]
    quick = await client(lambda sf: sf.quick_search("Waldo"))
    assert [record["attributes"]["type"] for record in quick["searchRecords"]] == ["Lead"]
    assert (await client(lambda sf: sf.quick_search("nobody"))) == {"searchRecords": []}


async def test_no_braces(client: Client) -> None:
    """A term without braces is refused in the vendor's words."""
    with pytest.raises(SalesforceMalformedRequest, match="must be enclosed in braces"):
        await client(lambda sf: sf.search("FIND Waldo"))


async def test_escaped_external_id(client: Client) -> None:
    """What the client escapes in an address comes out as it was."""
    value = "R/&?ü"
    path = format_external_id("Legacy_Id__c", value)
    assert await client(lambda sf: sf.Account.upsert(path, {"Name": "Slash"})) == 201
    found = await client(lambda sf: sf.Account.get_by_custom_id("Legacy_Id__c", value))
    assert found["Legacy_Id__c"] == value
