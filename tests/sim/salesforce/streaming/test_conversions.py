"""Change events of leads that are converted, records that are merged or brought back, and what automations do."""

from typing import Any

import pytest

from syncline_sim.app import Simulation
from syncline_sim.salesforce import changes
from tests.sim.conftest import ControlDoor
from tests.sim.salesforce.streaming.conftest import Stream

TWINS = {"object": "Contact", "change": {"create": {"LastName": "Twin"}}, "count": 3}


@pytest.fixture
async def twins(control: ControlDoor) -> list[str]:
    """Three contacts, the first two of whom are merged by some tests."""
    found: list[str] = (await control("POST /records", TWINS))["ids"]
    return found


async def test_conversion(simulation: Simulation, stream: Stream, control: ControlDoor) -> None:
    """Account, contact and lead are told in this order, in one transaction; the lead without its LastModifiedDate."""
    lead = changes.read_records(simulation.world, "Lead", limit=1)[0]["Id"]
    await stream.open("/data/ChangeEvents")
    await control("POST /records", {"id": lead, "change": {"convert": {}}})
    payloads: list[dict[str, Any]] = [event["payload"] for event in await stream.events()]
    headers = [payload.pop("ChangeEventHeader") for payload in payloads]
    assert [(each["entityName"], each["changeType"], each["sequenceNumber"]) for each in headers] == [
        ("Account", "CREATE", 1),
        ("Contact", "CREATE", 2),
        ("Lead", "UPDATE", 3),
    ]
    assert len({each["transactionKey"] for each in headers}) == 1
    told = {"IsConverted", "ConvertedDate", "ConvertedAccountId", "ConvertedContactId"}
    assert set(payloads[2]) - {"Status"} == told
    assert payloads[2]["ConvertedContactId"] == headers[1]["recordIds"][0]


async def test_merge(stream: Stream, control: ControlDoor, twins: list[str]) -> None:
    """One that goes is told as deleted, the one that stays as changed, and who has another parent too."""
    winner, loser, report = twins
    await control("POST /records", {"object": "Contact", "id": report, "change": {"ReportsToId": loser}})
    await stream.open("/data/ContactChangeEvent")
    await control("POST /records", {"object": "Contact", "id": winner, "change": {"merge": [loser]}})
    headers = await stream.headers()
    assert [(each["changeType"], each["recordIds"], each["changedFields"]) for each in headers] == [
        ("UPDATE", [report], ["LastModifiedDate", "ReportsToId"]),
        ("DELETE", [loser], []),
        ("UPDATE", [winner], ["LastModifiedDate"]),
    ]
    await control("POST /records", {"object": "Contact", "id": loser, "change": "undelete"})
    (header,) = await stream.headers()
    assert (header["changeType"], header["recordIds"]) == ("UNDELETE", [loser])


async def test_automations(stream: Stream, control: ControlDoor, twins: list[str]) -> None:
    """What the vendor's automations change is told without a LastModifiedDate; a mere stamp is not told."""
    await stream.open("/data/ContactChangeEvent")
    await control("POST /records", {"object": "Contact", "id": twins[0], "change": {"background": {"Title": "Dr"}}})
    await control("POST /records", {"object": "Contact", "id": twins[0], "change": "touch"})
    (header,) = await stream.headers()
    assert header["changedFields"] == ["Title"]
