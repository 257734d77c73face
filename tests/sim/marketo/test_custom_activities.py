"""Custom activities: their kinds, and what happened elsewhere told and read again."""

from typing import Any

import pytest

from tests.sim.marketo.conftest import ApiUser, codes

ROOT = "/rest/v1/activities/external"
KIND = {
    "apiName": "visitStand",
    "name": "Visit Stand",
    "triggerName": "Visits Stand",
    "filterName": "Visited Stand",
    "primaryAttribute": {"apiName": "fair", "name": "Fair"},
}
MINUTES = {"apiName": "minutes", "name": "Minutes Spent", "dataType": "integer"}


async def approved(user: ApiUser) -> int:
    """Make and approve a kind and answer its number."""
    await user.post(f"{ROOT}/type.json", KIND)
    await user.post(f"{ROOT}/type/visitStand/attributes/create.json", {"attributes": [MINUTES]})
    [kind] = (await user.post(f"{ROOT}/type/visitStand/approve.json", {}))["result"]
    number: int = kind["id"]
    return number


async def test_life_of_a_kind(user: ApiUser) -> None:
    """A kind is a draft, approved, and gone."""
    [kind] = (await user.post(f"{ROOT}/type.json", KIND))["result"]
    assert (kind["status"], kind["primaryAttribute"]["dataType"]) == ("draft", "string")
    number = await approved(user)
    assert [one["status"] for one in (await user.get(f"{ROOT}/types.json"))["result"]] == ["approved"]
    kinds = {one["id"]: one for one in (await user.get("/rest/v1/activities/types.json"))["result"]}
    assert kinds[number]["attributes"] == [MINUTES]
    assert (await user.get(f"{ROOT}/type/visitStand/describe.json"))["result"][0]["apiName"] == "visitStand"
    assert (await user.post(f"{ROOT}/type/visitStand/delete.json", {}))["success"]
    assert codes(await user.get(f"{ROOT}/type/visitStand/describe.json")) == ["1013"]


async def test_kind_errors(user: ApiUser) -> None:
    """What makes no kind or attribute is refused."""
    await approved(user)
    assert codes(await user.post(f"{ROOT}/type.json", KIND)) == ["1017"]
    assert codes(await user.post(f"{ROOT}/type.json", {"apiName": "x"})) == ["1002"]
    assert codes(await user.post(f"{ROOT}/type/visitStand/approve.json", {})) == ["709"]
    path = f"{ROOT}/type/visitStand/attributes/create.json"
    assert codes(await user.post(path, {"attributes": [MINUTES]})) == ["1017"]
    assert codes(await user.post(path, {"attributes": [{**MINUTES, "dataType": "blob"}]})) == ["1001"]
    many = [{**MINUTES, "apiName": f"minutes{n}"} for n in range(20)]
    assert codes(await user.post(path, {"attributes": many})) == ["1028"]


async def test_told_and_read(user: ApiUser) -> None:
    """What is told of the past is read by its date."""
    number = await approved(user)
    person = (await user.upsert({"email": "a@example.com"}))[0]["id"]
    told = {
        "leadId": person,
        "activityDate": "2026-01-02T03:04:05+01:00",
        "activityTypeId": number,
        "primaryAttributeValue": "Hanover",
        "attributes": [{"apiName": "minutes", "value": "25"}],
    }
    [added] = (await user.post(f"{ROOT}.json", {"input": [told]}))["result"]
    assert (added["status"], added["marketoGUID"]) == ("added", str(added["id"]))
    since = {"sinceDatetime": "2026-01-02T02:04:05Z"}
    token = (await user.get("/rest/v1/activities/pagingtoken.json", since))["nextPageToken"]
    query = {"activityTypeIds": str(number), "nextPageToken": token}
    [one] = (await user.get("/rest/v1/activities.json", query))["result"]
    assert (one["activityDate"], one["primaryAttributeValue"]) == ("2026-01-02T02:04:05Z", "Hanover")
    assert one["attributes"] == [{"name": "Minutes Spent", "value": 25}]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"leadId": 9999}, "1004"),
        ({"activityTypeId": 13}, "1013"),
        ({"activityDate": "soon"}, "1001"),
        ({"primaryAttributeValue": ""}, "1002"),
        ({"attributes": [{"name": "No Such", "value": 1}]}, "1006"),
        ({"attributes": [{"name": "Minutes Spent", "value": "long"}]}, "1001"),
    ],
)
async def test_refused(user: ApiUser, wrong: dict[str, Any], code: str) -> None:
    """What is refused has its reason under another name than elsewhere."""
    number = await approved(user)
    person = (await user.upsert({"email": "a@example.com"}))[0]["id"]
    good = {"leadId": person, "activityDate": "2026-01-02", "activityTypeId": number, "primaryAttributeValue": "x"}
    results = (await user.post(f"{ROOT}.json", {"input": [good, {**good, **wrong}]}))["result"]
    assert results[0]["status"] == "added"
    assert (results[1]["status"], results[1]["errors"][0]["code"]) == ("skipped", code)
