"""Query jobs on the wire: documents, headers, pages and refusals that a client hides."""

import csv
from collections.abc import Callable

import pytest

from syncline_sim.salesforce import changes, objects, orgs, seeding
from syncline_sim.salesforce.bulk import usage
from syncline_sim.world import World
from tests.sim.salesforce.bulk.conftest import Jobs
from tests.sim.salesforce.conftest import Api

SOQL = "SELECT Id FROM Lead ORDER BY Id"


@pytest.fixture(autouse=True)
def leads(world: World) -> None:
    """Five leads."""
    seeding.seed(world, 5, 0)


async def test_job_documents(jobs: Jobs) -> None:
    """What creating and asking about a job answers."""
    created = await jobs.create("query", operation="query", query="select id from lead")
    assert created.pop("id").startswith("750")
    assert created.pop("createdById").startswith("005")
    assert created.pop("createdDate") == created.pop("systemModstamp")
    assert created == {
        "operation": "query",
        "object": "Lead",
        "state": "UploadComplete",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": 67.0,
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }
    job = await jobs.state(await jobs.query(SOQL), "query")
    found = (job["state"], job["jobType"], job["numberRecordsProcessed"], job["retries"])
    assert found == ("JobComplete", "V2Query", 5, 0)


async def test_pages(jobs: Jobs) -> None:
    """The locator leads on until it is the word null, and headers count the records of each page."""
    job, locator, seen = await jobs.query(SOQL), "", []
    while locator != "null":
        query = {"maxRecords": "2", **({"locator": locator} if locator else {})}
        page = await jobs.api.send("GET", f"/jobs/query/{job}/results", params=query)
        locator = page.headers["Sforce-Locator"]
        assert page.headers["Content-Type"] == "text/csv; charset=UTF-8"
        assert page.headers["Sforce-Limit-Info"].startswith("api-usage=")
        header, *lines = (await page.text()).splitlines()
        assert (header, len(lines)) == ('"Id"', int(page.headers["Sforce-NumberOfRecords"]))
        seen.append(len(lines))
    assert seen == [2, 2, 1]


async def test_bad_pages(jobs: Jobs) -> None:
    """Locators and sizes that are none."""
    path = f"/jobs/query/{await jobs.query(SOQL)}/results"
    for locator in ("?", "bnVsbA==", "OTk="):
        refusal = await jobs.api.refusal("GET", path, params={"locator": locator})
        assert refusal == (400, "INVALID_QUERY_LOCATOR")
    assert await jobs.api.refusal("GET", path, params={"maxRecords": "0"}) == (400, "API_ERROR")


async def test_dates_differ(world: World, jobs: Jobs) -> None:
    """A moment ends in .000Z here and in .000+0000 over REST."""
    values = {"LastName": "Z", "Company": "A", "Last_Demo__c": "2026-03-01T10:00:00Z", "Contract_End__c": "2027-01-31"}
    changes.create_record(world, "Lead", {**values, "AnnualRevenue": 1.5, "NumberOfEmployees": 7})
    soql = """
        SELECT Last_Demo__c, Contract_End__c, AnnualRevenue, NumberOfEmployees, DoNotCall, Title
        FROM Lead WHERE LastName = 'Z'
    """
    page = await jobs.api.send("GET", f"/jobs/query/{await jobs.query(soql)}/results")
    line = (await page.text()).splitlines()[1]
    assert line == '"2026-03-01T10:00:00.000Z","2027-01-31","1.5","7","false",""'
    (record,) = (await jobs.api.query(soql))["records"]
    assert record["Last_Demo__c"] == "2026-03-01T10:00:00.000+0000"


async def test_many_fields(world: World, jobs: Jobs) -> None:
    """A query may ask for very many fields, also of parents."""
    changes.create_record(world, "Contact", {"LastName": "Boss"})
    plain = [field.name for field in objects.find("Contact").fields if field.type != "address"]
    names = [path + name for path in ("", "ReportsTo.", "ReportsTo.ReportsTo.", "MasterRecord.") for name in plain]
    job = await jobs.query(" ".join(("SELECT", ", ".join(names), "FROM Contact")))
    page = await jobs.api.send("GET", f"/jobs/query/{job}/results")
    header, line = csv.reader((await page.text()).splitlines())
    assert (header, len(line)) == (names, len(names))
    assert line[names.index("LastName")] == "Boss"


async def test_order_is_kept(world: World, jobs: Jobs) -> None:
    """A job answers what it found when it was created, in that order, whatever is created meanwhile."""
    job = await jobs.query("SELECT Legacy_Id__c FROM Lead ORDER BY Legacy_Id__c DESC")
    changes.create_record(world, "Lead", {"LastName": "New", "Company": "A", "Legacy_Id__c": "Z"})
    page = await jobs.api.send("GET", f"/jobs/query/{job}/results")
    assert [text.strip('"') for text in (await page.text()).splitlines()[1:]] == [f"L-{n:08d}" for n in range(5, 0, -1)]


async def test_result_pages(world: World, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The addresses of pages to read side by side, five at a time."""
    monkeypatch.setattr("syncline_sim.salesforce.bulk.queries.PAGE", 1)
    seeding.seed(world, 2, 0)
    job = await jobs.query(SOQL)
    first = await jobs.api.get(f"/jobs/query/{job}/resultPages")
    rest = await jobs.api.get(first["nextRecordsUrl"])
    assert (first["done"], len(first["resultPages"]), rest["done"], len(rest["resultPages"])) == (False, 5, True, 2)
    addresses = [page["resultUrl"] for page in (*first["resultPages"], *rest["resultPages"])]
    texts = [await (await jobs.api.send("GET", address)).text() for address in addresses]
    found = [record["Id"] for record in (await jobs.api.query(SOQL))["records"]]
    assert texts == [f'"Id"\n"{record_id}"\n' for record_id in found]


async def test_versions(jobs: Jobs) -> None:
    """A job is there in the version that made it only, and query jobs since 47.0."""
    job = await jobs.query(SOQL)
    assert await jobs.api.refusal("GET", f"/services/data/v60.0/jobs/query/{job}/results") == (
        409,
        "API_VERSION_MISMATCH",
    )
    order = {"operation": "query", "query": SOQL}
    for version in ("46.0", "99.0"):
        refusal = await jobs.api.refusal("POST", f"/services/data/v{version}/jobs/query", json=order)
        assert refusal == (404, "NOT_FOUND")


async def test_who_may(door: Callable[..., Api], jobs: Jobs) -> None:
    """Nobody sees the job of another user."""
    job = await jobs.query(SOQL)
    other = Jobs(door("dana@acme.example"))
    assert await other.api.refusal("GET", f"/jobs/query/{job}/results") == (404, "NOT_FOUND")
    assert (await other.api.get("/jobs/query"))["records"] == []
    assert await jobs.api.refusal("GET", f"/jobs/ingest/{job}") == (404, "NOT_FOUND")


async def test_jobs_are_forgotten(world: World, door: Callable[..., Api], jobs: Jobs) -> None:
    """After seven days there is no such job any more."""
    job = await jobs.query(SOQL)
    for days, there in ((6, True), (2, False)):
        world.advance(days * 24 * 3600)
        later = door()  # The session of before has long expired.
        assert (await later.send("GET", f"/jobs/query/{job}")).status == (200 if there else 404)
        assert bool((await later.get("/jobs/query"))["records"]) == there


async def test_limit(world: World, jobs: Jobs) -> None:
    """Query jobs count down a limit of their own, and one too many is refused."""
    world.switches["salesforce"]["bulk_query_jobs"] = 2
    for left in (1, 0):
        await jobs.query(SOQL)
        assert (await jobs.api.get("/limits"))["DailyBulkV2QueryJobs"] == {"Max": 2, "Remaining": left}
    order = {"operation": "query", "query": SOQL}
    response = await jobs.api.send("POST", "/jobs/query", json=order)
    text = "Max bulk v2 query jobs (2) per 24 hrs has been reached (3)"
    assert (response.status, await response.json()) == (400, [{"message": text, "errorCode": "LIMIT_EXCEEDED"}])
    world.advance(25 * 3600)
    assert usage.limits(world, orgs.all_orgs(world)[0].id)["DailyBulkV2QueryJobs"]["Remaining"] == 2


async def test_abort(world: World, jobs: Jobs) -> None:
    """A job that waits can be aborted, has no results then, and can be deleted."""
    world.switches["salesforce"]["bulk_latency"] = 60
    job = await jobs.query(SOQL)
    path = f"/jobs/query/{job}"
    assert await jobs.api.refusal("GET", f"{path}/results") == (400, "INVALIDJOBSTATE")
    assert await jobs.api.refusal("DELETE", path) == (400, "INVALIDJOBSTATE")
    assert (await jobs.move(job, "Aborted", "query"))["state"] == "Aborted"
    assert await jobs.api.refusal("PATCH", path, json={"state": "Aborted"}) == (400, "INVALIDJOBSTATE")
    assert await jobs.api.refusal("PATCH", path, json={"state": "JobComplete"}) == (400, "API_ERROR")
    assert (await jobs.api.send("DELETE", path)).status == 204
    assert await jobs.api.refusal("GET", path) == (404, "NOT_FOUND")


async def test_completed_is_not_aborted(jobs: Jobs) -> None:
    """The vendor's words for aborting too late."""
    job = await jobs.query(SOQL)
    response = await jobs.api.send("PATCH", f"/jobs/query/{job}", json={"state": "Aborted"})
    assert response.status == 400
    text = "Aborting already Completed Job not allowed"
    assert await response.json() == [{"message": text, "errorCode": "INVALIDJOBSTATE"}]


async def test_latency(world: World, jobs: Jobs) -> None:
    """A job waits by the world's own clock."""
    world.switches["salesforce"].update(bulk_latency=60)
    job = await jobs.query(SOQL)
    states = [(await jobs.state(job, "query"))["state"] for _ in range(2)]
    world.advance(61)
    assert [*states, (await jobs.state(job, "query"))["state"]] == ["UploadComplete", "InProgress", "JobComplete"]


@pytest.mark.parametrize(
    "order",
    [
        {"operation": "insert", "query": SOQL},
        {"operation": "query", "query": SOQL, "contentType": "JSON"},
        {"operation": "query", "query": SOQL, "columnDelimiter": ";"},
        {"operation": "query", "query": SOQL, "lineEnding": 1},
        {"operation": "query", "query": {"text": SOQL}},
    ],
)
async def test_bad_orders(jobs: Jobs, order: dict[str, object]) -> None:
    """Properties with values that they cannot have."""
    assert await jobs.api.refusal("POST", "/jobs/query", json=order) == (400, "API_ERROR")


async def test_no_order(jobs: Jobs) -> None:
    """A body that is no JSON, and a query that is not there."""
    assert await jobs.api.refusal("POST", "/jobs/query", data=b"{") == (400, "JSON_PARSER_ERROR")
    assert await jobs.api.refusal("POST", "/jobs/query", json={"operation": "query"}) == (400, "MALFORMED_QUERY")


async def test_list(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are listed in parts, and by their type."""
    monkeypatch.setattr("syncline_sim.salesforce.bulk.jobs._LISTED", 2)
    made = [await jobs.query(SOQL) for _ in range(3)]
    first = await jobs.api.get("/jobs/query")
    rest = await jobs.api.get(first["nextRecordsUrl"])
    assert [job["id"] for job in (*first["records"], *rest["records"])] == made
    assert (first["done"], rest["done"], rest["nextRecordsUrl"]) == (False, True, None)
    assert {job["jobType"] for job in first["records"]} == {"V2Query"}
    assert (await jobs.api.get("/jobs/query", params={"jobType": "Classic"}))["records"] == []
