"""Queries by SOAP: the same records as by REST, in XML."""

import pytest

from syncline_sim.salesforce import changes, seeding
from syncline_sim.world import World
from tests.sim.salesforce.soap.conftest import Soap, many


def query(soql: str, name: str = "query") -> str:
    """Answer a call."""
    escaped = soql.replace("<", "&lt;")
    return f"<{name}><queryString>{escaped}</queryString></{name}>"


@pytest.fixture
def account(world: World) -> str:
    """An account with a contact."""
    made = changes.create_record(world, "Account", {"Name": "A < B & Co", "BillingCity": "Łódź"})
    changes.create_record(world, "Contact", {"LastName": "Ada", "AccountId": made, "DoNotCall": True, "Score__c": 2.5})
    return made


async def test_record(call: Soap, account: str) -> None:
    """The partner service says type and id first; values are texts, moments end in Z, nothing is nil."""
    soql = "SELECT Id, LastName, Email, DoNotCall, Score__c, CreatedDate, Account.Name FROM Contact"
    (found,) = await call(query(soql))
    record = found["records"]
    assert (found["done"], found["queryLocator"], found["size"]) == ("true", None, "1")
    assert record["type"] == "Contact"
    assert record["Id"][0] == record["Id"][1]
    expected = {"LastName": "Ada", "Email": None, "DoNotCall": "true", "Score__c": "2.5"}
    assert {name: record[name] for name in expected} == expected
    assert record["CreatedDate"].endswith(".000Z")
    assert record["Account"] == {"type": "Account", "Id": None, "Name": "A < B & Co"}


async def test_enterprise_record(call: Soap, account: str) -> None:
    """The enterprise service says the type in an attribute only."""
    _, envelope = await call.send(query("SELECT Id, BillingAddress FROM Account"), kind="c")
    record = envelope.find(".//{urn:enterprise.soap.sforce.com}records")
    assert record is not None
    assert record.get("{http://www.w3.org/2001/XMLSchema-instance}type") == "sf:Account"
    assert record[0].tag == "{urn:sobject.enterprise.soap.sforce.com}Id"
    assert record[0].text == account
    assert record[1].findtext(".//{urn:enterprise.soap.sforce.com}city") == "Łódź"


async def test_children_and_groups(call: Soap, account: str) -> None:
    """Lists of children are results of their own, groups have types in their values."""
    (found,) = await call(query("SELECT Name, (SELECT LastName FROM Contacts) FROM Account"))
    inner = found["records"]["Contacts"]
    assert (inner["done"], inner["size"], inner["records"]["LastName"]) == ("true", "1", "Ada")
    (found,) = await call(query("SELECT COUNT(Id), MAX(CreatedDate) newest FROM Contact"))
    group = found["records"]
    assert (group["type"], group["expr0"]) == ("AggregateResult", "1")
    assert group["newest"].endswith("Z")
    (found,) = await call(query("SELECT COUNT() FROM Contact"))
    assert (found["size"], many(found, "records")) == ("1", [])


async def test_pages(world: World, call: Soap) -> None:
    """A locator leads to the next page; at the end there is none."""
    seeding.seed(world, 450, 0)
    options = "<QueryOptions><batchSize>200</batchSize></QueryOptions>"
    (page,) = await call(query("SELECT Id FROM Lead"), header=options)
    sizes, seen = [], set()
    while True:
        sizes.append(len(page["records"]))
        seen |= {record["Id"][0] for record in page["records"]}
        if page["done"] == "true":
            break
        locator = f"<queryMore><queryLocator>{page['queryLocator']}</queryLocator></queryMore>"
        (page,) = await call(locator, header=options)
    assert (sizes, len(seen), page["queryLocator"]) == ([200, 200, 50], 450, None)


async def test_deleted_too(world: World, call: Soap, account: str) -> None:
    """Only queryAll sees what lies in the recycle bin."""
    changes.delete_record(world, "Account", account)
    assert (await call(query("SELECT Id FROM Account")))[0]["size"] == "0"
    assert (await call(query("SELECT Id FROM Account", "queryAll")))[0]["size"] == "1"


@pytest.mark.parametrize(
    ("soql", "code", "of"),
    [
        ("SELECT", "MALFORMED_QUERY", "MalformedQueryFault"),
        ("SELECT Nope FROM Lead", "INVALID_FIELD", "InvalidFieldFault"),
        ("SELECT Id FROM Nope", "INVALID_TYPE", "InvalidSObjectFault"),
    ],
)
async def test_bad_queries(call: Soap, soql: str, code: str, of: str) -> None:
    """A query that makes no sense is a fault of its kind, which says where."""
    found = await call.fault(query(soql))
    assert (found["faultcode"], found["of"], found["exceptionCode"]) == (f"sf:{code}", of, code)
    assert int(found["row"]) in (1, -1)
    assert "column" in found


async def test_bad_locator(call: Soap) -> None:
    """A locator of nobody's is refused."""
    found = await call.fault("<queryMore><queryLocator>01g000000000000AAA-200</queryLocator></queryMore>")
    assert (found["of"], found["exceptionCode"]) == ("InvalidQueryLocatorFault", "INVALID_QUERY_LOCATOR")
