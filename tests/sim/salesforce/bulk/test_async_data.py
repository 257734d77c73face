"""Bulk API 1.0: what batches hold and what comes of them, as CSV, XML and JSON."""

import json
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from syncline_sim.salesforce import changes, transactions, writes
from syncline_sim.world import World
from tests.sim.salesforce.bulk.async_door import CSV, JSON, NAMESPACE, XML, AsyncDoor
from tests.sim.salesforce.bulk.conftest import Jobs

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


@pytest.fixture
def contact(world: World) -> str:
    """A contact of an account."""
    account = changes.create_record(world, "Account", {"Name": "Acme & Co", "Legacy_Id__c": "A-1"})
    values = {"LastName": "Ölçer", "AccountId": account, "HasOptedOutOfEmail": True}
    return changes.create_record(world, "Contact", values, "2026-03-01T10:00:00Z")


def sent(*records: str) -> str:
    """Write a batch in XML."""
    inner = "".join(f"<sObject>{record}</sObject>" for record in records)
    return f'<sObjects xmlns="{NAMESPACE}" xmlns:xsi="{NIL[1:].partition("}")[0]}">{inner}</sObjects>'


def newest(world: World, name: str = "Contact") -> dict[str, Any]:
    """Answer the record that was created last."""
    return changes.read_records(world, name)[-1]


@pytest.mark.usefixtures("contact")
async def test_query_in_csv(async_door: AsyncDoor) -> None:
    """Each value is in quotes, moments end as in Bulk API 2.0, and fields of parents carry the way to them."""
    job = await async_door.job(subject="Contact")
    found = await async_door.run(
        job, "SELECT LastName, Email, CreatedDate, HasOptedOutOfEmail, Account.Name FROM Contact"
    )
    assert found == (
        '"LastName","Email","CreatedDate","HasOptedOutOfEmail","Account.Name"\n'
        '"Ölçer","","2026-03-01T10:00:00.000Z","true","Acme & Co"\n'
    )


async def test_query_in_xml(world: World, contact: str, async_door: AsyncDoor) -> None:
    """A record has its type, its id, then what was asked for; what is empty is nil."""
    orphan = changes.create_record(world, "Contact", {"LastName": "Bell\a"})
    job = await async_door.job(subject="Contact", contentType="XML")
    soql = "SELECT Id, LastName, Email, Account.Name FROM Contact ORDER BY AccountId NULLS LAST"
    root = fromstring(await async_door.run(job, soql, XML))
    assert root.tag == f"{{{NAMESPACE}}}queryResult"
    found = [[(part.tag.split("}")[1], part.text, part.get(NIL)) for part in record] for record in root]
    assert found == [
        [("type", "Contact", None), ("Id", contact, None), ("Id", contact, None), ("LastName", "Ölçer", None),
         ("Email", None, "true"), ("Account", None, None)],
        [("type", "Contact", None), ("Id", orphan, None), ("Id", orphan, None), ("LastName", "Bell", None),
         ("Email", None, "true"), ("Account", None, "true")],
    ]  # fmt: skip
    parent = [(part.tag.split("}")[1], part.text) for part in root[0][5]]
    assert parent == [("type", "Account"), ("Id", None), ("Name", "Acme & Co")]


@pytest.mark.parametrize(
    ("kind", "content_type", "empty"),
    [
        ("CSV", CSV, "Records not found for this query"),
        ("XML", XML, "</queryResult>"),
        ("JSON", JSON, "[]"),
    ],
)
async def test_nothing_found(async_door: AsyncDoor, kind: str, content_type: str, empty: str) -> None:
    """In CSV the vendor says so in words."""
    job = await async_door.job(contentType=kind)
    if kind != "JSON":
        assert (await async_door.run(job, "SELECT Id FROM Lead", content_type)).endswith(empty)
        return
    batch = (await (await async_door.send("POST", f"/{job}/batch", "SELECT Id FROM Lead", JSON)).json())["id"]
    (result,) = await (await async_door.send("GET", f"/{job}/batch/{batch}/result")).json()
    assert await (await async_door.send("GET", f"/{job}/batch/{batch}/result/{result}")).text() == empty


@pytest.mark.parametrize(
    ("soql", "reason"),
    [
        ("SELECT Address FROM Lead", "FUNCTIONALITY_NOT_ENABLED: Selecting compound data not supported in Bulk Query"),
        ("SELECT COUNT(Id) FROM Lead", "FUNCTIONALITY_NOT_ENABLED: Aggregate functions not supported in Bulk Query"),
        ("SELECT Id FROM Lead OFFSET 5", "FUNCTIONALITY_NOT_ENABLED: OFFSET not supported in Bulk Query"),
        ("SELECT Id FROM Contact", "INVALID_TYPE_FOR_OPERATION: The root entity of the requested query (Contact)"),
        ("\xff", "MALFORMED_QUERY: it is not UTF-8"),
    ],
)
async def test_refused_queries(async_door: AsyncDoor, soql: str, reason: str) -> None:
    """What a bulk query cannot do makes its batch fail."""
    job = await async_door.job()
    batch = await async_door.batch(job, soql.encode("latin-1"))
    state, message = await async_door.state(job, batch)
    assert (state, message[:120].startswith(f"InvalidBatch : Failed to process query: {reason}"[:120])) == (
        "Failed",
        True,
    )
    listed = await async_door.send("GET", f"/{job}/batch/{batch}/result")
    assert (await listed.text()).endswith(f'<result-list xmlns="{NAMESPACE}"></result-list>')


async def test_write_in_csv(world: World, contact: str, async_door: AsyncDoor) -> None:
    """An empty cell changes nothing, `#N/A` empties; a row says in the vendor's words what is wrong with it."""
    job = await async_door.job("update", "Contact")
    rows = f"\ufeffid,firstname,AccountId\r\n{contact},Ada,#N/A\r\n{contact},,\r\n003Hs0000000zzz,X,\r\n,Y,\r\n"
    assert await async_door.run(job, rows) == (
        '"Id","Success","Created","Error"\n'
        f'"{contact}","true","false",""\n'
        f'"{contact}","true","false",""\n'
        '"","false","false","INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--"\n'
        '"","false","false","MISSING_ARGUMENT:Id not specified in an update call:--"\n'
    )
    assert (newest(world)["FirstName"], newest(world)["AccountId"]) == ("Ada", None)


async def test_charset(world: World, async_door: AsyncDoor) -> None:
    """A batch may say in which charset it is."""
    job = await async_door.job("insert", "Contact")
    body = "LastName\nÖlçer\n".encode("latin-1")
    await async_door.batch(job, body, f"{CSV}; charset=ISO-8859-1")
    assert newest(world)["LastName"] == "Ölçer"
    for kind in (CSV, f"{CSV}; charset=klingon"):
        batch = await async_door.batch(job, body, kind)
        state, message = await async_door.state(job, batch)
        assert (state, message[:34]) == ("Failed", "InvalidBatch : Failed to parse CSV")


@pytest.mark.usefixtures("contact")
async def test_write_in_xml(world: World, async_door: AsyncDoor) -> None:
    """What is nil is emptied, a nested record is found by its external id, and what is refused says why."""
    job = await async_door.job("upsert", "Contact", contentType="XML", externalIdFieldName="Legacy_Id__c")
    parent = "<Account><sObject><type>Account</type><Legacy_Id__c>A-1</Legacy_Id__c></sObject></Account>"
    key = "<Legacy_Id__c>C-1</Legacy_Id__c>"
    body = sent(
        f"{key}<LastName>Ng &amp; Ng</LastName><Email>ng@example.com</Email>{parent}",
        f'{key}<Email xsi:nil="true"/><FirstName/>',
        "<Legacy_Id__c>C-2</Legacy_Id__c><FirstName>Nobody</FirstName>",
    )
    assert await async_door.run(job, body, XML) == (
        f'<?xml version="1.0" encoding="UTF-8"?><results xmlns="{NAMESPACE}">'
        f"<result><id>{newest(world)['Id']}</id><success>true</success><created>true</created></result>"
        f"<result><id>{newest(world)['Id']}</id><success>true</success><created>false</created></result>"
        "<result><errors><fields>LastName</fields><message>Required fields are missing: [LastName]</message>"
        "<statusCode>REQUIRED_FIELD_MISSING</statusCode></errors><success>false</success><created>false</created></result>"
        "</results>"
    )
    record, account = newest(world), newest(world, "Account")
    assert [record[name] for name in ("LastName", "Email", "AccountId")] == ["Ng & Ng", None, account["Id"]]


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        (CSV, "LastName,Nothing\na,b\n", "InvalidBatch : Field name not found : Nothing"),
        (CSV, 'LastName\n"a', "InvalidBatch : Failed to parse CSV"),
        (XML, sent("<LastName>a</LastName><Nothing>b</Nothing>"), "InvalidBatch : Field name not found : Nothing"),
        (XML, sent("<Account><sObject><Name>A</Name></sObject></Account>"), "InvalidBatch : Field name not found"),
        (XML, "<!DOCTYPE x><x/>", "InvalidBatch : Failed to parse XML"),
        (XML, "<sObjects/>", "InvalidBatch : Failed to parse XML"),
    ],
)
async def test_batches_that_make_no_sense(
    world: World, async_door: AsyncDoor, kind: str, body: str, message: str
) -> None:
    """A batch that cannot be understood fails whole, and its results are none."""
    job = await async_door.job("insert", "Contact", contentType="CSV" if kind == CSV else "XML")
    batch = await async_door.batch(job, body, kind)
    state, said = await async_door.state(job, batch)
    assert (state, said.startswith(message)) == ("Failed", True)
    assert changes.count_records(world, "Contact") == 0
    found = await (await async_door.send("GET", f"/{job}/batch/{batch}/result")).text()
    assert "uccess" not in found or found == '"Id","Success","Created","Error"\n'


async def test_write_in_json(world: World, async_door: AsyncDoor) -> None:
    """Names of fields are taken in any case."""
    job = await async_door.job("insert", "Contact", contentType="JSON")
    body = json.dumps([{"LASTNAME": "Ng"}, {"Nothing": 1}])
    batch = (await (await async_door.send("POST", f"/{job}/batch", body, JSON)).json())["id"]
    good, bad = await (await async_door.send("GET", f"/{job}/batch/{batch}/result")).json()
    assert (good["id"], bad["errors"][0]["statusCode"]) == (newest(world)["Id"], "INVALID_FIELD")


async def test_client(world: World, async_door: AsyncDoor, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """As which a client names itself when it creates a job is known of whatever the job writes."""
    told: list[str] = []
    monkeypatch.setattr(writes, "LISTENERS", (lambda *_: told.append(transactions.current().origin),))
    order = '{"operation": "insert", "object": "Contact", "contentType": "CSV"}'
    made = await async_door.send("POST", "", order, JSON, Sforce_Call_Options="client=Tap/2")
    await async_door.batch((await made.json())["id"], "LastName\nNg\n")
    jobs.api.headers["Sforce-Call-Options"] = "client=Loader"
    await jobs.load("LastName\nNg\n", object="Contact")
    assert changes.count_records(world, "Contact") == 2
    origin = "com/salesforce/api/bulkapi"
    assert told == [f"{origin}/61.0;client=Tap/2", f"{origin}/67.0;client=Loader"]
