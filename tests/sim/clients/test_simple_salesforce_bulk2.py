"""simple-salesforce, unmodified, reads and writes by Bulk API 2.0."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from simple_salesforce.bulk2 import ColumnDelimiter, LineEnding
from simple_salesforce.exceptions import (
    SalesforceMalformedRequest,
)

from syncline_sim.app import Simulation
from syncline_sim.salesforce import changes, orgs
from tests.sim.clients.bulk2 import Bulk2, client, error, leads, rows, thread
from tests.sim.salesforce.conftest import USERNAME

AWKWARD = 'Müller, "Söhne" & 株式会社\nZeile zwei \U0001f600'
MANY = 100_000


@pytest.fixture
def bulk(simulation: Simulation) -> Iterator[Bulk2]:
    """The client of the sync user, in a world with five leads."""
    with client(simulation) as made:
        yield made


def kept(simulation: Simulation, name: str) -> list[dict[str, Any]]:
    """Answer the leads whose last names begin so, as REST shows them."""
    found = changes.read_records(simulation.world, "Lead", limit=1000, deleted_too=True)
    return [record for record in found if record["LastName"].startswith(name)]


async def test_query_pages(simulation: Simulation, bulk: Bulk2) -> None:
    """A query comes in pages of the size that was asked for, each with its header, and in the query's order."""
    pages = await bulk.query("SELECT Id, Name FROM Lead ORDER BY Id DESC", max_records=2)
    assert [len(page) for page in pages] == [2, 2, 1]
    expected = [(r["Id"], r["Name"]) for r in reversed(changes.read_records(simulation.world, "Lead"))]
    assert [(record["Id"], record["Name"]) for page in pages for record in page] == expected


async def test_query_without_records(bulk: Bulk2) -> None:
    """Nothing found is one page with a header and no records."""
    texts = await thread(lambda: list(bulk.of("Lead").query("SELECT Id FROM Lead WHERE LastName = '?'", wait=0)))
    assert texts == ['"Id"\n']


async def test_query_all(simulation: Simulation, bulk: Bulk2) -> None:
    """Only query_all answers what lies in the recycle bin."""
    gone = changes.read_records(simulation.world, "Lead", limit=1)[0]["Id"]
    changes.delete_record(simulation.world, "Lead", gone)
    (some,) = await bulk.query("SELECT Id, IsDeleted FROM Lead")
    (all_,) = await bulk.query("SELECT Id, IsDeleted FROM Lead", "query_all")
    assert gone not in {record["Id"] for record in some}
    assert {record["Id"] for record in all_ if record["IsDeleted"] == "true"} == {gone}


async def test_query_parents(simulation: Simulation, bulk: Bulk2) -> None:
    """Fields of parents have the way to them in front of their names, and are empty where there is no parent."""
    account = changes.create_record(simulation.world, "Account", {"Name": "Acme, Ltd"})
    for last, parent in (("With", account), ("Without", None)):
        changes.create_record(simulation.world, "Contact", {"LastName": last, "AccountId": parent})
    soql = "SELECT LastName, Account.Name, account.IsDeleted FROM Contact WHERE LastName LIKE 'With%' ORDER BY LastName"
    (page,) = await bulk.query(soql)
    assert page == [
        {"LastName": "With", "Account.Name": "Acme, Ltd", "Account.IsDeleted": "false"},
        {"LastName": "Without", "Account.Name": "", "Account.IsDeleted": ""},
    ]


async def test_download(bulk: Bulk2, tmp_path: Path) -> None:
    """Pages are downloaded into files."""
    files = await thread(lambda: bulk.of("Lead").download("SELECT Id FROM Lead", str(tmp_path), max_records=3, wait=0))
    assert [(each["number_of_records"], bool(each["locator"])) for each in files] == [(3, True), (2, False)]
    texts = await thread(lambda: [Path(each["file"]).read_text() for each in files])
    assert [len(rows(text)) for text in texts] == [3, 2]


async def test_delimiter_and_line_ending(bulk: Bulk2) -> None:
    """The results are written with the delimiter and the ends of lines that were asked for."""
    call = bulk.of("Lead").query
    options: dict[str, Any] = {"column_delimiter": ColumnDelimiter.PIPE, "line_ending": LineEnding.CRLF, "wait": 0}
    (text,) = await thread(lambda: [str(page) for page in call("SELECT Id, LastName FROM Lead", **options)])
    assert text.startswith('"Id"|"LastName"\r\n"00Q')
    assert len(rows(text, "|")) == 5


async def test_insert(simulation: Simulation, bulk: Bulk2) -> None:
    """Good rows become records and bad ones say why; awkward texts come back as they were sent."""
    sent = leads(3, LastName=AWKWARD)
    sent[1]["Email"] = "broken"
    sent[2]["Company"] = ""
    job = await bulk.do("insert", "Lead", sent)
    counts = (job["numberRecordsTotal"], job["numberRecordsProcessed"], job["numberRecordsFailed"])
    assert counts == (3, 3, 2)
    (good,) = await bulk.results(job, "successful")
    assert (good["sf__Created"], good["LastName"], good["Legacy_Id__c"]) == ("true", AWKWARD, "N-0")
    failed = await bulk.results(job, "failed")
    assert [(row["sf__Id"], row["sf__Error"], row["Legacy_Id__c"]) for row in failed] == [
        ("", "INVALID_EMAIL_ADDRESS:Email: invalid email address: broken:Email --", "N-1"),
        ("", "REQUIRED_FIELD_MISSING:Required fields are missing: [Company]:Company --", "N-2"),
    ]
    assert await bulk.results(job, "unprocessed") == []
    (record,) = kept(simulation, "Müller")
    assert (record["Id"], record["LastName"]) == (good["sf__Id"], AWKWARD)
    ((read,),) = await bulk.query("SELECT LastName FROM Lead WHERE Legacy_Id__c = 'N-0'")
    assert read["LastName"] == AWKWARD


async def test_insert_file_with_bom(simulation: Simulation, bulk: Bulk2, tmp_path: Path) -> None:
    """A file may begin with a BOM and end its lines with CRLF when the job says so."""
    file = tmp_path / "leads.csv"
    file.write_bytes('\ufeffLastName,Company\r\n"Bömmel",Acme\r\n'.encode())
    call = bulk.of("Lead").insert
    (job,) = await thread(lambda: call(csv_file=str(file), line_ending=LineEnding.CRLF, wait=0))
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (1, 0)
    assert len(kept(simulation, "Bömmel")) == 1


async def test_insert_in_several_jobs(simulation: Simulation, bulk: Bulk2) -> None:
    """The client makes a job per batch, several at a time."""
    call = bulk.of("Lead").insert
    made = await thread(lambda: call(records=leads(40), batch_size=10, concurrency=4, wait=0))
    assert [job["numberRecordsProcessed"] for job in made] == [10] * 4
    assert len({job["job_id"] for job in made}) == 4
    assert len(kept(simulation, "Last")) == 40


async def test_update(simulation: Simulation, bulk: Bulk2) -> None:
    """An empty column leaves a field as it is, #N/A empties it."""
    lead = changes.create_record(
        simulation.world, "Lead", {"LastName": "Up", "Company": "A", "Title": "Dr", "City": "Ulm"}
    )
    change = {"Id": lead[:15], "Company": "B", "Title": "", "City": "#N/A", "AnnualRevenue": "12.5", "DoNotCall": "1"}
    job = await bulk.do("update", "Lead", [change, {**change, "Id": "00QHs00000ZZZZZ"}, {**change, "Id": "12"}])
    assert job["numberRecordsFailed"] == 2
    (record,) = kept(simulation, "Up")
    found = [record[name] for name in ("Company", "Title", "City", "AnnualRevenue", "DoNotCall")]
    assert found == ["B", "Dr", None, 12.5, True]
    failed = await bulk.results(job, "failed")
    assert [row["sf__Error"].split(":")[0] for row in failed] == ["INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"]
    assert [row["sf__Created"] for row in await bulk.results(job, "successful")] == ["false"]


async def test_upsert(simulation: Simulation, bulk: Bulk2) -> None:
    """An upsert finds records by an external id, changes one and creates the other."""
    old = changes.create_record(simulation.world, "Lead", {"LastName": "Old", "Company": "A", "Legacy_Id__c": "N-0"})
    job = await bulk.do("upsert", "Lead", leads(2), external_id_field="Legacy_Id__c")
    done = await bulk.results(job, "successful")
    assert [(row["sf__Id"] == old, row["sf__Created"]) for row in done] == [(True, "false"), (False, "true")]
    assert [record["LastName"] for record in kept(simulation, "Last")] == ["Last 0", "Last 1"]


async def test_delete(simulation: Simulation, bulk: Bulk2) -> None:
    """Deleted records go to the recycle bin; who deletes them again is told."""
    ids = [{"Id": record["Id"]} for record in changes.read_records(simulation.world, "Lead", limit=2)]
    assert (await bulk.do("delete", "Lead", ids))["numberRecordsFailed"] == 0
    again = await bulk.do("delete", "Lead", ids)
    assert {row["sf__Error"] for row in await bulk.results(again, "failed")} == {
        "ENTITY_IS_DELETED:entity is deleted:--"
    }
    (left,) = await bulk.query("SELECT Id FROM Lead")
    assert len(left) == 3


async def test_hard_delete(simulation: Simulation, bulk: Bulk2) -> None:
    """Only who has the permission may delete for good."""
    ids = [{"Id": record["Id"]} for record in changes.read_records(simulation.world, "Lead", limit=2)]
    with pytest.raises(SalesforceMalformedRequest) as caught:
        await bulk.do("hard_delete", "Lead", ids)
    assert error(caught)["errorCode"] == "FEATURENOTENABLED"
    orgs.change_user(simulation.world, USERNAME, permissions=[*orgs.SYNC_PERMISSIONS, "BulkApiHardDelete"])
    await bulk.do("hard_delete", "Lead", ids)
    (left,) = await bulk.query("SELECT Id FROM Lead", "query_all")
    assert len(left) == 3


async def test_all_ingest_records(bulk: Bulk2) -> None:
    """All results of a job in one call."""
    job = await bulk.do("insert", "Lead", [*leads(2), {"LastName": "No company"}])
    found = await thread(lambda: bulk.of("Lead").get_all_ingest_records(job["job_id"]))
    assert {name: len(records) for name, records in found.items()} == {
        "successfulRecords": 2,
        "failedRecords": 1,
        "unprocessedRecords": 0,
    }


@pytest.mark.slow
async def test_many(simulation: Simulation, bulk: Bulk2, tmp_path: Path) -> None:
    """100,000 rows go in by one job and come out by another, every one of them once."""
    job = await bulk.do("insert", "Lead", leads(MANY))
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (MANY, 0)
    done = await bulk.results(job, "successful")
    assert len({row["sf__Id"] for row in done}) == MANY
    soql = "SELECT Id, LastName, Email, CreatedDate FROM Lead WHERE Company = 'Acme' AND Legacy_Id__c LIKE 'N-%'"
    pages = await bulk.query(soql)
    assert [len(page) for page in pages] == [50_000, 50_000]
    assert {record["Id"] for page in pages for record in page} == {row["sf__Id"] for row in done}
    files = await thread(lambda: bulk.of("Lead").download(soql, str(tmp_path), max_records=30_000, wait=0))
    assert [each["number_of_records"] for each in files] == [30_000, 30_000, 30_000, 10_000]


@pytest.mark.slow
async def test_upsert_many(simulation: Simulation, bulk: Bulk2) -> None:
    """An upsert of 20,000 rows finds each record by an index."""
    await bulk.do("insert", "Lead", leads(10_000))
    job = await bulk.do("upsert", "Lead", leads(20_000, Company="Globex"), external_id_field="Legacy_Id__c")
    created = [row["sf__Created"] for row in await bulk.results(job, "successful")]
    assert (created.count("false"), created.count("true")) == (10_000, 10_000)
