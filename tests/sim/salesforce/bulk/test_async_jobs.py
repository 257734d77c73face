"""Bulk API 1.0: jobs and batches, their states and limits, and in which form they are described."""

import gzip
import json
from io import BytesIO

import pytest
from defusedxml.ElementTree import fromstring

from syncline_sim.salesforce import changes
from syncline_sim.world import World
from tests.sim.salesforce.bulk.async_door import CSV, JSON, NAMESPACE, XML, AsyncDoor, text
from tests.sim.salesforce.conftest import log_in

PERSON = {"LastName": "Müller", "Company": "Acme"}
HEADER = "LastName,Company\n"


async def test_as_a_tap_does(world: World, async_door: AsyncDoor) -> None:
    """A job in JSON has batches in XML and results in CSV when that is its content type."""
    changes.create_record(world, "Lead", PERSON)
    order = json.dumps({"operation": "queryAll", "object": "Lead", "contentType": "CSV"})
    made = await async_door.send("POST", "", order, JSON, Sforce_Disable_Batch_Retry="true")
    assert (made.status, made.headers["Content-Type"]) == (201, JSON)
    job = (await made.json())["id"]
    batch = await async_door.batch(job, "SELECT Id,LastName FROM Lead ORDER BY SystemModstamp ASC")
    closed = await async_door.send("POST", f"/{job}", '{"state": "Closed"}', JSON)
    assert (await closed.json())["state"] == "Closed"
    found = await async_door.xml("GET", f"/{job}/batch/{batch}", kind=JSON)
    assert [text(found, name) for name in ("jobId", "state", "numberRecordsProcessed")] == [job, "Completed", "1"]
    listed = await async_door.xml("GET", f"/{job}/batch/{batch}/result", kind=JSON)
    assert listed.tag == f"{{{NAMESPACE}}}result-list"
    result = await async_door.send("GET", f"/{job}/batch/{batch}/result/{listed[0].text}", kind=CSV)
    assert result.headers["Content-Type"] == "text/csv; charset=UTF-8"
    assert (await result.text()).splitlines()[1].endswith(',"Müller"')


async def test_a_job_that_is_gone(async_door: AsyncDoor) -> None:
    """Who calls in JSON is refused in JSON, which a tap compares word for word."""
    response = await async_door.send("GET", "/750Hs0000000zzz", kind=JSON)
    assert (response.status, response.headers["Content-Type"]) == (400, JSON)
    document = {"exceptionCode": "InvalidJob", "exceptionMessage": "Unable to find job: 750Hs0000000zzz"}
    assert await response.json() == document


async def test_form_of_a_job(async_door: AsyncDoor) -> None:
    """A call that does not say what it is in is answered in XML, but in JSON where the job is."""
    job = await async_door.job(concurrencyMode="Serial")
    found = await async_door.xml("GET", f"/{job}", kind="")
    assert [text(found, name) for name in ("state", "concurrencyMode", "apiVersion")] == ["Open", "Serial", "61.0"]
    assert text(found, "createdDate").endswith(".000Z")
    assert found.find(f"{{{NAMESPACE}}}externalIdFieldName") is None
    other = await async_door.job(contentType="JSON")
    document = await (await async_door.send("GET", f"/{other}")).json()
    assert (document["contentType"], document["createdDate"][-9:]) == ("JSON", ".000+0000")


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"operation": "merge"}, "InvalidJob"),
        ({"contentType": "ZIP_CSV"}, "InvalidJob"),
        ({"concurrencyMode": "Sideways"}, "InvalidJob"),
        ({"assignmentRuleId": "01QHs0000000001"}, "InvalidJob"),
        ({"object": "Nothing"}, "InvalidJob"),
        ({"operation": "insert", "object": "User"}, "InvalidEntity"),
        ({"operation": "hardDelete"}, "FeatureNotEnabled"),
    ],
)
async def test_refused_jobs(async_door: AsyncDoor, order: dict[str, str], code: str) -> None:
    """What there is not is refused before there is a job."""
    settings = {"operation": "query", "object": "Lead", "contentType": "CSV", **order}
    body = "".join(f"<{name}>{value}</{name}>" for name, value in settings.items())
    assert await async_door.refusal("POST", "", f'<jobInfo xmlns="{NAMESPACE}">{body}</jobInfo>') == code


@pytest.mark.parametrize("body", ["<jobInfo>", "<jobInfo/>", f'<x xmlns="{NAMESPACE}"/>', "<!DOCTYPE x><x/>", ""])
async def test_no_job(async_door: AsyncDoor, body: str) -> None:
    """What is no job in XML, or XML with a document type, is none."""
    assert await async_door.refusal("POST", "", body) == "InvalidXml"


async def test_users_can_be_read(async_door: AsyncDoor) -> None:
    """What cannot be written can be read all the same."""
    job = await async_door.job(subject="User")
    assert '"Username"\n"sync@acme.example"' in await async_door.run(job, "SELECT Username FROM User")


async def test_content_type_of_a_batch(async_door: AsyncDoor) -> None:
    """A batch is in the format of its job."""
    job = await async_door.job("insert")
    assert await async_door.refusal("POST", f"/{job}/batch", "[]", XML) == "InvalidBatch"


async def test_closed(world: World, async_door: AsyncDoor) -> None:
    """A job that is closed takes no batch, but counts it; one that is closed already stays so."""
    job = await async_door.job("insert")
    world.switches["salesforce"]["bulk_batches"] = 2
    close = f'<jobInfo xmlns="{NAMESPACE}"><state>Closed</state></jobInfo>'
    # Also in the content type that the vendor's own example has.
    assert text(await async_door.xml("POST", f"/{job}", close, CSV), "state") == "Closed"
    assert await async_door.refusal("POST", f"/{job}", close) == "InvalidJobState"
    codes = [await async_door.refusal("POST", f"/{job}/batch", HEADER, CSV) for _ in range(3)]
    assert codes == ["InvalidJobState", "InvalidJobState", "ExceededQuota"]


async def test_old(world: World, async_door: AsyncDoor) -> None:
    """A job takes batches for a day."""
    job = await async_door.job("insert")
    world.advance(24 * 3600 + 1)
    async_door.token = log_in(world).token
    assert await async_door.refusal("POST", f"/{job}/batch", HEADER, CSV) == "InvalidJobState"


async def test_sizes(async_door: AsyncDoor) -> None:
    """A batch has something in it, 10 MB and 10,000 rows at most."""
    job = await async_door.job("insert")
    assert await async_door.refusal("POST", f"/{job}/batch", " \n", CSV) == "ClientInputError"
    for size in (10_000_001, 17 * 2**20):
        assert await async_door.refusal("POST", f"/{job}/batch", BytesIO(b"x" * size), CSV) == "ClientInputError"
    batch = await async_door.batch(job, "LastName\n" + "x\n" * 10_001)
    assert (await async_door.state(job, batch))[0] == "Failed"


async def test_states(world: World, async_door: AsyncDoor) -> None:
    """A batch waits, is worked on and done; after an abort those that wait are not."""
    world.switches["salesforce"]["bulk_polls"] = 2
    job = await async_door.job("insert")
    first = await async_door.xml("POST", f"/{job}/batch", HEADER + "A,B\n", CSV)
    assert text(first, "state") == "Queued"
    assert await async_door.states(job) == [("InProgress", 0)]
    await async_door.batch(job, HEADER + "C,D\n")
    abort = f'<jobInfo xmlns="{NAMESPACE}"><state>Aborted</state></jobInfo>'
    assert text(await async_door.xml("POST", f"/{job}", abort), "state") == "Aborted"
    assert await async_door.states(job) == [("Completed", 1), ("NotProcessed", 0)]
    assert changes.count_records(world, "Lead") == 1


async def test_serial(world: World, async_door: AsyncDoor) -> None:
    """In serial mode a batch waits for those before it."""
    world.switches["salesforce"]["bulk_polls"] = 1
    job = await async_door.job("insert", concurrencyMode="Serial")
    await async_door.batch(job, HEADER + "A,B\n")
    second = await async_door.batch(job, HEADER + "C,D\n")  # Looks at the first one, which is done by this.
    assert await async_door.states(job) == [("Completed", 1), ("Completed", 1)]
    third, fourth = [await async_door.batch(job, HEADER + "E,F\n") for _ in range(2)]
    assert (await async_door.state(job, second))[0] == "Completed"
    world.switches["salesforce"]["bulk_polls"] = 9
    assert [(await async_door.state(job, batch))[0] for batch in (third, fourth)] == ["Completed", "InProgress"]


async def test_compressed(world: World, async_door: AsyncDoor) -> None:
    """What is sent may be compressed, and what is answered is, for who asks."""
    job = await async_door.job("insert")
    body = gzip.compress((HEADER + "Zip,Acme\n").encode())
    response = await async_door.send("POST", f"/{job}/batch", body, CSV, Content_Encoding="gzip")
    assert text(fromstring(await response.text()), "state") == "Queued"
    assert changes.read_records(world, "Lead")[0]["LastName"] == "Zip"
    for accepted, sent in (("gzip", "gzip"), ("deflate", None), ("identity", None)):
        response = await async_door.send("GET", f"/{job}", Accept_Encoding=accepted)
        assert response.headers.get("Content-Encoding") == sent
        assert text(fromstring(await response.text()), "id") == job


async def test_broken_compression(async_door: AsyncDoor) -> None:
    """What is not compressed as it says cannot be read."""
    job = await async_door.job("insert")
    response = await async_door.send("POST", f"/{job}/batch", HEADER, CSV, Content_Encoding="gzip")
    assert (response.status, "<exceptionCode>ClientInputError</exceptionCode>" in await response.text()) == (400, True)


async def test_session(async_door: AsyncDoor) -> None:
    """Who has no session is told so with HTTP 400."""
    async_door.token = "00D!nobody"
    assert await async_door.refusal("GET", "/750Hs0000000001") == "InvalidSessionId"
