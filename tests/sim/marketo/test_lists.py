"""Lists and programs on the wire, as clients in other languages ask for them."""

import json
from typing import Any

import pytest

from tests.sim.marketo.conftest import ApiUser, codes

LISTS, PROGRAMS = "/rest/asset/v1/staticLists.json", "/rest/asset/v1/programs.json"
NOTHING = "No assets found for the given search criteria."


async def post_form(user: ApiUser, path: str, **form: str) -> dict[str, Any]:
    """Answer the document of a posted form."""
    found: dict[str, Any] = await (await user.send("POST", path, data=form)).json()
    return found


async def make_list(user: ApiUser, name: str, folder: str = '{"id": 2, "type": "Folder"}') -> int:
    """Make a list and answer its number."""
    number: int = (await post_form(user, LISTS, name=name, folder=folder))["result"][0]["id"]
    return number


async def make_program(user: ApiUser, name: str = "Spring") -> int:
    """Make a program and answer its number."""
    folder = json.dumps({"id": 1, "type": "Folder"})
    answer = await post_form(user, PROGRAMS, name=name, folder=folder, type="Default", channel="Content")
    number: int = answer["result"][0]["id"]
    return number


async def test_members_by_address(user: ApiUser) -> None:
    """People may be named in the address, several times or with commas; a form without one asks who is there."""
    number = await make_list(user, "Friends")
    people = [one["id"] for one in await user.upsert({"email": "a@example.com"}, {"email": "b@example.com"})]
    path = f"/rest/v1/lists/{number}/leads.json"
    added = await (await user.send("POST", f"{path}?id={people[0]}&id={people[1]}&id=9999")).json()
    assert [one["status"] for one in added["result"]] == ["added", "added", "skipped"]
    header = {**user.headers, "Content-Type": "application/json"}
    response = await user.client.delete(path, params={"id": f"{people[0]}"}, headers=header)
    assert (await response.json())["result"] == [{"id": people[0], "status": "removed"}]
    asked = await user.get(f"/rest/v1/lists/{number}/leads/ismember.json", {"id": f"{people[0]},{people[1]}"})
    assert [one["status"] for one in asked["result"]] == ["notmemberof", "memberof"]
    members = await post_form(user, f"/rest/v1/list/{number}/leads.json", _method="GET", listId=str(number))
    assert [one["id"] for one in members["result"]] == people[1:]
    of = await user.get(f"/rest/v1/leads/{people[1]}/listMembership.json")
    assert [one["listId"] for one in of["result"]] == [number]


async def test_lists_in_pages(user: ApiUser) -> None:
    """Lists are found page by page, with the program that they are in."""
    program = await make_program(user)
    numbers = [await make_list(user, f"L{n}", json.dumps({"id": program, "type": "Program"})) for n in range(3)]
    query, seen = {"batchSize": "2", "programName": "Spring"}, []
    while True:
        page = await user.get("/rest/v1/lists.json", query)
        seen += page["result"]
        if not page.get("moreResult"):
            break
        query["nextPageToken"] = page["nextPageToken"]
    assert [one["id"] for one in seen] == numbers
    assert {one["programName"] for one in seen} == {"Spring"}
    assert (await user.get("/rest/v1/lists.json", {"programName": "Autumn"}))["result"] == []
    assert codes(await user.get("/rest/v1/lists/99.json")) == ["1013"]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"folder": '{"id": 2, "type": "Folder"}'}, "701"),
        ({"name": "x"}, "701"),
        ({"name": "x", "folder": "two"}, "709"),
        ({"name": "x", "folder": '{"id": 99, "type": "Folder"}'}, "710"),
        ({"name": "x", "folder": '{"id": 99, "type": "Program"}'}, "710"),
    ],
)
async def test_list_errors(user: ApiUser, form: dict[str, str], code: str) -> None:
    """What makes no list is refused."""
    assert codes(await post_form(user, LISTS, **form)) == [code]


async def test_programs_to_the_end(user: ApiUser) -> None:
    """A page behind the last has no result but a warning; dates have both marks of UTC."""
    number = await make_program(user)
    span = {"earliestUpdatedAt": "2020-01-01T00:00:00Z", "latestUpdatedAt": "2199-01-01T00:00:00.123456+00:00"}
    page = await user.get(PROGRAMS, {"maxReturn": "200", "offset": "0", **span})
    assert ([one["id"] for one in page["result"]], page["warnings"], page["errors"]) == ([number], [], [])
    assert page["result"][0]["updatedAt"].endswith("Z+0000")
    end = await user.get(PROGRAMS, {"maxReturn": "200", "offset": "200", **span})
    assert (end["success"], end["warnings"], "result" in end) == (True, [NOTHING], False)
    early = await user.get(PROGRAMS, {"latestUpdatedAt": "2020-01-01T00:00:00Z"})
    assert early["warnings"] == [NOTHING]
    assert codes(await user.get(PROGRAMS, {"latestUpdatedAt": "soon"})) == ["704"]


@pytest.mark.parametrize("name", ["emails", "segmentation", "smartLists", "tagTypes"])
async def test_none(user: ApiUser, name: str) -> None:
    """Of some assets there are none, which is an answer; one of them is not there."""
    assert (await user.get(f"/rest/asset/v1/{name}.json"))["warnings"] == [NOTHING]
    assert codes(await user.get(f"/rest/asset/v1/{name}/1.json")) == ["610"]


async def test_no_campaigns_and_tokens(user: ApiUser) -> None:
    """There are no campaigns, and a program has no tokens; another is not there."""
    assert (await user.get("/rest/v1/campaigns.json", {"batchSize": "300"}))["result"] == []
    assert codes(await user.get("/rest/v1/campaigns/1.json")) == ["1013"]
    number = await make_program(user)
    path, query = "/rest/asset/v1/folder/{}/tokens.json", {"folderType": "Program"}
    assert (await user.get(path.format(number), query))["warnings"] == [NOTHING]
    assert codes(await user.get(path.format(number + 1), query)) == ["702"]
