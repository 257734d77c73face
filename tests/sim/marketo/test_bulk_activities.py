"""Exports of activities."""

import csv
import json
from typing import Any

from syncline_sim.marketo.bulk import extract
from syncline_sim.world import World
from tests.sim.marketo.bulk import create, file, finish, span
from tests.sim.marketo.conftest import ApiUser, codes

CREATE = "/bulk/v1/activities/export/create.json"


async def export(user: ApiUser, document: dict[str, Any]) -> list[dict[str, str]]:
    """Export activities and answer the rows of the file."""
    key = await create(user, document, "activities")
    job = await finish(user, key, "activities")
    rows = list(csv.DictReader((await file(user, key, "activities"))[1].splitlines()))
    assert (job["status"], job["numberOfRecords"]) == ("Completed", len(rows))
    return rows


async def test_activities(world: World, user: ApiUser) -> None:
    """All that has happened, with attributes as JSON."""
    (result,) = await user.upsert({"email": "a@example.com", "firstName": "A"})
    await user.upsert({"email": "a@example.com", "firstName": "B"})
    (other,) = await user.upsert({"email": "b@example.com"})
    await user.post("/rest/v1/leads/delete.json", {"input": [{"id": other["id"]}]})
    rows = await export(user, {"fields": None, "filter": {"createdAt": span(world)}})
    assert "37" not in {row["activityTypeId"] for row in rows}
    # Taps ask for every kind of activity; of deletions there are none in files.
    assert not await export(user, {"filter": {"createdAt": span(world), "activityTypeIds": [37]}})
    rows = [row for row in rows if row["leadId"] == str(result["id"])]
    assert [(row["activityTypeId"], row["leadId"]) for row in rows] == [
        ("12", str(result["id"])),
        ("13", str(result["id"])),
    ]
    assert (rows[1]["primaryAttributeValue"], rows[1]["campaignId"]) == ("First Name", "null")
    attributes = json.loads(rows[1]["attributes"])
    assert (attributes["Old Value"], attributes["New Value"]) == ("A", "B")
    assert list(rows[0]) == [
        *("marketoGUID", "leadId", "activityDate", "activityTypeId", "campaignId"),
        *("primaryAttributeValueId", "primaryAttributeValue", "attributes"),
    ]


async def test_chosen(world: World, user: ApiUser) -> None:
    """Activities are chosen by kind, by what they are about, and by time; some fields are enough."""
    world.advance(-10 * 24 * 3600)
    await user.upsert({"email": "old@example.com"})
    world.advance(10 * 24 * 3600)
    await user.upsert({"email": "a@example.com"})
    await user.upsert({"email": "a@example.com", "firstName": "A", "lastName": "B"})
    base: dict[str, Any] = {"fields": ["activityTypeId", "primaryAttributeValue"], "filter": {"createdAt": span(world)}}
    assert [row["activityTypeId"] for row in await export(user, base)] == ["12", "13", "13"]
    changes = {**base["filter"], "activityTypeIds": [13], "primaryAttributeValues": ["Last Name"]}
    rows = await export(user, {**base, "filter": changes})
    assert rows == [{"activityTypeId": "13", "primaryAttributeValue": "Last Name"}]
    (number,) = world.db.execute("SELECT number FROM marketo_fields WHERE name = 'firstName'").fetchone()
    by_id = {**base["filter"], "activityTypeIds": [13], "primaryAttributeValueIds": [number]}
    assert [row["primaryAttributeValue"] for row in await export(user, {**base, "filter": by_id})] == ["First Name"]


async def test_parts(world: World, user: ApiUser, monkeypatch: Any) -> None:  # noqa: ANN401 - pytest's own
    """A large export is written part by part: nothing is lost or told twice."""
    monkeypatch.setattr(extract, "_PART", 3)
    monkeypatch.setattr(extract, "_PAGE", 2)
    await user.upsert(*({"email": f"p{n}@example.com"} for n in range(10)))
    rows = await export(user, {"fields": ["leadId"], "filter": {"createdAt": span(world)}})
    assert len({row["leadId"] for row in rows}) == len(rows) == 10


async def test_refused(world: World, user: ApiUser) -> None:
    """What makes no sense is refused, each with its code."""
    when = {"createdAt": span(world)}
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"filter": {"activityTypeIds": [13]}}, "1002"),
        ({"filter": {"createdAt": span(world, 32)}}, "1003"),
        ({"filter": {**when, "activityTypeIds": "13"}}, "1001"),
        ({"filter": {**when, "activityTypeIds": [13], "primaryAttributeValues": "Last Name"}}, "1001"),
        ({"filter": {**when, "primaryAttributeValueIds": [1]}}, "1002"),
        ({"filter": {**when, "activityTypeIds": [13], "primaryAttributeValueIds": list(range(51))}}, "1003"),
        (
            {"filter": {**when, "activityTypeIds": [1], "primaryAttributeValueIds": [], "primaryAttributeValues": []}},
            "1003",
        ),
        ({"fields": ["email"], "filter": when}, "1006"),
    ]
    assert [codes(await user.post(CREATE, document)) for document, _ in refusals] == [[code] for _, code in refusals]
