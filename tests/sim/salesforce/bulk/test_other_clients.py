"""Bulk calls as a client in another language writes them: go-salesforce, read in its source."""

from syncline_sim.salesforce import seeding
from syncline_sim.world import World
from tests.sim.salesforce.bulk.conftest import Jobs

GO = {"User-Agent": "go-salesforce", "Content-Type": "application/json", "Accept": "application/json"}


async def test_pages_of_a_query(world: World, jobs: Jobs) -> None:
    """It asks for JSON and reads CSV, with a slash before the query, until the locator is the word null."""
    seeding.seed(world, 5, 0)
    job = await jobs.query("SELECT Id FROM Lead")
    query, pages = "maxRecords=2", []
    while True:
        answer = await jobs.api.send("GET", f"/jobs/query/{job}/results/?{query}", headers=GO)
        assert (answer.status, answer.content_type) == (200, "text/csv")
        lines = (await answer.text()).splitlines()
        assert answer.headers["Sforce-NumberOfRecords"] == str(len(lines) - 1)
        pages.append(lines[1:])
        if answer.headers["Sforce-Locator"] == "null":
            break
        query = f"locator={answer.headers['Sforce-Locator']}&maxRecords=2"
    assert [len(page) for page in pages] == [2, 2, 1]


async def test_life_of_an_ingest_job(jobs: Jobs) -> None:
    """An upload with another `Accept`, the results of both kinds, and a job that is given up."""
    order = {"object": "Account", "operation": "insert", "externalIdFieldName": ""}
    made = await (await jobs.api.send("POST", "/jobs/ingest", headers=GO, json=order)).json()
    path, csv = f"/jobs/ingest/{made['id']}", {**GO, "Content-Type": "text/csv", "Accept": "text/csv"}
    sent = await jobs.api.send("PUT", f"{path}/batches", headers=csv, data=b"Name\nGo\n")
    assert (sent.status, await sent.read()) == (201, b"")
    await jobs.api.send("PATCH", path, headers=GO, json={"state": "UploadComplete"})
    told = await (await jobs.api.send("GET", path, headers=GO)).json()
    assert (told["state"], told["numberRecordsFailed"], told["numberRecordsProcessed"]) == ("JobComplete", 0, 1)
    for kind, rows in (("successfulResults", 1), ("failedResults", 0)):
        text = await (await jobs.api.send("GET", f"{path}/{kind}", headers=GO)).text()
        assert len(text.splitlines()) == 1 + rows
    other = await (await jobs.api.send("POST", "/jobs/ingest", headers=GO, json=order)).json()
    ended = await jobs.api.send("PATCH", f"/jobs/ingest/{other['id']}", headers=GO, json={"state": "Aborted"})
    assert (await ended.json())["state"] == "Aborted"
