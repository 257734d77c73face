"""Imports and exports of custom objects."""

from typing import Any

import aiohttp
import pytest

from syncline_sim.world import World
from tests.sim.marketo.bulk import create, file, finish, span
from tests.sim.marketo.conftest import ApiUser, codes

SCHEMA, IMPORT = "/rest/v1/customobjects/schema", "/bulk/v1/customobjects/car/import"
FIELDS = (
    {"name": "vin", "displayName": "VIN", "dataType": "string", "isDedupeField": True},
    {"name": "color", "displayName": "Color", "dataType": "string"},
    {"name": "year", "displayName": "Year", "dataType": "integer"},
    {"name": "owner", "displayName": "Owner", "dataType": "link", "relatedTo": {"name": "lead", "field": "id"}},
)


@pytest.fixture
async def seller(user: ApiUser) -> ApiUser:
    """An API user in whose instance there are cars."""
    await user.post(f"{SCHEMA}.json", {"apiName": "car", "displayName": "Car"})
    await user.post(f"{SCHEMA}/car/addField.json", {"input": FIELDS})
    assert (await user.post(f"{SCHEMA}/car/approve.json", {}))["success"]
    return user


async def send(user: ApiUser, content: str, path: str = IMPORT) -> dict[str, Any]:
    """Send a file and answer the answer."""
    form = aiohttp.FormData({"format": "csv"})
    form.add_field("file", content, filename="cars.csv")
    found: dict[str, Any] = await (await user.send("POST", f"{path}.json", data=form)).json()
    return found


async def load(user: ApiUser, content: str) -> dict[str, Any]:
    """Import a file and answer the import when it is over."""
    answer = await send(user, content)
    assert answer["success"], answer
    (job,) = answer["result"]
    assert job == {"batchId": job["batchId"], "status": "Queued", "objectApiName": "car"}
    jobs = [(await user.get(f"{IMPORT}/{job['batchId']}/status.json"))["result"][0] for _ in range(2)]
    assert jobs[0]["status"] == "Importing"
    return dict(jobs[1])


async def test_life(seller: ApiUser) -> None:
    """Records are written by their key, a later row over an earlier one, and found by the other calls."""
    job = await load(seller, "vin,color,year\nA1,red,2001\nB2,blue,2002\na1,green,2001\n")
    assert job == {
        "batchId": 1,
        "status": "Complete",
        "objectApiName": "car",
        "operation": "import",
        "importTime": "0 second(s)",
        "numOfObjectsProcessed": 3,
        "numOfRowsFailed": 0,
        "numOfRowsWithWarning": 0,
        "message": "Import succeeded, 3 records imported (3 members)",
    }
    query = {"filterType": "vin", "filterValues": "A1,B2", "fields": "color"}
    found = (await seller.get("/rest/v1/customobjects/car.json", query))["result"]
    assert [record["color"] for record in found] == ["green", "blue"]
    response = await seller.client.get(f"{IMPORT}/1/warnings.json", headers=seller.headers)
    assert response.status == 404


async def test_failures(seller: ApiUser) -> None:
    """A row without the key fails, also when the name of its column is wrong; so does one with a wrong value."""
    job = await load(seller, "color, vin\nred,A1\n")
    assert (job["numOfObjectsProcessed"], job["numOfRowsFailed"]) == (0, 1)
    job = await load(seller, "vin,year\n,2001\nA1,old\nB2,2002\n")
    assert job["message"] == "Import completed with errors, 1 records imported (1 members), 2 failed"
    response = await seller.client.get(f"{IMPORT}/{job['batchId']}/failures.json", headers=seller.headers)
    assert (await response.text()).splitlines() == [
        "vin,year,Import Failure Reason",
        ",2001,missing.dedupe.fields",
        "A1,old,Invalid value 'old'. Required of type 'integer'",
    ]


async def test_refused(world: World, seller: ApiUser) -> None:
    """A kind that there is not, and a job of another kind, are not found; a kind may be gone when its turn comes."""
    assert codes(await send(seller, "vin\nA1\n", IMPORT.replace("car", "bike"))) == ["1013"]
    await send(seller, "vin\nA1\n")
    assert codes(await seller.get("/bulk/v1/leads/batch/1.json")) == ["1013"]
    world.db.execute("DELETE FROM marketo_object_types")
    world.advance(60)
    (job,) = (await seller.get(f"{IMPORT}/1/status.json"))["result"]
    assert (job["status"], job["message"]) == ("Failed", "Object not found")


async def test_export(world: World, seller: ApiUser) -> None:
    """Records are exported by when they were changed, or by who they are linked to."""
    ids = [result["id"] for result in await seller.upsert({"email": "a@example.com"}, {"email": "b@example.com"})]
    world.advance(-10 * 24 * 3600)
    await load(seller, f"vin,color,owner\nA1,red,{ids[0]}\nB2,blue,{ids[1]}\n")
    world.advance(10 * 24 * 3600)
    await load(seller, f"vin,color,owner\nC3,,{ids[0]}\n")
    world.db.execute("INSERT INTO marketo_lists VALUES (7, 'Seven', NULL, 1, 'Folder', 0, 0)")
    world.db.execute("INSERT INTO marketo_members VALUES (7, ?, 0)", (ids[0],))
    asked = {"fields": ["vin", "color"], "columnHeaderNames": {"vin": "VIN"}}
    for chosen, lines in (
        ({"updatedAt": span(world)}, ["C3,null"]),
        ({"updatedAt": span(world, 31)}, ["A1,red", "B2,blue", "C3,null"]),
        ({"staticListName": "Seven"}, ["A1,red", "C3,null"]),
    ):
        key = await create(seller, {**asked, "filter": chosen}, "customobjects/car")
        assert (await finish(seller, key, "customobjects/car"))["numberOfRecords"] == len(lines)
        assert (await file(seller, key, "customobjects/car"))[1].splitlines() == ["VIN,color", *lines]
    assert len((await seller.get("/bulk/v1/customobjects/car/export.json"))["result"]) == 3
    assert (await seller.get("/bulk/v1/customobjects/bike/export.json"))["result"] == []
    path = "/bulk/v1/customobjects/car/export/create.json"
    assert codes(await seller.post(path, {**asked, "filter": {"createdAt": span(world)}})) == ["1003"]
    assert codes(await seller.post(path, {"filter": {"updatedAt": span(world)}})) == ["1002"]
    assert codes(await seller.post(path.replace("car", "bike"), asked)) == ["1013"]
