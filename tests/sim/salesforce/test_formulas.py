"""Formula fields: computed from a record and its parent, through every door, without a trace in the stamps."""

import pytest

from syncline_sim.salesforce import changes
from syncline_sim.salesforce.outbound import envelope, messages
from syncline_sim.salesforce.outbound.queue import Notification
from syncline_sim.world import World
from tests.sim.salesforce.conftest import Api

SELECT = "SELECT LastName FROM Contact "


@pytest.fixture
def account(world: World) -> str:
    """An account with two contacts; a third has none."""
    made = changes.create_record(world, "Account", {"Name": "Acme", "NumberOfEmployees": 40}, stamp=1_700_000_000)
    for last_name, points, account in (("Ada", 9000, made), ("Bell", 10, made), ("Curie", 9000, None)):
        values = {"LastName": last_name, "Loyalty_Points__c": points, "AccountId": account}
        changes.create_record(world, "Contact", values, stamp=1_700_000_000)
    return made


async def test_describe(api: Api) -> None:
    """A formula is calculated, says how, and is never written."""
    for kind, name in (("Contact", "Account_Standing__c"), ("Lead", "Customer_Name__c"), ("Lead", "Is_Enterprise__c")):
        fields = {field["name"]: field for field in (await api.get(f"/sobjects/{kind}/describe"))["fields"]}
        found = fields[name]
        assert found["calculated"]
        assert found["calculatedFormula"]
        assert (found["createable"], found["updateable"]) == (False, False)
        assert found["filterable"]
        assert found["sortable"]
        assert found["groupable"] == (found["type"] == "boolean")
    made = {"LastName": "Ada", "Account_Standing__c": "mine"}
    assert await api.refusal("POST", "/sobjects/Contact", json=made) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


async def test_parent_changes(world: World, api: Api, account: str) -> None:
    """The formula follows its parent, and the record's own stamps stand still."""
    soql = "SELECT FIELDS(ALL) FROM Contact ORDER BY LastName LIMIT 9"
    before = (await api.query(soql))["records"]
    assert [(r["Account_Standing__c"], r["Account_Size__c"]) for r in before] == [
        ("Friend of Acme", 40),
        ("Known at Acme", 40),
        (None, None),
    ]
    changes.change_record(world, "Account", account, {"Name": "Globex", "NumberOfEmployees": 50})
    after = (await api.query(soql))["records"]
    assert [(r["Account_Standing__c"], r["Account_Size__c"]) for r in after] == [
        ("Friend of Globex", 50),
        ("Known at Globex", 50),
        (None, None),
    ]
    for stamp in ("SystemModstamp", "LastModifiedDate"):
        assert [r[stamp] for r in after] == [r[stamp] for r in before]


@pytest.mark.parametrize(
    ("clause", "names"),
    [
        ("WHERE Account_Standing__c = 'friend of acme'", ["Ada"]),
        ("WHERE Account_Standing__c LIKE '%ACME' ORDER BY Account_Standing__c DESC", ["Bell", "Ada"]),
        ("WHERE Account_Standing__c IN ('KNOWN at Acme', null) ORDER BY LastName", ["Bell", "Curie"]),
        ("WHERE Account_Size__c > 39 AND Account_Standing__c > 'g'", ["Bell"]),
        ("ORDER BY Account_Standing__c NULLS LAST, LastName", ["Ada", "Bell", "Curie"]),
    ],
)
@pytest.mark.usefixtures("account")
async def test_soql(api: Api, clause: str, names: list[str]) -> None:
    """SOQL filters and sorts by a formula without minding case."""
    found = (await api.query(SELECT + clause))["records"]
    assert [record["LastName"] for record in found] == names


async def test_formula_of_a_parent(world: World, api: Api, account: str) -> None:
    """A formula is read through a relationship too; a parent that is not there has none."""
    boss = changes.read_records(world, "Contact", limit=1)[0]["Id"]
    changes.create_record(world, "Contact", {"LastName": "Dee", "ReportsToId": boss, "AccountId": account})
    found = await api.query("SELECT LastName, ReportsTo.Account_Standing__c FROM Contact ORDER BY LastName DESC")
    parents = [record["ReportsTo"] for record in found["records"]]
    assert parents[0]["Account_Standing__c"] == "Friend of Acme"
    assert parents[1:] == [None] * 3
    soql = "SELECT MAX(Account_Size__c) size FROM Contact"
    assert (await api.query(soql))["records"][0]["size"] == 40
    grouped = {"q": "SELECT COUNT(Id) FROM Contact GROUP BY Account_Standing__c"}
    assert await api.refusal("GET", "/query", params=grouped) == (400, "INVALID_FIELD")
    absent = await api.query("SELECT Id FROM Contact WHERE ReportsTo.Account_Standing__c = null")
    assert absent["totalSize"] == 3


async def test_other_doors(world: World, api: Api, account: str) -> None:
    """One record, a composite call and an outbound message tell the same."""
    first = changes.read_records(world, "Contact", limit=1)[0]
    record = f"/sobjects/Contact/{first['Id']}"
    assert first["Account_Standing__c"] == "Friend of Acme"
    assert (await api.get(record, params={"fields": "Account_Standing__c"}))["Account_Standing__c"] == "Friend of Acme"
    batch = {"batchRequests": [{"method": "GET", "url": f"v67.0{record}"}]}
    answered = await (await api.send("POST", "/composite/batch", json=batch)).json()
    assert answered["results"][0]["result"]["Account_Size__c"] == 40
    name = ["Account_Standing__c"]
    message = messages.define(world, object="Contact", endpoint="http://listener.example", fields=name)
    sent = envelope.write(world, message, [Notification(1, first["Id"], 0, 0)], "")
    assert b"<sf:Account_Standing__c>Friend of Acme</sf:Account_Standing__c>" in sent
