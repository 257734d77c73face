"""Companies, opportunities, roles and sales persons: how they are written, found and deleted."""

from typing import Any

import pytest

from tests.sim.marketo.conftest import ApiUser, codes

COMPANIES, ROLES = "/rest/v1/companies.json", "/rest/v1/opportunities/roles.json"
OPPORTUNITIES, SELLERS = "/rest/v1/opportunities.json", "/rest/v1/salespersons.json"


async def write(user: ApiUser, path: str, *records: dict[str, Any], **options: str) -> list[dict[str, Any]]:
    """Write records and answer their results."""
    answer = await user.post(path, {"input": records, **options})
    assert answer["success"], answer
    results: list[dict[str, Any]] = answer["result"]
    assert [result["seq"] for result in results] == list(range(len(records)))
    return results


def outcomes(results: list[dict[str, Any]]) -> list[str]:
    """Answer the status of each result, or the code of its refusal."""
    return [result["reasons"][0]["code"] if "reasons" in result else result["status"] for result in results]


@pytest.mark.parametrize(
    ("name", "identity", "key"),
    [
        ("companies", "id", ["externalCompanyId"]),
        ("opportunities", "marketoGUID", ["externalOpportunityId"]),
        ("opportunities/roles", "marketoGUID", ["externalOpportunityId", "leadId", "role"]),
        ("salespersons", "id", ["externalSalesPersonId"]),
    ],
)
async def test_describe(user: ApiUser, name: str, identity: str, key: list[str]) -> None:
    """A kind says by what its records are known."""
    [kind] = (await user.get(f"/rest/v1/{name}/describe.json"))["result"]
    assert (kind["idField"], kind["dedupeFields"]) == (identity, key)
    assert [identity] in kind["searchableFields"]
    assert key in kind["searchableFields"]
    updateable = {field["name"]: field["updateable"] for field in kind["fields"]}
    assert not any(updateable[field] for field in (identity, *key, "createdAt"))


async def test_actions(user: ApiUser) -> None:
    """Each action does what it says, by the key or by the id."""
    acme = {"externalCompanyId": "A1", "company": "Acme"}
    assert outcomes(await write(user, COMPANIES, acme, action="updateOnly")) == ["1013"]
    created = await write(user, COMPANIES, acme, action="createOnly")
    assert outcomes(created) == ["created"]
    assert outcomes(await write(user, COMPANIES, acme, action="createOnly")) == ["1017"]
    assert outcomes(await write(user, COMPANIES, {**acme, "externalCompanyId": "a1"})) == ["updated"]
    by_id = {"action": "updateOnly", "dedupeBy": "idField"}
    renamed = await write(user, COMPANIES, {"id": created[0]["id"], "company": "Acme & Co"}, **by_id)
    assert (outcomes(renamed), renamed[0]["id"]) == (["updated"], created[0]["id"])
    found = await user.get(COMPANIES, {"filterType": "id", "filterValues": str(renamed[0]["id"]), "fields": "company"})
    assert found["result"] == [{"seq": 0, "company": "Acme & Co"}]


async def test_record_errors(user: ApiUser) -> None:
    """A record that is refused does not hinder the others."""
    results = await write(
        user,
        OPPORTUNITIES,
        {"externalOpportunityId": "O1", "name": "One", "amount": 12.5},
        {"externalOpportunityId": "O1", "name": "Again"},
        {"name": "Nameless"},
        {"externalOpportunityId": "O2"},
        {"externalOpportunityId": "O3", "name": "Three", "noSuchField": 1},
        {"externalOpportunityId": "O4", "name": "Four", "amount": "much"},
        {"externalOpportunityId": "O5", "name": "Five", "marketoGUID": "x"},
        {"externalOpportunityId": "O6", "name": "Six", "externalSalesPersonId": "nobody"},
    )
    assert outcomes(results) == ["created", "1036", "1002", "1002", "1006", "1001", "1003", "718"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"action": "createDuplicate", "input": [{"externalCompanyId": "A"}]}, "1001"),
        ({"dedupeBy": "idField", "input": [{"id": 1}]}, "1003"),
        ({"input": []}, "1002"),
        ({"input": [{"externalCompanyId": str(n)} for n in range(301)]}, "1003"),
    ],
)
async def test_call_errors(user: ApiUser, body: dict[str, Any], code: str) -> None:
    """A call that makes no sense is refused whole."""
    assert codes(await user.post(COMPANIES, body)) == [code]


async def test_find_in_pages(user: ApiUser) -> None:
    """Records are found page by page by a field of theirs, whatever the case."""
    await write(user, COMPANIES, *({"externalCompanyId": f"A{n}", "company": "Acme"} for n in range(5)))
    query = {"filterType": "company", "filterValues": "ACME", "batchSize": "2"}
    seen: list[str] = []
    while True:
        page = await user.get(COMPANIES, query)
        assert [record["seq"] for record in page["result"]] == list(range(len(page["result"])))
        seen += [record["externalCompanyId"] for record in page["result"]]
        if not page.get("moreResult"):
            break
        query["nextPageToken"] = page["nextPageToken"]
    assert seen == [f"A{n}" for n in range(5)]
    assert codes(await user.get(COMPANIES, {"filterType": "industry", "filterValues": "x"})) == ["1003"]
    assert codes(await user.get(COMPANIES, {"filterType": "company"})) == ["1002"]
    nothing = await user.get(COMPANIES, {"filterType": "id", "filterValues": "no number"})
    assert nothing["result"] == []


async def test_roles(user: ApiUser) -> None:
    """A role needs both its ends, and is found by each of them and by all of its key in a JSON body."""
    await write(user, OPPORTUNITIES, {"externalOpportunityId": "O1", "name": "One"})
    person = (await user.upsert({"email": "a@example.com"}))[0]["id"]
    role = {"externalOpportunityId": "O1", "leadId": person, "role": "Buyer"}
    results = await write(
        user, ROLES, role, {**role, "leadId": 9999}, {**role, "externalOpportunityId": "O9"}, {**role, "role": None}
    )
    assert outcomes(results) == ["created", "1004", "1013", "1002"]
    found = await user.get(ROLES, {"filterType": "leadId", "filterValues": str(person)})
    assert found["result"][0]["marketoGUID"] == results[0]["marketoGUID"]
    body = {"filterType": "dedupeFields", "fields": ["marketoGuid", "role"], "input": [role, {**role, "role": "x"}]}
    whole = await user.post(f"{ROLES}?_method=GET", body)
    assert whole["result"] == [{"seq": 0, "marketoGUID": results[0]["marketoGUID"], "role": "Buyer"}]
    assert codes(await user.get(ROLES, {"filterType": "dedupeFields", "filterValues": "O1"})) == ["1003"]


async def test_delete(user: ApiUser) -> None:
    """Records are deleted by key or id, but a sales person with leads is in use."""
    await write(
        user, SELLERS, {"externalSalesPersonId": "S1", "email": "s1@example.com"}, {"externalSalesPersonId": "S2"}
    )
    await user.upsert({"email": "a@example.com", "externalSalesPersonId": "S1"})
    gone = await write(
        user, "/rest/v1/salespersons/delete.json", *({"externalSalesPersonId": f"S{n}"} for n in range(1, 4))
    )
    assert outcomes(gone) == ["1022", "deleted", "1013"]
    [left] = (await user.get(SELLERS, {"filterType": "email", "filterValues": "s1@example.com"}))["result"]
    await user.upsert({"email": "a@example.com", "externalSalesPersonId": ""})
    by_id = await write(user, "/rest/v1/salespersons/delete.json", {"id": left["id"]}, deleteBy="idField")
    assert outcomes(by_id) == ["deleted"]


async def test_company_of_people(user: ApiUser) -> None:
    """People have what their company has, when they join it and when it changes."""
    acme = {"externalCompanyId": "A1", "company": "Acme", "industry": "Anvils"}
    await write(user, COMPANIES, acme)
    person = (await user.upsert({"email": "a@example.com", "externalCompanyId": "A1"}))[0]["id"]
    path, query = f"/rest/v1/lead/{person}.json", {"fields": "company,industry"}
    assert (await user.get(path, query))["result"] == [{"id": 1, "company": "Acme", "industry": "Anvils"}]
    await write(user, COMPANIES, {"externalCompanyId": "A1", "company": "Acme & Co"})
    assert (await user.get(path, query))["result"] == [{"id": 1, "company": "Acme & Co", "industry": "Anvils"}]
