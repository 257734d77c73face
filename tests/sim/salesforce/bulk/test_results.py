"""Results of query jobs: written once, part by part, and cut into pages of any size."""

import csv
import io

import pytest

from syncline_sim.salesforce import changes, orgs, seeding
from syncline_sim.salesforce.bulk import jobs as kept
from syncline_sim.salesforce.bulk import queries, results
from syncline_sim.world import World
from tests.sim.salesforce.bulk.conftest import Jobs

SOQL = "SELECT LastName, Title FROM Lead ORDER BY Id"
_UNTIDY = ('say "yes"', "two\nlines", 'a"\n"b', "c,d;e", "tab\there", '"', "\n", "ends with\r\n", "Žluťoučký 🙂")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of three records."""
    monkeypatch.setattr(results, "_PART", 3)


async def complete(jobs: Jobs, job: str) -> None:
    """Wait until a job has its results."""
    while (await jobs.state(job, "query"))["state"] != "JobComplete":
        pass


@pytest.mark.parametrize("delimiter", ["COMMA", "PIPE", "TAB"])
@pytest.mark.parametrize("ending", ["LF", "CRLF"])
async def test_any_page_of_any_values(world: World, jobs: Jobs, delimiter: str, ending: str) -> None:
    """Pages of any size are the same lines, whatever stands in the values."""
    for title in _UNTIDY:
        changes.create_record(world, "Lead", {"LastName": "X", "Company": "Y", "Title": title})
    order = {"operation": "query", "query": SOQL, "columnDelimiter": delimiter, "lineEnding": ending}
    job = (await jobs.create("query", **order))["id"]
    await complete(jobs, job)
    for size in range(1, len(_UNTIDY) + 2):
        found, locator = [], ""
        while locator != "null":
            query = {"maxRecords": str(size), **({"locator": locator} if locator else {})}
            page = await jobs.api.send("GET", f"/jobs/query/{job}/results", params=query)
            locator = page.headers["Sforce-Locator"]
            text = (await page.read()).decode()
            assert text.endswith("\r\n" if ending == "CRLF" else '"\n')
            sign = {"COMMA": ",", "PIPE": "|", "TAB": "\t"}[delimiter]
            header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=sign)
            assert (header, len(rows)) == (["LastName", "Title"], int(page.headers["Sforce-NumberOfRecords"]))
            assert len(rows) <= size
            found += [row[1] for row in rows]
        assert found == list(_UNTIDY)


async def test_nothing_found(jobs: Jobs) -> None:
    """A job that finds nothing has the names of its columns."""
    page = await jobs.api.send("GET", f"/jobs/query/{await jobs.query(SOQL)}/results")
    assert (await page.text(), page.headers["Sforce-Locator"]) == ('"LastName","Title"\n', "null")


async def test_what_was_there_then(world: World, jobs: Jobs) -> None:
    """A page shows the records as the job met them."""
    record = changes.create_record(world, "Lead", {"LastName": "Before", "Company": "Y"})
    job = await jobs.query(SOQL)
    changes.change_record(world, "Lead", record, {"LastName": "After"})
    page = await jobs.api.send("GET", f"/jobs/query/{job}/results")
    assert (await page.text()).splitlines()[1] == '"Before",""'


async def test_between_other_calls(world: World, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job whose results have several parts is under way for a while, and then has no results yet."""
    seeding.seed(world, 120, 0)
    monkeypatch.setattr(results, "_PART", 1)
    job = await jobs.query(SOQL)
    assert (await jobs.state(job, "query"))["state"] == "InProgress"
    assert await jobs.api.refusal("GET", f"/jobs/query/{job}/results") == (400, "INVALIDJOBSTATE")
    await complete(jobs, job)
    assert (await jobs.state(job, "query"))["numberRecordsProcessed"] == 120
    page = await jobs.api.send("GET", f"/jobs/query/{job}/results")
    assert len((await page.text()).splitlines()) == 121


async def test_aborted_while_under_way(world: World, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that is aborted is left as it is, and goes with its parts."""
    seeding.seed(world, 120, 0)
    monkeypatch.setattr(results, "_PART", 1)
    job = await jobs.query(SOQL)
    await jobs.move(job, "Aborted", "query")
    assert (await jobs.state(job, "query"))["state"] == "Aborted"
    assert (await jobs.api.send("DELETE", f"/jobs/query/{job}")).status == 204
    assert world.db.execute("SELECT count(*) FROM salesforce_bulk_chunks").fetchone()[0] == 0


async def test_goes_on_in_another_life(world: World, jobs: Jobs) -> None:
    """A world that ended between two parts goes on with the next one."""
    seeding.seed(world, 8, 0)
    world.switches["salesforce"]["bulk_latency"] = 60
    job = await jobs.query(SOQL)
    steps = queries.work(world, 1)
    next(steps)
    assert kept.load(world, 1).processed == 3
    world.switches["salesforce"]["bulk_latency"] = 0
    await complete(jobs, job)
    page = await jobs.api.send("GET", f"/jobs/query/{job}/results")
    assert len((await page.text()).splitlines()) == 9


async def test_what_can_no_longer_be_seen(world: World, jobs: Jobs) -> None:
    """A job whose fields are hidden before its time has come fails."""
    world.switches["salesforce"]["bulk_latency"] = 60
    job = await jobs.query(SOQL)
    orgs.change_user(world, "sync@acme.example", hidden={"Lead": ["Title"]})
    world.advance(61)
    found = await jobs.state(job, "query")
    assert found["state"] == "Failed"
    assert "Title" in found["errorMessage"]
