"""What the control door does to records: leads that are converted, records that are merged, stamps that differ."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncline_sim.app import Simulation
from syncline_sim.salesforce import changes, orgs
from tests.sim.conftest import ControlDoor
from tests.sim.salesforce.conftest import USERNAME, ask, log_in

STAMPS = ("SystemModstamp", "LastModifiedDate")


def record(simulation: Simulation, kind: str, record_id: str) -> dict[str, Any]:
    """Answer a record, wherever it lies."""
    found = changes.read_records(simulation.world, kind, deleted_too=True)
    return next(each for each in found if each["Id"] == record_id)


async def first(control: ControlDoor, kind: str) -> dict[str, Any]:
    """Answer the oldest record that there is."""
    found: dict[str, Any] = (await control(f"GET /records?object={kind}&limit=1"))["records"][0]
    return found


async def test_convert(simulation: Simulation, control: ControlDoor) -> None:
    """The hand converts a lead as one of the org's users does; that cannot be done twice."""
    lead = await first(control, "Lead")
    sent = {"id": lead["Id"], "change": {"convert": {}}, "by": USERNAME}
    (done,) = (await control("POST /records", sent))["results"]
    assert record(simulation, "Lead", lead["Id"])["ConvertedContactId"] == done["contact_id"]
    made = record(simulation, "Contact", done["contact_id"])
    assert (made["AccountId"], made["LastName"]) == (done["account_id"], lead["LastName"])
    assert made["CreatedById"] == orgs.find_user(simulation.world.db, USERNAME).id
    refused = await control("POST /records", sent, status=400)
    assert refused["error"] == "CANNOT_UPDATE_CONVERTED_LEAD: cannot reference converted lead"
    wrong = {"id": lead["Id"], "change": {"convert": {"acount_id": ""}}}
    assert "acount_id" in (await control("POST /records", wrong, status=400))["error"]


async def test_merge_and_undelete(simulation: Simulation, control: ControlDoor) -> None:
    """The hand merges records and brings one back."""
    people = {"object": "Contact", "change": {"create": {"LastName": "Twin"}}, "count": 2}
    winner, loser = (await control("POST /records", people))["ids"]
    change = {"merge": [loser], "values": {"Title": "Kept"}}
    (done,) = (await control("POST /records", {"object": "Contact", "id": winner, "change": change}))["results"]
    assert (done["id"], done["gone"]) == (winner, [loser])
    assert record(simulation, "Contact", winner)["Title"] == "Kept"
    gone = record(simulation, "Contact", loser)
    assert (gone["IsDeleted"], gone["MasterRecordId"]) == (True, winner)
    await control("POST /records", {"object": "Contact", "id": loser, "change": "undelete"})
    back = record(simulation, "Contact", loser)
    assert (back["IsDeleted"], back["MasterRecordId"]) == (False, None)


async def test_background(simulation: Simulation, control: ControlDoor) -> None:
    """An automation of the vendor's moves the SystemModstamp and nothing else that says when or by whom."""
    before = await first(control, "Lead")
    await control("POST /records", {"change": {"background": {"Rating": "Hot"}}, "by": "dana@acme.example"})
    after = record(simulation, "Lead", before["Id"])
    assert after["Rating"] == "Hot"
    assert after["SystemModstamp"] > before["SystemModstamp"]
    for name in ("LastModifiedDate", "LastModifiedById", "CreatedDate"):
        assert after[name] == before[name]
    await control("POST /records", {"change": "touch"})
    assert record(simulation, "Lead", before["Id"])["LastModifiedDate"] == before["LastModifiedDate"]


@pytest.mark.parametrize("change", ["delete", {"Company": "Late"}, {"convert": {}}])
async def test_late_commit(simulation: Simulation, control: ControlDoor, change: Any) -> None:  # noqa: ANN401 - any
    """A long transaction commits late: all stamps of what it wrote lie behind a cursor that has passed them."""
    lead = (await first(control, "Lead"))["Id"]
    cursor = datetime.now(UTC)
    late = (cursor - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    await control("POST /records", {"id": lead, "change": change, "stamp": late})
    found = record(simulation, "Lead", lead)
    assert [found[stamp] for stamp in STAMPS] == [late.replace("Z", ".000+0000")] * 2
    if found["ConvertedAccountId"]:
        account = record(simulation, "Account", found["ConvertedAccountId"])
        assert account["SystemModstamp"] == account["CreatedDate"] == found["SystemModstamp"]
    moment = cursor.strftime("%Y-%m-%dT%H:%M:%SZ")
    log_in(simulation.world)
    assert ask(simulation.world, "SELECT Id FROM Lead WHERE SystemModstamp >=", moment) == []
