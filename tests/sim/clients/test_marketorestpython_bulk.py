"""marketorestpython, unmodified: its bulk import and extract against the simulated Marketo over real sockets.

The client waits a fifth of a second between two calls of a kind, and longer before it tries again.
"""

import csv
import gc
import hashlib
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncline_sim.app import Simulation
from tests.sim.clients.marketorestpython_calls import Client, code, people
from tests.sim.conftest import ControlDoor

pytestmark = [
    pytest.mark.slow,
    # The client never closes the file that it sends.
    pytest.mark.filterwarnings(r"ignore:Exception ignored in. <_io\.FileIO:pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def _drop_open_files() -> Iterator[None]:
    """Let the files that the client left open go here, where that is forgiven, and not in the midst of another test."""
    yield
    gc.collect()


@pytest.fixture
def client(simulation: Simulation) -> Client:
    """The client, pointed at the simulated world."""
    return Client(simulation.world.urls["marketo"])


def around(simulation: Simulation, days: int = 1) -> dict[str, Any]:
    """Answer a filter for what was created within some days around now."""
    ends = {"startAt": -days * 43200, "endAt": days * 43200}
    now = simulation.world.now()
    return {"createdAt": {end: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + s)) for end, s in ends.items()}}


async def export(client: Client, kind: str, **asked: Any) -> tuple[dict[str, Any], list[dict[str, str]]]:  # noqa: ANN401
    """Export as the client's users do, and answer the last status and the rows of the file."""
    (job,) = await client(f"create_{kind}_export_job", **asked)
    (queued,) = await client(f"enqueue_{kind}_export_job", job["exportId"])
    assert (job["status"], queued["status"]) == ("Created", "Queued")
    job = queued
    while job["status"] in ("Queued", "Processing"):
        (job,) = await client(f"get_{kind}_export_job_status", job["exportId"])
    content = await client(f"get_{kind}_export_job_file", job["exportId"])
    assert job["fileChecksum"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    return job, list(csv.DictReader(io.StringIO(content.decode(), newline="")))


async def imported(client: Client, file: Path, **asked: Any) -> dict[str, Any]:  # noqa: ANN401
    """Import a file as the client's users do, and answer the last status."""
    (job,) = await client("import_lead", asked.pop("format", "csv"), str(file), **asked)
    assert job["status"] == "Queued"
    while job["status"] in ("Queued", "Importing"):
        (job,) = await client("get_import_lead_status", job["batchId"])
    return dict(job)


async def test_import(simulation: Simulation, client: Client, tmp_path: Path) -> None:
    """A file is imported; the rows that failed or raised a doubt are told in files of their own."""
    (before,) = await people(client, "a@example.com")
    file = tmp_path / "leads.csv"
    file.write_text("email,firstName,leadScore\na@example.com,Zoë,1\nb@example.com,B,many\nnot an address,C,3\n")
    job = await imported(client, file, lookupField="email")
    assert (job["status"], job["numOfLeadsProcessed"]) == ("Complete", 2)
    assert (job["numOfRowsFailed"], job["numOfRowsWithWarning"]) == (1, 1)
    failures = await client("get_import_failure_file", job["batchId"])
    assert failures.splitlines() == [
        "email,firstName,leadScore,Import Failure Reason",
        "b@example.com,B,many,Invalid data type in field Lead Score",
    ]
    warnings = await client("get_import_warning_file", job["batchId"])
    assert warnings.splitlines()[1:] == ["not an address,C,3,Invalid email address"]
    (person,) = await client("get_lead_by_id", before, fields="firstName,leadScore")
    assert (person["firstName"], person["leadScore"]) == ("Zoë", 1)


async def test_import_to_list(simulation: Simulation, client: Client, tmp_path: Path) -> None:
    """Who is imported is put on a list; the tabs of a file are read as such."""
    (made,) = await client("create_list", name="Guests", folderId=2, folderType="Folder")
    file = tmp_path / "leads.tsv"
    file.write_text("email\tfirstName\na@example.com\tA\nb@example.com\tB\n")
    assert (await imported(client, file, format="tsv", listId=made["id"]))["numOfLeadsProcessed"] == 2
    members = await client("get_multiple_leads_by_list_id", listId=made["id"], fields="email")
    assert [member["email"] for member in members] == ["a@example.com", "b@example.com"]
    job, rows = await export(client, "leads", fields=["email"], filters={"staticListId": made["id"]})
    assert (job["numberOfRecords"], [row["email"] for row in rows]) == (2, ["a@example.com", "b@example.com"])


async def test_import_refused(client: Client, tmp_path: Path) -> None:
    """What makes no sense comes back with the vendor's code; a file that is too large is no JSON at all."""
    file = tmp_path / "leads.csv"
    file.write_text("email\na@example.com\n")
    with pytest.raises(Exception, match="noSuchField") as unknown:
        await client("import_lead", "csv", str(file), lookupField="noSuchField")
    assert code(unknown) == "1006"
    with pytest.raises(Exception, match="Object not found") as missing:
        await client("get_import_lead_status", 99)
    assert code(missing) == "1013"
    file.write_text("email\n" + "a@example.com\n" * (11 * 2**20 // 14))
    with pytest.raises(json.JSONDecodeError):
        await client("import_lead", "csv", str(file))


async def test_export_people(simulation: Simulation, client: Client) -> None:
    """People are exported with headers of one's own; nothing is the word null."""
    ids = await people(client, "a@example.com", "b@example.com")
    asked = {"fields": ["id", "email", "phone"], "columnHeaderNames": {"email": "Mail"}}
    job, rows = await export(client, "leads", filters=around(simulation), **asked)
    assert job["numberOfRecords"] == 2
    assert rows[0] == {"id": str(ids[0]), "Mail": "a@example.com", "phone": "null"}


async def test_export_activities(simulation: Simulation, client: Client) -> None:
    """Activities are exported, all of them or those of some kinds."""
    await people(client, "a@example.com")
    await client("create_update_leads", leads=[{"email": "a@example.com", "firstName": "New"}])
    _, rows = await export(client, "activities", filters=around(simulation))
    assert [row["activityTypeId"] for row in rows] == ["12", "13"]
    chosen = {**around(simulation), "activityTypeIds": [13]}
    _, rows = await export(client, "activities", fields=["primaryAttributeValue", "attributes"], filters=chosen)
    assert [(row["primaryAttributeValue"], json.loads(row["attributes"])["New Value"]) for row in rows] == [
        ("First Name", "New")
    ]


async def test_export_custom_objects(simulation: Simulation, client: Client) -> None:
    """Custom objects are exported by the name of their kind, and their jobs listed by it."""
    fields = [{"name": "number", "displayName": "Number", "dataType": "string", "isDedupeField": True}]
    await client("create_update_custom_object_type", apiName="seat", displayName="Seat")
    await client("add_field_custom_object_type", apiName="seat", fields=fields)
    await client("approve_custom_object_type", apiName="seat")
    await client("create_update_custom_objects", name="seat", input=[{"number": "1"}, {"number": "2"}])
    changed = {"updatedAt": around(simulation)["createdAt"]}
    (job,) = await client("create_custom_objects_export_job", fields=["number"], filters=changed, object_name="seat")
    await client("enqueue_custom_objects_export_job", job["exportId"], object_name="seat")
    for _ in range(2):
        (job,) = await client("get_custom_objects_export_job_status", job["exportId"], object_name="seat")
    assert (job["status"], job["numberOfRecords"]) == ("Completed", 2)
    assert await client("get_custom_objects_export_job_file", job["exportId"], object_name="seat") == b"number\n1\n2\n"
    assert await client("get_custom_objects_export_jobs_list", "seat") == [job]


async def test_export_streamed(simulation: Simulation, client: Client) -> None:
    """A file is also had as a stream."""
    await people(client, "a@example.com")
    (job,) = await client("create_leads_export_job", fields=["email"], filters=around(simulation), format="TSV")
    await client("enqueue_leads_export_job", job["exportId"])
    for _ in range(2):
        await client("get_leads_export_job_status", job["exportId"])
    response = await client("get_leads_export_job_file", job["exportId"], stream=True)
    lines = await client.bare(lambda: list(response.iter_lines(decode_unicode=True)))
    assert lines == ["email", "a@example.com"]


async def test_jobs(simulation: Simulation, client: Client) -> None:
    """Jobs are listed by kind; one that is given up is Cancelled."""
    (first,) = await client("create_leads_export_job", fields=["email"], filters=around(simulation))
    (second,) = await client("create_activities_export_job", filters=around(simulation))
    (cancelled,) = await client("cancel_leads_export_job", first["exportId"])
    assert cancelled["status"] == "Cancelled"
    (listed,) = await client("get_leads_export_jobs_list")
    assert (listed["exportId"], listed["status"]) == (first["exportId"], "Cancelled")
    assert [job["exportId"] for job in await client("get_activities_export_jobs_list")] == [second["exportId"]]


async def test_quota(simulation: Simulation, client: Client, control: ControlDoor) -> None:
    """The client does not try again when the files of the day are too large."""
    await control("POST /switches", {"side": "marketo", "bulk_quota": 0})
    with pytest.raises(Exception, match="Export daily quota 0MB exceeded") as refused:
        await client("create_leads_export_job", fields=["email"], filters=around(simulation))
    assert code(refused) == "1029"


async def test_full_queue(simulation: Simulation, client: Client, control: ControlDoor) -> None:
    """The client is told that the queue is full, and gets in when time has passed."""
    # Its own second try goes without the token, as after a 606.
    client.blocking.max_retry_time = 0
    await control("POST /switches", {"side": "marketo", "bulk_hurry": False})
    keys = []
    for _ in range(11):
        (job,) = await client("create_leads_export_job", fields=["email"], filters=around(simulation))
        keys.append(job["exportId"])
    for key in keys[:10]:
        await client("enqueue_leads_export_job", key)
    with pytest.raises(Exception, match="Too many jobs in queue") as refused:
        await client("enqueue_leads_export_job", keys[10])
    assert code(refused) == "1029"
    await control("POST /clock", {"advance": 120})
    (queued,) = await client("enqueue_leads_export_job", keys[10])
    assert queued["status"] == "Queued"


async def test_many_in(simulation: Simulation, client: Client, tmp_path: Path) -> None:
    """A large file goes in part by part."""
    file = tmp_path / "leads.csv"
    file.write_text("\n".join(["email,firstName", *(f"p{n}@example.com,P" for n in range(25_000))]))
    assert (await imported(client, file))["message"].startswith("Import succeeded, 25000 records imported")


async def test_many_out(simulation: Simulation, client: Client) -> None:
    """A hundred thousand people come out in a few seconds."""
    await people(client, "a@example.com")
    simulation.world.db.execute(
        """
        WITH RECURSIVE copies (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM copies WHERE n < 100000)
        INSERT INTO marketo_people SELECT n, created_at, updated_at, json_set(fields, '$.lastName', 'L' || n)
        FROM copies JOIN marketo_people ON id = 1
        """
    )
    job, rows = await export(client, "leads", fields=["id", "email", "lastName"], filters=around(simulation))
    assert job["numberOfRecords"] == 100_000
    assert rows[-1] == {"id": "100000", "email": "a@example.com", "lastName": "L100000"}
