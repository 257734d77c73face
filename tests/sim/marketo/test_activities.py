"""What happened to people: activities, changes and deletions, read in pages from a moment on."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from syncline_sim.world import World
from tests.sim.marketo.conftest import ApiUser, codes

ACTIVITIES, CHANGES = "/rest/v1/activities.json", "/rest/v1/activities/leadchanges.json"
DELETED, TYPES = "/rest/v1/activities/deletedleads.json", "/rest/v1/activities/types.json"


async def token(user: ApiUser, since: str = "2020-01-01T00:00:00Z") -> str:
    """Answer the token of a moment."""
    answer = await user.get("/rest/v1/activities/pagingtoken.json", {"sinceDatetime": since})
    found: str = answer["nextPageToken"]
    return found


async def pages(user: ApiUser, path: str, **query: str) -> list[list[dict[str, Any]]]:
    """Read to the end, page by page."""
    query.setdefault("nextPageToken", await token(user))
    found = []
    while True:
        page = await user.get(path, query)
        found.append(page["result"])
        query["nextPageToken"] = page["nextPageToken"]
        if not page["moreResult"]:
            return found


async def test_types(user: ApiUser) -> None:
    """The kinds are listed with their attributes."""
    kinds = {kind["id"]: kind for kind in (await user.get(TYPES))["result"]}
    assert kinds[13]["name"] == "Change Data Value"
    assert kinds[13]["primaryAttribute"] == {"name": "Attribute Name", "dataType": "string"}
    assert {"name": "New Value", "dataType": "text"} in kinds[13]["attributes"]
    assert "primaryAttribute" not in kinds[12]


async def test_activities_of_a_life(user: ApiUser) -> None:
    """Creation, change and deletion are activities; what does not change is none."""
    person = (await user.upsert({"email": "a@example.com", "firstName": "Ann"}))[0]["id"]
    await user.upsert({"email": "a@example.com", "firstName": "Anna", "lastName": "Bell", "unsubscribed": True})
    await user.upsert({"email": "a@example.com", "firstName": "Anna"})
    await user.post("/rest/v1/leads/delete.json", {"input": [{"id": person}]})
    [page] = await pages(user, ACTIVITIES, activityTypeIds="12,13,37")
    assert [one["activityTypeId"] for one in page] == [12, 13, 13, 13, 37]
    assert {one["leadId"] for one in page} == {person}
    assert {"name": "Source Type", "value": "Web service API"} in page[0]["attributes"]
    first = page[1]
    assert {"name": "Reason", "value": "Web service API"} in first["attributes"]
    assert first["marketoGUID"] == str(first["id"])
    assert first["primaryAttributeValue"] == "First Name"
    assert {"name": "Old Value", "value": "Ann"} in first["attributes"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", first["activityDate"])
    assert {"name": "New Value", "value": "true"} in page[3]["attributes"]
    assert not [pair for pair in page[3]["attributes"] if pair["name"] == "Old Value"]
    [gone] = await pages(user, DELETED)
    assert gone == [page[4]]
    assert (gone[0]["primaryAttributeValueId"], gone[0]["primaryAttributeValue"]) == (person, "Anna Bell")


async def test_changes(user: ApiUser) -> None:
    """Changes are those of the wanted fields, and new people."""
    person = (await user.upsert({"email": "a@example.com", "firstName": "Ann"}))[0]["id"]
    await user.upsert({"email": "a@example.com", "firstName": "", "lastName": "Bell"})
    [page] = await pages(user, CHANGES, fields="firstName")
    assert [one["activityTypeId"] for one in page] == [12, 13]
    assert (page[0]["fields"], page[0]["leadId"]) == ([], person)
    change = page[1]["fields"][0]
    assert (change["name"], change["oldValue"], change["newValue"]) == ("firstName", "Ann", None)
    assert {"name": "Lead ID", "value": person} in page[1]["attributes"]


async def test_pages_and_reading_on(world: World, user: ApiUser) -> None:
    """Pages have a token to the last, which later finds what is new, also of the same second."""
    await user.upsert(*({"email": f"p{n}@example.com"} for n in range(5)))
    query = {"activityTypeIds": "12", "nextPageToken": await token(user), "batchSize": "2"}
    sizes = []
    while True:
        page = await user.get(ACTIVITIES, query)
        sizes.append(len(page["result"]))
        query["nextPageToken"] = page["nextPageToken"]
        if not page["moreResult"]:
            break
    assert sizes == [2, 2, 1]
    nothing = await user.get(ACTIVITIES, query)
    assert (nothing["result"], nothing["moreResult"]) == ([], False)
    new = (await user.upsert({"email": "p5@example.com"}))[0]["id"]
    assert [one["leadId"] for one in (await user.get(ACTIVITIES, query))["result"]] == [new]


async def test_since(world: World, user: ApiUser) -> None:
    """A token finds nothing from before its second."""
    await user.upsert({"email": "a@example.com"})
    world.advance(3600)
    await user.authenticate()
    then = datetime.fromtimestamp(world.now(), UTC).isoformat(timespec="seconds")
    person = (await user.upsert({"email": "b@example.com"}))[0]["id"]
    [page] = await pages(user, ACTIVITIES, activityTypeIds="12", nextPageToken=await token(user, then))
    assert [one["leadId"] for one in page] == [person]


async def test_sparse_pages(world: World, user: ApiUser) -> None:
    """With the switch, pages may be short or empty though there is more, and nothing is lost."""
    world.switches["marketo"]["sparse_activity_pages"] = True
    people = await user.upsert(*({"email": f"p{n}@example.com"} for n in range(4)))
    await user.upsert({"email": "p0@example.com", "firstName": "P"})
    found = await pages(user, ACTIVITIES, activityTypeIds="13", batchSize="2")
    assert [len(page) for page in found] == [0, 0, 1]
    found = await pages(user, ACTIVITIES, activityTypeIds="12", leadIds=str(people[3]["id"]), batchSize="3")
    assert [len(page) for page in found] == [0, 1]


async def test_kept_for_a_while(world: World, user: ApiUser) -> None:
    """Changes of fields are gone after ninety days, other activities are not."""
    await user.upsert({"email": "a@example.com"})
    await user.upsert({"email": "a@example.com", "firstName": "Ann"})
    world.advance(89 * 24 * 3600)
    await user.authenticate()
    assert [len(page) for page in await pages(user, CHANGES, fields="firstName")] == [2]
    world.advance(2 * 24 * 3600)
    await user.authenticate()
    [page] = await pages(user, CHANGES, fields="firstName")
    assert [one["activityTypeId"] for one in page] == [12]


async def test_large_list(world: World, user: ApiUser) -> None:
    """A list of 10,000 can be asked about until a day at the end of 2026."""
    world.advance(datetime(2026, 12, 29, tzinfo=UTC).timestamp() - world.now())
    await user.authenticate()
    world.db.execute("INSERT INTO marketo_lists VALUES (1001, 'All', NULL, 2, 'Folder', 0, 0)")
    world.db.executemany("INSERT INTO marketo_members VALUES (1001, ?, 0)", [(n,) for n in range(10_000)])
    query = {"activityTypeIds": "12", "nextPageToken": await token(user), "listId": "1001"}
    assert (await user.get(ACTIVITIES, query))["success"]
    world.advance(2 * 24 * 3600)
    await user.authenticate()
    assert codes(await user.get(ACTIVITIES, query)) == ["1003"]


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        (ACTIVITIES, {"activityTypeIds": "12"}, "1002"),
        (ACTIVITIES, {"nextPageToken": "good"}, "1002"),
        (ACTIVITIES, {"nextPageToken": "bad", "activityTypeIds": "12"}, "1003"),
        (ACTIVITIES, {"nextPageToken": "good", "activityTypeIds": "twelve"}, "1001"),
        (ACTIVITIES, {"nextPageToken": "good", "activityTypeIds": ",".join("12345678901")}, "1003"),
        (ACTIVITIES, {"nextPageToken": "good", "activityTypeIds": "12", "leadIds": ",".join("1" * 31)}, "1003"),
        (ACTIVITIES, {"nextPageToken": "good", "activityTypeIds": "12", "listId": "77"}, "1013"),
        (CHANGES, {"nextPageToken": "good"}, "1002"),
        (CHANGES, {"nextPageToken": "good", "fields": "noSuchField"}, "1006"),
        ("/rest/v1/activities/pagingtoken.json", {}, "1002"),
        ("/rest/v1/activities/pagingtoken.json", {"sinceDatetime": "yesterday"}, "1001"),
    ],
)
async def test_errors(user: ApiUser, path: str, query: dict[str, str], code: str) -> None:
    """Each wrong question has its code."""
    good = await token(user)
    sent = {name: good if value == "good" else value for name, value in query.items()}
    assert codes(await user.get(path, sent)) == [code]
