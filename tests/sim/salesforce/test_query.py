"""Queries over HTTP: pages, their order, cursors that hold still, and what is said to a wrong one."""

from collections.abc import Callable
from typing import Any

import pytest

from syncline_sim.salesforce import changes, orgs, query, seeding
from syncline_sim.world import World
from tests.sim.salesforce.conftest import Api, ask

SMALL = {"Sforce-Query-Options": "batchSize=200"}
ORDERED = "SELECT Id, SystemModstamp FROM Lead ORDER BY SystemModstamp, Id"


async def rest(api: Api, page: dict[str, Any]) -> list[dict[str, Any]]:
    """Answer the records of this page and of all that follow it."""
    records = list(page["records"])
    while not page["done"]:
        page = await api.get(page["nextRecordsUrl"], headers=SMALL)
        records += page["records"]
    return records


async def test_pages(world: World, api: Api) -> None:
    """Pages have every record once in order."""
    seeding.seed(world, 450, 0)
    first = await api.query(ORDERED, headers=SMALL)
    assert (first["totalSize"], first["done"], len(first["records"])) == (450, False, 200)
    assert first["nextRecordsUrl"].endswith("-200")
    records = await rest(api, first)
    keys = [(record["SystemModstamp"], record["Id"]) for record in records]
    assert keys == sorted(keys)
    assert len(set(keys)) == 450
    assert len({stamp for stamp, _ in keys}) < 400  # Many share one.
    assert all(stamp.endswith(".000+0000") for stamp, _ in keys)


async def test_default_page(world: World, api: Api) -> None:
    """A page has two thousand unless asked."""
    seeding.seed(world, 2001, 0)
    page = await api.query("SELECT Id FROM Lead")
    assert len(page["records"]) == 2000
    assert len((await api.get(page["nextRecordsUrl"]))["records"]) == 1


async def test_cursor(world: World, api: Api) -> None:
    """A cursor holds still while records change."""
    seeding.seed(world, 410, 0)
    first = await api.query(ORDERED, headers=SMALL)
    expected = {record["Id"] for record in changes.read_records(world, "Lead", limit=1000)}
    for record in first["records"][:50]:
        changes.touch_record(world, "Lead", record["Id"])
    changes.create_record(world, "Lead", {"LastName": "New", "Company": "New"}, "2020-06-01T00:00:00Z")
    records = await rest(api, first)
    assert [record["Id"] for record in records[:200]] == [record["Id"] for record in first["records"]]
    assert {record["Id"] for record in records} == expected


async def test_late_commit(world: World, api: Api) -> None:
    """A late commit lies behind the cursor."""
    early = changes.create_record(world, "Lead", {"LastName": "A", "Company": "A"}, "2026-01-01T10:00:00Z")
    late = changes.create_record(world, "Lead", {"LastName": "B", "Company": "B"}, "2026-01-01T09:59:58.900+0000")
    found = await api.query(ORDERED)
    assert [record["Id"] for record in found["records"]] == [late, early]
    assert found["records"][0]["SystemModstamp"] == "2026-01-01T09:59:58.000+0000"


async def test_locator(world: World, door: Callable[..., Api]) -> None:
    """A locator is its user's own and does not live for ever."""
    seeding.seed(world, 201, 0)
    api, colleague = door(), door("dana@acme.example")
    path = (await api.query("SELECT Id FROM Lead", headers=SMALL))["nextRecordsUrl"]
    refused = (400, "INVALID_QUERY_LOCATOR")
    assert await colleague.refusal("GET", path) == refused
    assert await api.refusal("GET", "/query/nonsense") == refused
    assert await api.refusal("GET", path.replace("-200", "-201")) == refused
    assert (await api.get(path))["done"]
    world.advance(2 * 24 * 3600 + 1)
    assert await door().refusal("GET", path) == refused


async def test_values(world: World, api: Api) -> None:
    """Values come as JSON has them."""
    values = {
        "FirstName": 'Zoë "Z"\n\\',
        "LastName": "Ø",
        "Company": "Acme",
        "AnnualRevenue": 1500000,
        "NumberOfEmployees": 1000,
        "Contract_End__c": "2026-02-03",
        "Last_Demo__c": "2026-02-03T04:05:06+02:00",
        "City": "Köln",
    }
    changes.create_record(world, "Lead", values)
    fields = [*values, "Name", "DoNotCall", "Is_Enterprise__c", "Phone", "Address"]
    found = (await api.query(" ".join(["SELECT", ", ".join(fields), "FROM Lead"])))["records"][0]
    del found["attributes"]
    assert list(found) == fields
    assert found == {
        **values,
        "AnnualRevenue": 1500000.0,
        "Last_Demo__c": "2026-02-03T02:05:06.000+0000",
        "Name": f"{values['FirstName']} Ø",
        "DoNotCall": False,
        "Is_Enterprise__c": True,
        "Phone": None,
        "Address": {"street": None, "city": "Köln", "state": None, "postalCode": None, "country": None},
    }


@pytest.mark.parametrize(
    ("soql", "code", "words"),
    [
        ("", "MALFORMED_QUERY", "empty"),
        ("SELECT", "MALFORMED_QUERY", "unexpected end"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY", "Column:26"),
        ("SELECT Id FROM Lead WHERE Name = 'x' AND Title = 'y' OR Email = 'z'", "MALFORMED_QUERY", "'OR'"),
        ("SELECT Id FROM Lead WHERE Name = 'x' AND NOT Title = 'y'", "MALFORMED_QUERY", "unexpected token: 'NOT'"),
        ("SELECT Id FROM Lead WHERE NOT Name = 'x' AND Title = 'y'", "MALFORMED_QUERY", "unexpected token: 'AND'"),
        ("SELECT Id FROM Lead WHERE NOT NOT Name = 'x'", "MALFORMED_QUERY", "unexpected token: 'NOT'"),
        ("SELECT Id FROM Lead USING SCOPE mine", "MALFORMED_QUERY", "'mine'"),
        ("SELECT Id FROM Lead WHERE Name = 'x", "MALFORMED_QUERY", "unexpected token: '''"),
        ("SELECT Id; FROM Lead", "MALFORMED_QUERY", "';'"),
        ("SELECT Id FROM Leed", "INVALID_TYPE", "Leed"),
        ("SELECT Nope FROM Lead", "INVALID_FIELD", "No such column 'Nope' on entity 'Lead'"),
        ("SELECT Boss.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Boss' in field path"),
        ("SELECT Id, Id FROM Lead", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Id FROM Lead WHERE Email = 5", "INVALID_FIELD", "should be enclosed in quotes"),
        ("SELECT Id FROM Lead WHERE SystemModstamp > '2026-01-01T00:00:00Z'", "INVALID_FIELD", "not be enclosed"),
        ("SELECT Id FROM Lead WHERE SystemModstamp > 2026-13-01T00:00:00Z", "INVALID_FIELD", "dateTime"),
        ("SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Lead WHERE OwnerId LIKE '005%'", "INVALID_QUERY_FILTER_OPERATOR", "OwnerId"),
        ("SELECT Id FROM Lead WHERE DoNotCall > true", "INVALID_QUERY_FILTER_OPERATOR", "DoNotCall"),
        ("SELECT Id FROM Lead LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
        ("SELECT Id FROM Lead LIMIT -1", "MALFORMED_QUERY", "unexpected token: '-1'"),
        ("SELECT Id FROM Lead ALL ROWS", "MALFORMED_QUERY", "ALL ROWS not allowed in this context"),
        ("SELECT Id FROM Lead WHERE Name = :name", "MALFORMED_QUERY", "Bind variables only allowed in Apex code"),
        ("SELECT Id FROM Lead WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: abc"),
        ("SELECT Id FROM Lead WHERE Name INCLUDES ('x')", "INVALID_QUERY_FILTER_OPERATOR", "string field 'Name'"),
        ("SELECT Id FROM Lead WHERE Name < null", "INVALID_QUERY_FILTER_OPERATOR", "string field 'Name'"),
        ("SELECT Id FROM Lead WHERE Product_Interest__c LIKE 'x'", "INVALID_QUERY_FILTER_OPERATOR", "multipicklist"),
        ("SELECT Id FROM Lead ORDER BY Product_Interest__c", "INVALID_FIELD", "can not be sorted"),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "of type dateTime"),
        ("SELECT Id FROM Lead WHERE Contract_End__c > 2026-02-30", "INVALID_FIELD", "of type date"),
        ("SELECT Id FROM Lead WHERE Contract_End__c IN (TODAY)", "INVALID_FIELD", "of type date"),
        ("SELECT Id FROM Lead WHERE Score__c > 1e999", "INVALID_FIELD", "of type double"),
        ("SELECT Id FROM Lead WHERE CreatedDate = LAST_N_YEARS:99999", "INVALID_FIELD", "of type dateTime"),
        ("SELECT Id FROM Lead WHERE CreatedDate = LAST_N_EONS:1", "MALFORMED_QUERY", "'LAST_N_EONS:1'"),
        ("SELECT Id FROM Lead WHERE Name = TODAY", "INVALID_FIELD", "should be enclosed in quotes"),
        ("SELECT FIELDS(ALL), Id FROM Lead LIMIT 1", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Name n FROM Lead", "MALFORMED_QUERY", "only aggregate expressions use field aliasing"),
        ("SELECT CALENDAR_YEAR(CreatedDate) FROM Lead ORDER BY Id", "MALFORMED_QUERY", "grouped or aggregated"),
        ("SELECT Owner.Boss.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Boss'"),
        ("SELECT " + "Parent." * 6 + "Id FROM Account", "INVALID_QUERY", "5 levels"),
        ("SELECT Id, (SELECT Id FROM Contact) FROM Account", "INVALID_TYPE", "relationship 'Contact' in FROM part"),
    ],
)
async def test_query_errors(api: Api, soql: str, code: str, words: str) -> None:
    """A wrong query is refused in the vendor's words."""
    response = await api.send("GET", "/query", params={"q": soql})
    document = await response.json()
    assert (response.status, document[0]["errorCode"]) == (400, code)
    assert words in document[0]["message"]


@pytest.mark.parametrize(
    ("soql", "shown"),
    [
        (
            "SELECT Id FROM Lead WHERE",
            "SELECT Id FROM Lead WHERE\n                         ^\nERROR at Row:1:Column:26",
        ),
        ("SELECT Id\nFROM Leed\nLIMIT 1", "FROM Leed\n     ^\nERROR at Row:2:Column:6"),
        (
            "SELECT Id, FirstName, LastName, Email, Phone, Fax, Nope, City, State, Country, Rating FROM Lead",
            f"FirstName, LastName, Email, Phone, Fax, Nope, City, State, Country, Rating FROM\n{' ' * 40}^\nERROR at",
        ),
    ],
)
async def test_pointer(api: Api, soql: str, shown: str) -> None:
    """An error shows the words around the place where it lies."""
    response = await api.send("GET", "/query", params={"q": soql})
    message = (await response.json())[0]["message"]
    assert message.startswith(f"\n{shown}")


@pytest.mark.parametrize(
    ("which", "names"), [("ALL", {"Id", "Region__c"}), ("STANDARD", {"Id"}), ("CUSTOM", {"Region__c"})]
)
async def test_fields(world: World, api: Api, which: str, names: set[str]) -> None:
    """FIELDS stands for many, of at most 200 records unless they are only the standard ones."""
    changes.create_record(world, "Lead", {"LastName": "X", "Company": "Y"})
    found = (await api.query(f"SELECT FIELDS({which}) FROM Lead LIMIT 200"))["records"][0]  # noqa: S608 - SOQL
    fields = [field["name"] for field in (await api.get("/sobjects/Lead/describe"))["fields"]]
    expected = [name for name in fields if which == "ALL" or name.endswith("__c") == (which == "CUSTOM")]
    assert list(found) == ["attributes", *expected]
    assert names == {"Id", "Region__c"} & set(found)
    for bound in ("", "LIMIT 201", "WHERE Title = 'x'"):
        response = await api.send("GET", "/query", params={"q": f"SELECT FIELDS({which}) FROM Lead {bound}"})  # noqa: S608 - SOQL
        assert response.status == (200 if which == "STANDARD" else 400), bound
    for bound in (f"WHERE Id = '{changes.create_record(world, 'Lead', {'LastName': 'X', 'Company': 'Y'})}'", "LIMIT 0"):
        assert (await api.query(f"SELECT FIELDS({which}) FROM Lead {bound}"))["done"]  # noqa: S608 - SOQL


async def test_described_relations(world: World, api: Api) -> None:
    """Every relation that describe names can be asked for, and none is named that leads to what is hidden."""
    described = await api.get("/sobjects/Account/describe")
    parents = [field["relationshipName"] for field in described["fields"] if field["relationshipName"]]
    children = {each["relationshipName"]: each["field"] for each in described["childRelationships"]}
    assert set(parents) == {"MasterRecord", "Parent", "Owner", "CreatedBy", "LastModifiedBy"}
    assert children == {"ChildAccounts": "ParentId", "Contacts": "AccountId"}
    related = [f"{name}.Id" for name in parents] + [f"(SELECT Id FROM {name})" for name in children]  # noqa: S608 - SOQL
    await api.query(" ".join(["SELECT", ", ".join(related), "FROM Account"]))
    orgs.change_user(world, "sync@acme.example", hidden={"Contact": ["AccountId"]})
    described = await api.get("/sobjects/Account/describe")
    assert [each["relationshipName"] for each in described["childRelationships"]] == ["ChildAccounts"]


async def test_posted(world: World, api: Api) -> None:
    """A query that is too long for an address comes in a form, from who says that it is meant as GET."""
    wanted = changes.create_record(world, "Lead", {"LastName": "X", "Company": "Y"})
    ids = ["00Q000000000000"] * 5000 + [wanted]
    form = {"q": " ".join(["SELECT Id FROM Lead WHERE Id IN (", ", ".join(map(repr, ids)), ")"])}
    for path in ("/query", "/queryAll"):
        response = await api.send("POST", f"{path}?_HttpMethod=GET", data=form)
        assert [record["Id"] for record in (await response.json())["records"]] == [wanted]
        assert await api.refusal("POST", path, data=form) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    "condition",
    [
        "SystemModstamp >= 2026-01-01T00:00:00Z",
        "SystemModstamp = 2026-01-01T00:00:00Z AND Id > '00Q000000000000'",
        "SystemModstamp > 2026-01-01T00:00:00Z AND SystemModstamp < 2026-02-01T00:00:00Z",
    ],
)
def test_plan(world: World, condition: str) -> None:
    """What connectors page by is found by its index, and comes sorted from there."""
    statements: list[str] = []
    world.db.set_trace_callback(statements.append)
    ask(
        world,
        "SELECT Id, SystemModstamp, Owner.Name FROM Lead WHERE",
        condition,
        "ORDER BY SystemModstamp, Id LIMIT 200",
    )
    world.db.set_trace_callback(None)
    (finding,) = (statement for statement in statements if "SELECT t.number" in statement)
    steps = [row["detail"] for row in world.db.execute(f"EXPLAIN QUERY PLAN {finding}")]
    assert len(steps) == 1
    assert "INDEX salesforce_record_lead_stamp (org=? AND SystemModstamp" in steps[0]


@pytest.mark.parametrize(
    ("header", "size"),
    [("", 2000), ("batchSize=1", 200), ("batchSize = 500", 500), ("batchSize=9999", 2000), ("x", 2000)],
)
def test_batch_size(header: str, size: int) -> None:
    """A batch has two hundred to two thousand."""
    assert query.batch_size(header) == size
