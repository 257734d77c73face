"""Lists of records, and trees of them, over HTTP."""

from typing import Any

import pytest

from syncline_sim.salesforce import changes
from syncline_sim.world import World
from tests.sim.salesforce.conftest import Api

Record = dict[str, Any]


def lead(**values: object) -> Record:
    """Answer a lead as it is sent."""
    return {"attributes": {"type": "Lead"}, "LastName": "N", "Company": "E", **values}


async def results(api: Api, method: str, records: list[Record], path: str = "", **more: object) -> list[Record]:
    """Send records and answer what is said of each."""
    found = await api.send(method, f"/composite/sobjects{path}", json={"records": records, **more})
    assert found.status == 200, await found.text()
    answered: list[Record] = await found.json()
    return answered


def codes(rows: list[Record]) -> list[str]:
    """Answer the code of each result, nothing for one that has succeeded."""
    return [row["errors"][0]["statusCode"] if row["errors"] else "" for row in rows]


async def count(api: Api) -> int:
    """Answer how many leads there are."""
    found: int = (await api.query("SELECT COUNT() FROM Lead"))["totalSize"]
    return found


async def test_partial(api: Api) -> None:
    """Without allOrNone the good ones stay."""
    bad = [lead(Nope=1), lead(Email="nowhere"), lead(attributes={"type": "Nope"}), lead(attributes=None)]
    rows = await results(api, "POST", [lead(), *bad, {"attributes": {"type": "Contact"}, "LastName": "N"}])
    assert codes(rows) == ["", "INVALID_FIELD", "INVALID_EMAIL_ADDRESS", "INVALID_TYPE", "INVALID_TYPE", ""]
    assert rows[2] == {"success": False, "errors": [{**rows[2]["errors"][0], "fields": ["Email"]}]}
    assert await count(api) == 1


async def test_all_or_none(api: Api) -> None:
    """With allOrNone nothing stays, and the good ones say why."""
    rows = await results(api, "POST", [lead(), lead(LastName=None), lead()], allOrNone=True)
    rolled_back = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert codes(rows) == [rolled_back, "REQUIRED_FIELD_MISSING", rolled_back]
    assert not any("id" in row or row["success"] for row in rows)
    assert await count(api) == 0


async def test_change(world: World, api: Api) -> None:
    """A change needs an id that is there."""
    record = changes.create_record(world, "Lead", lead_values())
    head: Record = {"attributes": {"type": "Lead"}}
    wanted = [{**head, "Id": record, "Title": "Dr"}, head, {**head, "id": "00Q000000000000EAA"}]
    assert codes(await results(api, "PATCH", wanted)) == ["", "MISSING_ARGUMENT", "NOT_FOUND"]
    assert (await api.get(f"/sobjects/Lead/{record}"))["Title"] == "Dr"


async def test_upsert(world: World, api: Api) -> None:
    """External ids: new, known, known twice, given twice, missing, of another object."""
    known = changes.create_record(world, "Lead", {**lead_values(), "Legacy_Id__c": "known"})
    for _ in range(2):
        changes.create_record(world, "Lead", {**lead_values(), "Legacy_Id__c": "twin"})
    sent = [lead(Legacy_Id__c=value) for value in ("new", "KNOWN", "twin", "same", "Same", None)]
    sent.append({"attributes": {"type": "Contact"}, "LastName": "N", "Legacy_Id__c": "c"})
    rows = await results(api, "PATCH", sent, "/Lead/Legacy_Id__c")
    twice = "DUPLICATE_VALUE"
    assert codes(rows) == ["", "", "DUPLICATE_EXTERNAL_ID", twice, twice, "MISSING_ARGUMENT", "INVALID_TYPE"]
    assert (rows[0]["created"], rows[1]) == (True, {"id": known, "success": True, "errors": [], "created": False})
    refused = await api.refusal("PATCH", "/composite/sobjects/Lead/Company", json={"records": sent})
    assert refused == (404, "NOT_FOUND")


async def test_delete(world: World, api: Api) -> None:
    """Records of several objects go at once; allOrNone stands in the address."""
    ids = [changes.create_record(world, "Lead", lead_values()), changes.create_record(world, "Account", {"Name": "A"})]
    nobody = "00Q000000000000EAA"
    kept = await (await api.send("DELETE", f"/composite/sobjects?ids={','.join([*ids, nobody])}&allOrNone=true")).json()
    assert codes(kept) == [*["ALL_OR_NONE_OPERATION_ROLLED_BACK"] * 2, "INVALID_CROSS_REFERENCE_KEY"]
    path = f"/composite/sobjects?ids={','.join([*ids, ids[0], 'nonsense'])}"
    gone = await (await api.send("DELETE", path)).json()
    assert codes(gone) == ["", "", "ENTITY_IS_DELETED", "MALFORMED_ID"]


async def test_limits(api: Api) -> None:
    """200 records, ten stretches of one object, 2,000 to read."""
    many = {"records": [lead()] * 201}
    assert await api.refusal("POST", "/composite/sobjects", json=many) == (400, "EXCEEDED_ID_LIMIT")
    ids = ",".join(["00Q000000000000EAA"] * 201)
    assert await api.refusal("DELETE", f"/composite/sobjects?ids={ids}") == (400, "EXCEEDED_ID_LIMIT")
    mixed = {"records": [lead(), {"attributes": {"type": "Account"}, "Name": "A"}] * 6}
    assert await api.refusal("POST", "/composite/sobjects", json=mixed) == (400, "INVALID_INPUT")
    wanted = {"ids": ["00Q000000000000EAA"] * 2001, "fields": ["Id"]}
    assert await api.refusal("POST", "/composite/sobjects/Lead", json=wanted) == (400, "EXCEEDED_ID_LIMIT")
    assert await count(api) == 0


@pytest.mark.parametrize("body", [{}, {"records": 1}, {"records": [1]}, {"records": [lead(DoNotCall="maybe")]}])
async def test_unreadable(api: Api, body: Record) -> None:
    """What cannot be read at all is refused as a whole."""
    assert await api.refusal("POST", "/composite/sobjects", json=body) == (400, "JSON_PARSER_ERROR")


async def test_read_errors(api: Api) -> None:
    """A list is read with ids and fields that are there."""
    for params in ({"ids": "00Q000000000000EAA"}, {"fields": "Id"}):
        assert await api.refusal("GET", "/composite/sobjects/Lead", params=params) == (400, "MISSING_ARGUMENT")


async def test_tree(api: Api) -> None:
    """An account comes with its contacts and with accounts below it."""
    person = {"attributes": {"type": "Contact", "referenceId": "p"}, "LastName": "N"}
    below = {"attributes": {"type": "Account", "referenceId": "b"}, "Name": "Below", "Contacts": {"records": [person]}}
    top = {"attributes": {"type": "Account", "referenceId": "t"}, "Name": "Top", "ChildAccounts": {"records": [below]}}
    made = await api.send("POST", "/composite/tree/Account", json={"records": [top]})
    document = await made.json()
    assert (made.status, document["hasErrors"]) == (201, False)
    ids = {row["referenceId"]: row["id"] for row in document["results"]}
    assert (await api.get(f"/sobjects/Account/{ids['b']}"))["ParentId"] == ids["t"]
    assert (await api.get(f"/sobjects/Contact/{ids['p']}"))["AccountId"] == ids["b"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"LastName": None}, "REQUIRED_FIELD_MISSING"),
        ({"Email": "nowhere"}, "INVALID_EMAIL_ADDRESS"),
        ({"attributes": {"type": "Contact", "referenceId": "t"}}, "INVALID_INPUT"),
        ({"attributes": {"type": "Lead", "referenceId": "p"}}, "INVALID_TYPE"),
    ],
)
async def test_tree_errors(api: Api, change: Record, code: str) -> None:
    """One record that is refused takes all others with it."""
    person: Record = {"attributes": {"type": "Contact", "referenceId": "p"}, "LastName": "N", **change}
    top = {"attributes": {"type": "Account", "referenceId": "t"}, "Name": "Top", "Contacts": {"records": [person]}}
    refused = await api.send("POST", "/composite/tree/Account", json={"records": [top]})
    document = await refused.json()
    assert (refused.status, document["hasErrors"]) == (400, True)
    [row] = document["results"]
    assert (row["referenceId"], row["errors"][0]["statusCode"]) == (person["attributes"]["referenceId"], code)
    assert (await api.query("SELECT COUNT() FROM Account"))["totalSize"] == 0


def lead_values() -> Record:
    """Answer what a lead needs."""
    return {"LastName": "N", "Company": "E"}
