"""What recorded traffic of a destination that writes people and lists shows (the tests of grouparoo, 2021)."""

from typing import Any

import pytest

from tests.sim.marketo.conftest import ApiUser

LEADS = "/rest/v1/leads.json"
NOTHING = "No assets found for the given search criteria."


async def test_order_of_fields(user: ApiUser) -> None:
    """The id is the first member of a person, and names come before the address where no field was named."""
    await user.upsert({"email": "brian@example.com", "firstName": "Brian"})
    query = {"filterType": "email", "filterValues": "brian@example.com"}
    (person,) = (await user.get(LEADS, query))["result"]
    assert list(person) == ["id", "firstName", "lastName", "email", "updatedAt", "createdAt"]
    (person,) = (await user.get(LEADS, {**query, "fields": "email,firstName,id,unsubscribed"}))["result"]
    assert list(person) == ["id", "email", "firstName", "unsubscribed"]


async def test_booleans(user: ApiUser) -> None:
    """A boolean that was never set is false, and so is one that is set to null."""
    (result,) = await user.upsert({"email": "a@example.com"})
    path, query = f"/rest/v1/lead/{result['id']}.json", {"fields": "unsubscribed"}
    assert (await user.get(path, query))["result"] == [{"id": 1, "unsubscribed": False}]
    await user.upsert({"email": "a@example.com", "unsubscribed": True})
    assert (await user.get(path, query))["result"] == [{"id": 1, "unsubscribed": True}]
    await user.upsert({"email": "a@example.com", "unsubscribed": None})
    assert (await user.get(path, query))["result"] == [{"id": 1, "unsubscribed": False}]


@pytest.mark.parametrize(
    ("field", "sent", "told"),
    [
        ("unsubscribed", "other", "other"),
        ("email", "bademail", "bademail"),
        ("numberOfEmployees", 14.1, "14.1"),
        ("annualRevenue", "14c", "14c"),
        ("acquiredOn", "yesterday", "yesterday"),
    ],
)
async def test_values_that_do_not_fit(user: ApiUser, field: str, sent: object, told: str) -> None:
    """A value that a field can not hold is named, with the field, under code 1003."""
    await user.post("/rest/v1/leads/schema/fields.json", {"input": [_MOMENT]})
    await user.upsert({"email": "a@example.com"})
    record: dict[str, Any] = {"id": 1, field: sent}
    (result,) = await user.upsert(record, action="updateOnly", lookupField="id")
    message = f"Invalid value for field '{field}' and value '{told}'"
    assert result == {"status": "skipped", "reasons": [{"code": "1003", "message": message}]}


_MOMENT = {"displayName": "Acquired on", "name": "acquiredOn", "dataType": "datetime"}


async def test_static_lists(user: ApiUser) -> None:
    """A list is looked for by name, made in the folder of lists, filled, read by a posted form, and emptied."""
    await user.upsert({"email": "a@example.com"}, {"email": "b@example.com"})
    by_name = "/rest/asset/v1/staticList/byName.json"
    none = await user.get(by_name, {"name": "(test) High Value"})
    assert (none["success"], none["warnings"], "result" in none) == (True, [NOTHING], False)
    assert (await user.get("/rest/asset/v1/staticList/1001.json"))["warnings"] == [NOTHING]
    (folder,) = (await user.get("/rest/asset/v1/folder/byName.json", {"name": "Group Lists"}))["result"]
    assert (folder["folderType"], folder["folderId"]) == ("List", {"id": folder["id"], "type": "Folder"})
    place = f'{{"type":"Folder","id":{folder["id"]}}}'
    sent = {"name": "(test) High Value", "folder": place}
    made = await (await user.send("POST", "/rest/asset/v1/staticLists.json", data=sent)).json()
    assert (made["result"][0]["workspace"], made["result"][0]["folder"]["id"]) == ("Default", folder["id"])
    number = made["result"][0]["id"]
    added = await user.post(f"/rest/v1/lists/{number}/leads.json", {"input": [{"id": 1}]})
    assert added["result"] == [{"id": 1, "status": "added"}]
    form = {"listId": str(number), "_method": "GET"}
    members = await (await user.send("POST", f"/rest/v1/list/{number}/leads.json", data=form)).json()
    assert [member["id"] for member in members["result"]] == [1]
    gone = await (await user.send("DELETE", f"/rest/v1/lists/{number}/leads.json?id=1&id=2")).json()
    assert gone["result"] == [
        {"id": 1, "status": "removed"},
        {"id": 2, "status": "skipped", "reasons": [{"code": "1015", "message": "Lead not in list"}]},
    ]


async def test_delete_by_post(user: ApiUser) -> None:
    """People are deleted by a POST whose address says DELETE."""
    await user.upsert({"email": "a@example.com"})
    gone = await user.post(f"{LEADS}?_method=DELETE", {"input": [{"id": 1}]})
    assert gone["result"] == [{"id": 1, "status": "deleted"}]


async def test_folders(user: ApiUser) -> None:
    """A folder is found by its id, but not as a program; of others there is none."""
    path = "/rest/asset/v1/folder/{}.json"
    (one,) = (await user.get(path.format(1), {"type": "Folder"}))["result"]
    assert (one["name"], one["folderType"]) == ("Marketing Activities", "Marketing Folder")
    for number, kind in ((1, "Program"), (77, "Folder")):
        assert (await user.get(path.format(number), {"type": kind}))["warnings"] == [NOTHING]
