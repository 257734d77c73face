"""Calls as clients in other languages write them: restforce (Ruby) and go-salesforce (Go), read in their source."""

import gzip
import json
from typing import Any

import pytest

from tests.sim.salesforce.conftest import BASE, Api

GO: dict[str, str] = {"User-Agent": "go-salesforce", "Content-Type": "application/json", "Accept": "application/json"}


async def made(api: Api, name: str) -> str:
    """Create an account and answer its id."""
    document = await (await api.send("POST", "/sobjects/Account", json={"Name": name})).json()
    return str(document["id"])


async def test_upsert_of_what_has_no_id(api: Api) -> None:
    """Restforce posts to `Id` what it can not yet upsert by it; to a record nothing can be posted."""
    answer = await api.send("POST", "/sobjects/Account/Id", json={"Name": "Ruby"})
    created = await answer.json()
    assert (answer.status, created["success"]) == (201, True)
    assert (await api.get(f"/sobjects/Account/{created['id']}", params={"fields": "Name"}))["Name"] == "Ruby"
    path = f"/sobjects/Account/{created['id']}"
    assert await api.refusal("POST", path, json={"Name": "x"}) == (405, "METHOD_NOT_ALLOWED")


async def test_escaped_external_id(api: Api) -> None:
    """Restforce escapes every letter of an external id that an address can not hold."""
    path = "/sobjects/Account/Legacy_Id__c/R%2F%20%26%3F%C3%BC%2B1"
    assert (await api.send("PATCH", BASE + path, json={"Name": "Ruby"})).status == 201
    found = await api.query("SELECT Legacy_Id__c FROM Account")
    assert [record["Legacy_Id__c"] for record in found["records"]] == ["R/ &?ü+1"]


async def test_unknown_external_field(api: Api) -> None:
    """Its error is told by the name of the field."""
    answer = await api.send("PATCH", "/sobjects/Account/Namez/1", json={"Name": "x"})
    assert (answer.status, await answer.json()) == (
        404,
        [
            {
                "message": "Provided external ID field does not exist or is not accessible: Namez",
                "errorCode": "NOT_FOUND",
            }
        ],
    )


async def test_delete_of_a_collection(api: Api) -> None:
    """Go deletes with a slash before the query."""
    ids = [await made(api, name) for name in "ab"]
    path = f"/composite/sobjects/?ids={','.join(ids)}&allOrNone=false"
    answer = await api.send("DELETE", path, headers=GO)
    assert [each["success"] for each in await answer.json()] == [True, True]


@pytest.mark.parametrize("together", [True, False])
async def test_collections_in_a_composite_call(api: Api, *, together: bool) -> None:
    """Go puts collections into a composite call and reads each answer as a list of results."""
    records: list[dict[str, Any]] = [{"attributes": {"type": "Account"}, "Name": name} for name in "ab"]
    part = {
        "body": {"allOrNone": together, "records": records},
        "method": "POST",
        "url": f"{BASE}/composite/sobjects",
        "referenceId": "refObj0",
    }
    sent = json.dumps({"allOrNone": together, "compositeRequest": [part]})
    answer = await api.send("POST", "/composite", headers=GO, data=sent)
    (told,) = (await answer.json())["compositeResponse"]
    assert (told["httpStatusCode"], told["referenceId"], told["httpHeaders"]) == (200, "refObj0", {})
    assert [each["success"] for each in told["body"]] == [True, True]


async def test_compressed_body(api: Api) -> None:
    """Go may send what it writes compressed."""
    body = gzip.compress(b'{"Name":"Go"}')
    answer = await api.send("POST", "/sobjects/Account", headers={**GO, "Content-Encoding": "gzip"}, data=body)
    assert answer.status == 201
    found = await api.query("SELECT Name FROM Account")
    assert [record["Name"] for record in found["records"]] == ["Go"]
