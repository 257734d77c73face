"""Headers that change how a call is sent, answered or carried out."""

import gzip
import json
import re
import zlib

import pytest

from syncline_sim.salesforce import changes
from syncline_sim.world import World
from tests.sim.salesforce.conftest import Api

PERSON = {"LastName": "Müller", "Company": "Acme"}
JSON = "application/json"


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [
        ("gzip", "gzip"),
        ("deflate", "deflate"),
        ("deflate, gzip;q=0.9, br", "gzip"),
        ("gzip;q=0, deflate", "deflate"),
        ("br", None),
        ("identity", None),
    ],
)
async def test_compressed_answer(api: Api, accepted: str, sent: str | None) -> None:
    """Who can read it gets an answer compressed; a client takes it for the same."""
    response = await api.send("GET", "/sobjects/Lead/describe", headers={"Accept-Encoding": accepted})
    assert response.headers.get("Content-Encoding") == sent
    assert (await response.json())["name"] == "Lead"


async def test_short_answer(api: Api) -> None:
    """What is short is sent as it is."""
    response = await api.send("GET", "/query?q=SELECT+COUNT()+FROM+Lead", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in response.headers


async def test_uncompressed_is_longer(world: World, api: Api) -> None:
    """What goes over the wire is what the header says."""
    for number in range(50):
        changes.create_record(world, "Lead", {**PERSON, "Title": f"T{number}"})
    address = "/query?q=SELECT+FIELDS(ALL)+FROM+Lead+LIMIT+200"
    lengths = []
    for accepted in ("identity", "gzip"):
        response = await api.send("GET", address, headers={"Accept-Encoding": accepted})
        assert (await response.json())["totalSize"] == 50
        lengths.append(int(response.headers["Content-Length"]))
    assert lengths[1] < lengths[0] / 5


@pytest.mark.parametrize(("coding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_compressed_body(world: World, api: Api, coding: str, compress: "type[bytes]") -> None:
    """A body may be compressed."""
    headers = {"Content-Encoding": coding, "Content-Type": JSON}
    response = await api.send("POST", "/sobjects/Lead", data=compress(json.dumps(PERSON).encode()), headers=headers)
    assert response.status == 201
    assert changes.read_records(world, "Lead")[0]["LastName"] == "Müller"


async def test_broken_compression(api: Api) -> None:
    """A body that is not compressed as its header says is refused."""
    headers = {"Content-Encoding": "gzip", "Content-Type": JSON}
    assert await api.refusal("POST", "/sobjects/Lead", data=b"{}", headers=headers) == (400, "JSON_PARSER_ERROR")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sforce-Auto-Assign", "FALSE"),
        ("Sforce-Auto-Assign", "true"),
        ("Sforce-Duplicate-Rule-Header", "allowSave=true; includeRecordDetails=true; runAsCurrentUser=true"),
        ("Sforce-Mru", "updateMru=true"),
        ("Sforce-Call-Options", "client=SampleCaseSensitiveToken/100, defaultNamespace=battle"),
        ("x-sfdc-packageversion-clientPackage", "1.0"),
    ],
)
async def test_steering(api: Api, name: str, value: str) -> None:
    """What steers rules, lists and packages that there are none of changes nothing."""
    assert (await api.send("POST", "/sobjects/Lead", json=PERSON, headers={name: value})).status == 201
    assert (await api.send("GET", "/query?q=SELECT+Newsletter__c+FROM+Lead", headers={name: value})).status == 200


async def test_unknown_rule(world: World, api: Api) -> None:
    """A rule that there is not cannot be applied."""
    headers = {"Sforce-Auto-Assign": "01QHs0000000001MAA"}
    refused = await api.refusal("POST", "/sobjects/Lead", json=PERSON, headers=headers)
    assert refused == (400, "INVALID_CROSS_REFERENCE_KEY")
    assert changes.count_records(world, "Lead") == 0
    assert (await api.send("GET", "/sobjects", headers=headers)).status == 200


async def test_as_a_tap_reads(world: World, api: Api) -> None:
    """A tap pages through what is deleted too, and reads two limits, of which one has to be all that a header says."""
    for number in range(2001):
        changes.create_record(world, "Lead", {**PERSON, "Title": f"T{number}"})
    changes.delete_record(world, "Lead", changes.read_records(world, "Lead", limit=1)[0]["Id"])
    soql = (
        "SELECT Id,IsDeleted FROM Lead WHERE SystemModstamp >= 2020-01-01T00:00:00.000000Z  ORDER BY SystemModstamp ASC"
    )
    first = await api.send("GET", "/queryAll", params={"q": soql}, headers={"Accept-Encoding": "gzip, deflate"})
    assert re.search(r"^api-usage=(\d+)/(\d+)$", first.headers["Sforce-Limit-Info"])
    page = await first.json()
    (last,) = (await api.get(page["nextRecordsUrl"]))["records"]
    assert sum(record["IsDeleted"] for record in [*page["records"], last]) == 1
    assert (await api.get("/limits"))["DailyBulkApiBatches"] == {"Max": 15_000, "Remaining": 15_000}
