"""Custom objects: kinds are drafted, approved and deleted, and their records found by key and link."""

from typing import Any

import pytest

from syncline_sim.world import World
from tests.sim.marketo.conftest import ApiUser, codes

SCHEMA, CARS = "/rest/v1/customobjects/schema", "/rest/v1/customobjects/car"
LINK = {"name": "leadId", "displayName": "Lead", "dataType": "link", "relatedTo": {"name": "lead", "field": "id"}}
KEY = {"name": "vin", "displayName": "VIN", "dataType": "string", "isDedupeField": True}
YEAR = {"name": "year", "displayName": "Year", "dataType": "integer"}


async def draft(user: ApiUser, *fields: dict[str, Any], name: str = "car") -> None:
    """Make the draft of a kind."""
    made = await user.post(f"{SCHEMA}.json", {"apiName": name, "displayName": name.title()})
    assert (made["success"], made["result"]) == (True, [])
    assert (await user.post(f"{SCHEMA}/{name}/addField.json", {"input": fields}))["success"]


async def approve(user: ApiUser, name: str = "car") -> dict[str, Any]:
    """Approve the draft of a kind."""
    return await user.post(f"{SCHEMA}/{name}/approve.json", {})


async def test_life_of_a_kind(user: ApiUser) -> None:
    """A kind is a draft, approved, approved with a draft, and gone."""
    await draft(user, KEY, LINK)
    [shown] = (await user.get(f"{SCHEMA}/car/describe.json"))["result"]
    assert (shown["state"], shown["idField"], shown["dedupeFields"]) == ("draft", None, ["vin"])
    assert codes(await user.get(f"{CARS}/describe.json")) == ["1013"]
    assert (await user.get("/rest/v1/customobjects.json"))["result"] == []
    assert (await approve(user))["success"]
    assert codes(await approve(user)) == ["709"]
    [kind] = (await user.get(f"{CARS}/describe.json"))["result"]
    assert kind["searchableFields"] == [["vin"], ["leadId"], ["marketoGUID"]]
    assert kind["relationships"] == [{"field": "leadId", "type": "child", "relatedTo": LINK["relatedTo"]}]
    assert {field["name"]: field["dataType"] for field in kind["fields"]}["leadId"] == "integer"
    await user.post(f"{SCHEMA}/car/addField.json", {"input": [YEAR]})
    [shown] = (await user.get(f"{SCHEMA}.json", {"names": "car"}))["result"]
    assert (shown["state"], len(shown["fields"])) == ("approvedWithDraft", 5)
    assert (await user.post(f"{SCHEMA}/car/discardDraft.json", {}))["success"]
    assert [one["name"] for one in (await user.get("/rest/v1/customobjects.json"))["result"]] == ["car"]
    assert (await user.post(f"{SCHEMA}/car/delete.json", {}))["success"]
    assert codes(await user.get(f"{SCHEMA}/car/describe.json")) == ["1013"]


async def test_kind_errors(world: World, user: ApiUser) -> None:
    """What makes no kind or field is refused, and all of it where the subscription has none of this."""
    await draft(user, YEAR)
    assert codes(await approve(user)) == ["709"]
    again = {"apiName": "car", "displayName": "Car", "action": "createOnly"}
    assert codes(await user.post(f"{SCHEMA}.json", again)) == ["1017"]
    assert codes(await user.post(f"{SCHEMA}.json", {"apiName": "a car", "displayName": "Car"})) == ["1003"]
    assert codes(await user.post(f"{SCHEMA}.json", {"apiName": "bike"})) == ["1002"]
    for field, code in ((YEAR, "1017"), ({**KEY, "dataType": "blob"}, "1001"), ({**LINK, "relatedTo": None}, "1003")):
        assert codes(await user.post(f"{SCHEMA}/car/addField.json", {"input": [field]})) == [code]
    world.switches["marketo"]["custom_object_schema"] = False
    assert codes(await user.get(f"{SCHEMA}.json")) == ["616"]


async def test_records(user: ApiUser) -> None:
    """Records are written by their key and found by it, by a link and by their id."""
    await draft(user, KEY, LINK, YEAR)
    await approve(user)
    cars = [{"vin": "V1", "leadId": 7, "year": 1999}, {"vin": "V2", "leadId": 7}]
    created = (await user.post(f"{CARS}.json", {"input": cars}))["result"]
    assert [one["status"] for one in created] == ["created", "created"]
    found = await user.get(f"{CARS}.json", {"filterType": "leadId", "filterValues": "7", "fields": "vin,year"})
    assert found["result"] == [{"seq": 0, "vin": "V1", "year": 1999}, {"seq": 1, "vin": "V2", "year": None}]
    gone = (await user.post(f"{CARS}/delete.json", {"input": [{"vin": "v1"}, {"vin": "V3"}]}))["result"]
    assert gone[0] == {"seq": 0, "marketoGUID": created[0]["marketoGUID"], "status": "deleted"}
    assert gone[1]["reasons"][0]["code"] == "1013"


@pytest.mark.parametrize("name", ["Company", "opportunity"])
async def test_namesakes(user: ApiUser, name: str) -> None:
    """A kind with the name of a standard one keeps records of its own."""
    await draft(user, KEY, name=name)
    await approve(user, name)
    await user.post(f"/rest/v1/customobjects/{name}.json", {"input": [{"vin": "V1"}]})
    for path in ("companies", "opportunities"):
        query = {"filterType": "idField", "filterValues": "1"}
        assert (await user.get(f"/rest/v1/{path}.json", query))["result"] == []
