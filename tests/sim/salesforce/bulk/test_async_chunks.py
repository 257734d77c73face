"""Bulk API 1.0: queries that are split by the ids of the records."""

import pytest

from syncline_sim.salesforce import changes
from syncline_sim.world import World
from tests.sim.salesforce.bulk.async_door import CSV, NAMESPACE, AsyncDoor, text

COUNT = 5


@pytest.fixture(autouse=True)
def leads(world: World) -> list[str]:
    """Some leads in one org, and their ids."""
    values = {"LastName": "Müller", "Company": "Acme"}
    return [changes.create_record(world, "Lead", values) for _ in range(COUNT)]


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("chunkSize=2", [2, 2, 1]),
        ("true; chunkSize=3; parent=Lead", [3, 2]),
        ("CHUNKSIZE=250000;", [5]),
        ("TRUE", [5]),
    ],
)
async def test_chunks(async_door: AsyncDoor, header: str, found: list[int]) -> None:
    """The batch that was sent is not processed; each chunk is a batch of its own."""
    job = await async_door.job(Sforce_Enable_PKChunking=header)
    await async_door.batch(job, "SELECT Id FROM Lead")
    assert await async_door.states(job) == [("NotProcessed", 0), *(("Completed", count) for count in found)]
    totals = await async_door.xml("GET", f"/{job}")
    assert text(totals, "numberBatchesTotal") == str(len(found) + 1)
    assert text(totals, "numberBatchesCompleted") == str(len(found))


@pytest.mark.parametrize(
    ("header", "soql"),
    [
        ("", "SELECT Id FROM Lead"),
        ("false", "SELECT Id FROM Lead"),
        ("chunkSize=2", "SELECT Id FROM Lead ORDER BY Name"),
        ("chunkSize=2", "SELECT Id FROM Lead LIMIT 10"),
        ("chunkSize=2", "SELECT Id FROM Lead FOR VIEW"),
    ],
)
async def test_not_split(async_door: AsyncDoor, header: str, soql: str) -> None:
    """Without the header, or with more than a WHERE behind its object, a query is one batch."""
    job = await async_door.job(Sforce_Enable_PKChunking=header)
    await async_door.batch(job, soql)
    assert await async_door.states(job) == [("Completed", COUNT)]


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (
            "SELECT Id FROM Lead where Name = 'x' OR Name != null",
            "SELECT Id FROM Lead WHERE (Name = 'x' OR Name != null)",
        ),
        ("SELECT Id FROM Lead WHERE NOT Name = 'WHERE ('", "SELECT Id FROM Lead WHERE (NOT Name = 'WHERE (')"),
        (
            "SELECT Id FROM Lead WHERE Name != null AND OwnerId IN (SELECT Id FROM User WHERE Name != null)",
            "SELECT Id FROM Lead WHERE Name != null AND OwnerId IN (SELECT Id FROM User WHERE Name != null)",
        ),
    ],
)
async def test_conditions(leads: list[str], async_door: AsyncDoor, asked: str, kept: str) -> None:
    """What a query asks for stays, whatever it looks like; a chunk says between which ids it lies."""
    first, end = leads[1][:15], leads[3][:15]
    job = await async_door.job(Sforce_Enable_PKChunking=f"chunkSize=2; startRow={first}")
    await async_door.batch(job, asked)
    assert await async_door.states(job) == [("NotProcessed", 0), ("Completed", 2), ("Completed", 2)]
    listed = await async_door.xml("GET", f"/{job}/batch")
    found = await (await async_door.send("GET", f"/{job}/batch/{text(listed[1], 'id')}/request")).text()
    assert found == f"{kept} AND Id >= '{first}' AND Id < '{end}'"


async def test_waiting(world: World, async_door: AsyncDoor) -> None:
    """Chunks wait as other batches do, and can fail as they do."""
    world.switches["salesforce"]["bulk_polls"] = 1
    job = await async_door.job(Sforce_Enable_PKChunking="chunkSize=3")
    batch = await async_door.batch(job, "SELECT Id FROM Lead")
    assert await async_door.state(job, batch) == ("NotProcessed", "")
    assert await async_door.states(job) == [("NotProcessed", 0), ("Queued", 0), ("Queued", 0)]
    world.switches["salesforce"]["bulk_failure"] = "InternalServerError : Retried more than fifteen times"
    assert await async_door.states(job) == [("NotProcessed", 0), ("Failed", 0), ("Failed", 0)]


async def test_quota(world: World, async_door: AsyncDoor) -> None:
    """Each chunk counts as a batch; when there are no more, those that there are get done."""
    world.switches["salesforce"]["bulk_batches"] = 2
    job = await async_door.job(Sforce_Enable_PKChunking="chunkSize=2")
    batch = await async_door.batch(job, "SELECT Id FROM Lead")
    assert await async_door.state(job, batch) == ("Failed", "ExceededQuota : ApiBatchItems Limit exceeded.")
    assert await async_door.states(job) == [("Failed", 0), ("Completed", 2)]


async def test_bad_query(async_door: AsyncDoor) -> None:
    """A query that makes no sense is not split."""
    job = await async_door.job(Sforce_Enable_PKChunking="true")
    batch = await async_door.batch(job, "SELECT Nothing FROM Lead")
    state, message = await async_door.state(job, batch)
    assert (state, message.split("\n")[0]) == ("Failed", "InvalidBatch : Failed to process query: INVALID_FIELD: ")


@pytest.mark.parametrize(
    "header", ["chunkSize=0", "chunkSize=250001", "chunkSize=many", "startRow=001Hs0000000001", "parent=Nothing"]
)
async def test_bad_header(async_door: AsyncDoor, header: str) -> None:
    """A chunk has a size, begins at a record of the object, and has a parent that there is."""
    body = f'<jobInfo xmlns="{NAMESPACE}"><operation>query</operation><object>Lead</object></jobInfo>'
    response = await async_door.send("POST", "", body, "application/xml", Sforce_Enable_PKChunking=header)
    assert response.status == 400
    assert "<exceptionCode>InvalidJob</exceptionCode>" in await response.text()
    written = body.replace("query", "insert")  # A job that writes has nothing to split.
    made = await async_door.send("POST", "", written, "application/xml", Sforce_Enable_PKChunking=header)
    assert made.status == 201


async def test_nobody(world: World, async_door: AsyncDoor) -> None:
    """Where there are no records there are no chunks."""
    job = await async_door.job(subject="Contact", Sforce_Enable_PKChunking="true")
    await async_door.batch(job, "SELECT Id FROM Contact", CSV)
    assert await async_door.states(job) == [("NotProcessed", 0)]
    assert changes.count_records(world, "Contact") == 0
