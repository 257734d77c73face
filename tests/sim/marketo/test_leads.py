"""People: how they are written, found and deleted."""

from typing import Any

import pytest

from syncline_sim.marketo import people
from syncline_sim.world import World
from tests.sim.marketo.conftest import ApiUser, codes

LEADS = "/rest/v1/leads.json"
KEY = {"name": "salesforceId", "displayName": "Salesforce Id", "dataType": "string"}


def reason(result: dict[str, Any]) -> str:
    """Answer the code with which a record was refused."""
    assert result["status"] == "skipped"
    code: str = result["reasons"][0]["code"]
    return code


async def test_custom_key(world: World, user: ApiUser) -> None:
    """The same value in a custom key field is the same person, whatever the address."""
    await user.post("/rest/v1/leads/schema/fields.json", {"input": [KEY]})
    first = await user.upsert(
        {"salesforceId": "00Q1", "email": "a@example.com", "firstName": "Zoë"}, lookupField="salesforceId"
    )
    second = await user.upsert(
        {"salesforceId": "00Q1", "email": "b@example.com"},
        {"salesforceId": "00Q2", "email": "b@example.com"},
        lookupField="salesforceId",
    )
    assert [r["status"] for r in first + second] == ["created", "updated", "created"]
    assert first[0]["id"] == second[0]["id"] != second[1]["id"]
    assert people.count(world.db) == 2
    found = await user.get(LEADS, {"filterType": "salesforceId", "filterValues": "00Q1", "fields": "email,firstName"})
    assert found["result"] == [{"id": 1, "email": "b@example.com", "firstName": "Zoë"}]


async def test_record_errors(user: ApiUser) -> None:
    """A refused record does not hinder the others."""
    results = await user.upsert(
        {"email": "a@example.com"},
        {"email": "not an address"},
        {"email": "b@example.com", "numberOfEmployees": "many"},
        {"email": "c@example.com", "noSuchField": 1},
        {"email": "d@example.com", "createdAt": "2026-01-01"},
        {"firstName": "Nobody"},
        {"email": "e@example.com"},
    )
    assert [r["status"] for r in results] == ["created", *["skipped"] * 5, "created"]
    assert [reason(r) for r in results[1:6]] == ["1003", "1003", "1006", "1003", "1003"]


async def test_actions(user: ApiUser) -> None:
    """Each action does what it says."""
    one = {"email": "a@example.com"}
    assert reason((await user.upsert(one, action="updateOnly"))[0]) == "1004"
    assert (await user.upsert(one, action="createOnly"))[0]["status"] == "created"
    assert reason((await user.upsert(one, action="createOnly"))[0]) == "1005"
    assert (await user.upsert(one, action="updateOnly"))[0]["status"] == "updated"
    assert (await user.upsert(one, action="createDuplicate"))[0]["status"] == "created"
    assert reason((await user.upsert(one))[0]) == "1007"


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"action": "destroy", "input": [{"email": "a@example.com"}]}, "1001"),
        ({"lookupField": "noSuchField", "input": [{"email": "a@example.com"}]}, "1006"),
        ({"lookupField": "firstName", "input": [{"firstName": "Ann"}]}, "1011"),
        ({"partitionName": "Elsewhere", "input": [{"email": "a@example.com"}]}, "1008"),
        ({"input": []}, "1002"),
        ({"input": [{"email": f"a{n}@example.com"} for n in range(301)]}, "1003"),
    ],
)
async def test_call_errors(world: World, user: ApiUser, document: dict[str, Any], code: str) -> None:
    """A call that makes no sense is refused whole."""
    assert codes(await user.post(LEADS, document)) == [code]
    assert people.count(world.db) == 0


async def test_body(user: ApiUser) -> None:
    """A body has to be JSON."""
    form = await (await user.send("POST", "/rest/v1/leads.json", data={"a": "b"})).json()
    assert codes(form) == ["612"]
    response = await user.client.post(LEADS, data=b"{", headers={**user.headers, "Content-Type": "application/json"})
    assert codes(await response.json()) == ["609"]


async def test_find_in_pages(user: ApiUser) -> None:
    """People are found page by page also by a posted form."""
    await user.upsert(*({"email": f"p{n}@example.com"} for n in range(5)))
    values = ",".join(f"P{n}@example.com" for n in range(5))
    form = {"_method": "GET", "filterType": "email", "filterValues": values, "batchSize": "2", "fields": "email"}
    seen: list[str] = []
    token = ""
    while True:
        sent = {**form, "nextPageToken": token} if token else form
        page = await (await user.send("POST", LEADS, data=sent)).json()
        seen += [person["email"] for person in page["result"]]
        if not page.get("moreResult"):
            break
        token = page["nextPageToken"]
    assert seen == [f"p{n}@example.com" for n in range(5)]


async def test_filter_type(user: ApiUser) -> None:
    """People are found only by fields that can be searched."""
    assert codes(await user.get(LEADS, {"filterType": "firstName", "filterValues": "x"})) == ["1003"]
    assert codes(await user.get(LEADS, {"filterType": "email"})) == ["1002"]
    assert codes(await user.get(LEADS)) == ["1002"]


async def test_by_id(user: ApiUser) -> None:
    """A person is read and deleted by id."""
    person = (await user.upsert({"email": "a@example.com"}))[0]["id"]
    found = await user.get(f"/rest/v1/lead/{person}.json", {"fields": "email,phone"})
    assert found["result"] == [{"id": person, "email": "a@example.com", "phone": None}]  # The id is always there.
    gone = await user.post("/rest/v1/leads/delete.json", {"input": [{"id": person}, {"id": 99}]})
    assert gone["result"][0] == {"id": person, "status": "deleted"}
    assert reason(gone["result"][1]) == "1004"
    assert codes(await user.get(f"/rest/v1/lead/{person}.json")) == ["1004"]


async def test_company_fields(world: World, user: ApiUser) -> None:
    """Company fields can be closed."""
    world.switches["marketo"]["company_fields_closed"] = True
    assert reason((await user.upsert({"email": "a@example.com", "company": "Acme"}))[0]) == "1021"


async def test_largest_batch(user: ApiUser) -> None:
    """Three hundred people are written in one call, and found again by the next."""
    batch = [{"email": f"p{n}@example.com", "firstName": "P", "lastName": str(n)} for n in range(300)]
    await user.upsert(*batch)
    results = await user.upsert(*batch)
    assert {r["status"] for r in results} == {"updated"}
