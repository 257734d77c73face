"""Ingest jobs on the wire: documents, uploads, results, and jobs that end half-way."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from syncline_sim.salesforce import changes, orgs
from syncline_sim.salesforce.bulk import ingest
from syncline_sim.salesforce.bulk import jobs as bulk_jobs
from syncline_sim.world import World
from tests.sim.salesforce.bulk.conftest import Jobs
from tests.sim.salesforce.conftest import USERNAME

TWO = "LastName,Company\nA,Acme\nB,\n"


def lines(count: int) -> str:
    """Answer an upload of so many good rows."""
    return "LastName,Company\n" + "".join(f"N{n},Acme\n" for n in range(count))


async def ended(jobs: Jobs, job: str) -> dict[str, Any]:
    """Ask about a job until it ends; each question lets the world work on."""
    for _ in range(100):
        seen = await jobs.state(job)
        if seen["state"] != "InProgress":
            return seen
    raise AssertionError(f"{job} does not end")


async def test_job_documents(jobs: Jobs) -> None:
    """What creating, closing and asking about a job answers."""
    created = await jobs.create("ingest", object="lead", operation="upsert", externalIdFieldName="legacy_id__c")
    assert created["contentUrl"] == f"services/data/v67.0/jobs/ingest/{created['id']}/batches"
    names = ("object", "operation", "externalIdFieldName", "state", "contentType", "apiVersion")
    assert [created[name] for name in names] == ["Lead", "upsert", "Legacy_Id__c", "Open", "CSV", 67.0]
    assert (await jobs.upload(created["id"], "LastName,Company,Legacy_Id__c\nA,B,1\n")).status == 201
    closed = await jobs.move(created["id"], "UploadComplete")
    assert (closed["state"], "contentUrl" in closed) == ("UploadComplete", False)
    job = await jobs.state(created["id"])
    names = ("state", "jobType", "numberRecordsProcessed", "numberRecordsFailed", "retries", "apexProcessingTime")
    assert [job[name] for name in names] == ["JobComplete", "V2Ingest", 1, 0, 0, 0]


@pytest.mark.parametrize("case", [str, str.lower, str.upper])
async def test_result_paths(jobs: Jobs, case: type[str]) -> None:
    """Paths of results are taken in any case, with a slash at the end or without."""
    job = await jobs.load(TWO)
    assert (await jobs.text(job, case("successfulResults"))).startswith('"sf__Id","sf__Created","LastName","Company"\n')
    failed = await jobs.text(job, case("failedResults") + "/")
    text = "REQUIRED_FIELD_MISSING:Required fields are missing: [Company]:Company --"
    assert failed == f'"sf__Id","sf__Error","LastName","Company"\n"","{text}","B",""\n'
    assert await jobs.text(job, case("unprocessedRecords")) == '"LastName","Company"\n'
    assert await jobs.api.refusal("GET", f"/jobs/ingest/{job}/otherResults") == (404, "NOT_FOUND")


async def test_second_upload(jobs: Jobs) -> None:
    """A job takes one upload, in the vendor's words."""
    job = (await jobs.create("ingest", object="Lead", operation="insert"))["id"]
    assert (await jobs.upload(job, TWO)).status == 201
    again = await jobs.upload(job, TWO)
    (error,) = await again.json()
    assert (again.status, error["errorCode"]) == (400, "BULK_API_ERROR")
    assert error["message"].startswith(f"Found multiple contents for job: <{job[:15]}>, please 'Close' / 'Abort'")
    await jobs.move(job, "Aborted")
    assert (await jobs.upload(job, TWO)).status == 400


async def test_chunked_upload(jobs: Jobs) -> None:
    """An upload may come in pieces of unknown number, cut anywhere."""

    async def pieces() -> AsyncIterator[bytes]:
        for byte in 'LastName,Company\n"Mül""ler\n",Acme\n'.encode():
            yield bytes([byte])

    job = await jobs.load(pieces())  # type: ignore[arg-type]  # aiohttp takes an iterator
    assert '"true","Mül""ler\n","Acme"\n' in await jobs.text(job, "successfulResults")


async def test_too_large(world: World, jobs: Jobs) -> None:
    """An upload beyond the limit is refused, and a smaller one taken afterwards."""
    world.switches["salesforce"]["bulk_upload_bytes"] = 100
    job = (await jobs.create("ingest", object="Lead", operation="insert"))["id"]
    assert (await jobs.upload(job, lines(100))).status == 413
    assert (await jobs.upload(job, TWO)).status == 201


FAILURES = {
    "LastName,Colour\nA,red\n": "InvalidBatch : Field name not found : Colour",
    "LastName,LastName\nA,B\n": "InvalidBatch : Duplicate field name : LastName",
    "LastName,Company\r\nA,B\r\n": "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting"
    " is LF",
    'LastName,Company\nA,"B\n': "InvalidBatch : The data is not valid CSV: unexpected end of data",
}


@pytest.mark.parametrize("upload", FAILURES)
async def test_failed_jobs(jobs: Jobs, upload: str) -> None:
    """An upload that cannot be understood fails the job and writes nothing."""
    job = await jobs.state(await jobs.load(upload))
    found = (job["state"], job["errorMessage"], job["numberRecordsProcessed"])
    assert found == ("Failed", FAILURES[upload], 0)


async def test_unprocessed(jobs: Jobs) -> None:
    """The rows of a failed job come back as they were sent."""
    job = await jobs.load("LastName,Colour\nA,red\n")
    assert await jobs.text(job, "unprocessedrecords") == '"LastName","Colour"\n"A","red"\n'
    assert await jobs.text(job, "successfulResults") == '"sf__Id","sf__Created","LastName","Colour"\n'


async def test_not_utf8(jobs: Jobs) -> None:
    """Bytes that are not UTF-8 fail the job."""
    job = await jobs.state(await jobs.load(b"LastName,Company\n\xfcber,Acme\n"))
    assert job["errorMessage"] == "InvalidBatch : The data is not valid CSV: it is not UTF-8"


async def test_ids_only(jobs: Jobs) -> None:
    """A delete takes ids and nothing else."""
    job = await jobs.state(await jobs.load(TWO, operation="delete"))
    assert job["errorMessage"] == "InvalidBatch : The 'delete' batch must contain only ids"


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("AnnualRevenue", "much", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("DoNotCall", "maybe", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("Last_Demo__c", "yesterday", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("Contract_End__c", "31.12.2026", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ("Title", "x" * 200, "STRING_TOO_LONG"),
        ("CreatedDate", "2026-01-01T00:00:00Z", "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("Id", "00QHs0000000001MAA", "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
async def test_refused_rows(jobs: Jobs, column: str, value: str, code: str) -> None:
    """A row with a value that its field cannot hold is refused, with the field's name."""
    job = await jobs.load(f"LastName,Company,{column}\nA,Acme,{value}\nB,Acme,\n")
    failed = (await jobs.text(job, "failedResults")).splitlines()[1]
    assert failed.startswith(f'"","{code}:')
    assert f':{column} --","A"' in failed
    assert (await jobs.state(job))["numberRecordsFailed"] == 1


async def test_hidden_field(world: World, jobs: Jobs) -> None:
    """A field that the user cannot see is not there to be written."""
    orgs.change_user(world, USERNAME, hidden={"Lead": ["Title"]})
    job = await jobs.state(await jobs.load("LastName,Company,Title\nA,B,C\n"))
    assert job["errorMessage"] == "InvalidBatch : Field name not found : Title"


async def test_read_only(world: World, jobs: Jobs) -> None:
    """A field, and an object, that the user may only read."""
    orgs.change_user(world, USERNAME, read_only={"Lead": ["Title"], "Contact": ["*"]})
    job = await jobs.load("LastName,Company,Title\nA,B,C\nA,B,\n")
    assert (await jobs.text(job, "failedResults")).splitlines()[1].startswith('"","INVALID_FIELD_FOR_INSERT_UPDATE:')
    assert (await jobs.state(job))["numberRecordsFailed"] == 1
    job = await jobs.load("LastName\nA\n", object="Contact")
    assert (await jobs.text(job, "failedResults")).splitlines()[1].startswith('"","INSUFFICIENT_ACCESS_OR_READONLY:')


async def test_look_ups(world: World, jobs: Jobs) -> None:
    """A column may name the external id of the record that is meant; one that is not there is told."""
    account = changes.create_record(world, "Account", {"Name": "Acme", "Legacy_Id__c": "A-1"})
    job = await jobs.load("LastName,account.legacy_id__c\nA,A-1\nB,\nC,A-2\n", object="Contact")
    made = changes.read_records(world, "Contact")
    assert [(record["LastName"], record["AccountId"]) for record in made] == [("A", account), ("B", None)]
    assert "Foreign key external ID: A-2 not found for field Legacy_Id__c" in await jobs.text(job, "failedResults")
    job = await jobs.load("LastName,Account.Name\nA,Acme\n", object="Contact")
    assert (await jobs.state(job))["errorMessage"] == "InvalidBatch : Field name not found : Account.Name"
    job = await jobs.load(f"LastName,AccountId\nA,{account[:-3]}\nB,001Hs00000ZZZZZ\nC,x\n", object="Contact")
    failed = (await jobs.text(job, "failedResults")).splitlines()[1:]
    assert [line.split('"')[3].split(":")[0] for line in failed] == ["INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"]


async def test_ambiguous_upsert(world: World, jobs: Jobs) -> None:
    """An external id that two records have, and one that is not there."""
    for name in ("A", "B"):
        changes.create_record(world, "Lead", {"LastName": name, "Company": "C", "Legacy_Id__c": "1"})
    upload = "LastName,Company,Legacy_Id__c\nX,Y,1\nX,Y,\n"
    job = await jobs.load(upload, operation="upsert", externalIdFieldName="Legacy_Id__c")
    codes = [line.split('"')[3].split(":")[0] for line in (await jobs.text(job, "failedResults")).splitlines()[1:]]
    assert codes == ["DUPLICATE_EXTERNAL_ID", "MISSING_ARGUMENT"]


async def test_upsert_needs_a_key(jobs: Jobs) -> None:
    """An upsert without a field to find records by is no job."""
    order = {"object": "Lead", "operation": "upsert"}
    assert await jobs.api.refusal("POST", "/jobs/ingest", json=order) == (400, "INVALIDJOB")
    order = {"object": "User", "operation": "insert"}
    assert await jobs.api.refusal("POST", "/jobs/ingest", json=order) == (400, "INVALIDENTITY")


async def test_batch_limit(world: World, jobs: Jobs) -> None:
    """A job counts a batch for 10,000 rows; without room for it, it fails and its rows stay unprocessed."""
    world.switches["salesforce"]["bulk_batches"] = 1
    await jobs.load(TWO)
    assert (await jobs.api.get("/limits"))["DailyBulkApiBatches"] == {"Max": 1, "Remaining": 0}
    job = await jobs.load(TWO)
    assert (await jobs.state(job))["errorMessage"] == "ExceededQuota : ApiBatchItems Limit exceeded."
    assert (await jobs.text(job, "unprocessedrecords")).count("\n") == 3


async def test_large_job_between_other_calls(world: World, jobs: Jobs) -> None:
    """A large job is worked on in parts: others are answered meanwhile."""
    job = await jobs.load(lines(1200))
    assert (await ended(jobs, job))["numberRecordsProcessed"] == 1200
    assert changes.count_records(world, "Lead") == 1200


async def test_going_on_after_a_restart(world: World, jobs: Jobs) -> None:
    """A job that a world left half-way goes on where it was, when it is asked about again."""
    world.switches["salesforce"]["bulk_latency"] = 60
    job = await jobs.load(lines(1200))
    number = world.db.execute("SELECT number FROM salesforce_bulk_jobs WHERE id = ?", (job,)).fetchone()["number"]
    next(ingest.work(world, number))  # One slice, and then this life ends.
    half = bulk_jobs.load(world, number)
    assert (half.state, half.processed) == ("InProgress", 500)
    world.advance(61)
    assert (await ended(jobs, job))["state"] == "JobComplete"
    assert changes.count_records(world, "Lead") == 1200
    assert (await jobs.text(job, "successfulResults")).count("\n") == 1201


async def test_aborted_half_way(world: World, jobs: Jobs) -> None:
    """What an aborted job did stays done, and the rest comes back as unprocessed."""
    world.switches["salesforce"]["bulk_latency"] = 60
    job = await jobs.load(lines(1200))
    number = world.db.execute("SELECT number FROM salesforce_bulk_jobs WHERE id = ?", (job,)).fetchone()["number"]
    work = ingest.work(world, number)
    next(work)
    await jobs.move(job, "Aborted")
    assert list(work) == []
    assert changes.count_records(world, "Lead") == 500
    assert (await jobs.text(job, "successfulResults")).count("\n") == 501
    assert (await jobs.text(job, "unprocessedrecords")).count("\n") == 701
