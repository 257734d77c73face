"""What an outbound message says, and which writes set it off."""

from typing import Any

import aiohttp
import pytest

from syncline_sim.app import Simulation
from tests.sim.conftest import ControlDoor
from tests.sim.listener import Listener
from tests.sim.salesforce.outbound.conftest import (
    INSTANCE,
    OUTBOUND,
    RECORD,
    USERNAME,
    Api,
    Outbound,
    ids,
    read,
    records,
)


async def test_envelope(outbound: Outbound, simulation: Simulation) -> None:
    """An envelope names the org, the message and where to call back; fields are typed, empty ones left out."""
    message = await outbound.define(
        fields=["LastName", "Company", "AnnualRevenue", "NumberOfEmployees", "IsConverted", "CreatedDate", "Email"]
    )
    stamped = {"stamp": "2026-03-01T10:20:30Z", "object": "Lead"}
    values = {"LastName": "<O'Neil> & \x01Söhne", "Company": "C", "AnnualRevenue": 1.5, "NumberOfEmployees": 7}
    made = await outbound.control("POST /records", {**stamped, "change": {"create": values}})
    (heard,) = await outbound.listener.wait(1)
    assert (heard.method, heard.path) == ("POST", "/hook")
    assert heard.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert heard.headers["SOAPAction"] == '""'
    document = read(heard)
    world = await outbound.control("GET /world")
    assert document.findtext(f"{OUTBOUND}OrganizationId") == world["orgs"][0]["id"]
    assert document.findtext(f"{OUTBOUND}ActionId") == message["id"]
    assert message["id"].startswith("04k")
    session = document.find(f"{OUTBOUND}SessionId")
    assert session is not None
    assert session.get(f"{INSTANCE}nil") == "true"
    base = f"{simulation.world.urls['salesforce']}/services/Soap"
    assert (document.findtext(f"{OUTBOUND}EnterpriseUrl") or "").startswith(f"{base}/c/")
    assert (document.findtext(f"{OUTBOUND}PartnerUrl") or "").startswith(f"{base}/u/")
    record = document.find(f"{OUTBOUND}Notification/{OUTBOUND}sObject")
    assert record is not None
    assert record.get(f"{INSTANCE}type") == "sf:Lead"
    assert next(field.tag for field in record) == f"{RECORD}Id"
    assert records(heard) == [
        {
            "Id": made["ids"][0],
            "AnnualRevenue": "1.5",
            "Company": "C",
            "CreatedDate": "2026-03-01T10:20:30.000Z",
            "IsConverted": "false",
            "LastName": "<O'Neil> & Söhne",
            "NumberOfEmployees": "7",
        }
    ]
    assert ids(heard)[0].startswith("04l")
    await outbound.until_empty()


@pytest.mark.parametrize("calls", [1, 2])
async def test_rest_and_composite(outbound: Outbound, api: Api, calls: int) -> None:
    """A record that is written by REST, alone or with others, is told of."""
    await outbound.define()
    if calls == 1:
        made = (await api("POST /sobjects/Lead", {"LastName": "A", "Company": "C"}))["id"]
        await api(f"PATCH /sobjects/Lead/{made}", {"LastName": "B"})
    else:
        lead = {"attributes": {"type": "Lead"}, "LastName": "A", "Company": "C"}
        await api("POST /composite/sobjects", {"records": [lead, lead]})
    await outbound.until_empty()
    assert sum(len(ids(heard)) for heard in outbound.listener.heard) == 2


async def test_bulk(outbound: Outbound, api: Api) -> None:
    """Rows of a bulk job are told of, so far as they were written."""
    await outbound.define()
    job = await api("POST /jobs/ingest", {"object": "Lead", "operation": "insert"})
    await api(
        f"PUT /jobs/ingest/{job['id']}/batches",
        data="LastName,Company\nOne,C\nTwo,\nThree,C\n",
        headers={"Content-Type": "text/csv"},
    )
    await api(f"PATCH /jobs/ingest/{job['id']}", {"state": "UploadComplete"})
    await outbound.listener.wait(1)
    await outbound.until_empty()
    told = [record["LastName"] for heard in outbound.listener.heard for record in records(heard)]
    assert told == ["One", "Three"]


async def test_taken_back(outbound: Outbound, api: Api) -> None:
    """What a call takes back is not told of."""
    await outbound.define()
    await outbound.switch(outbound_latency=60)
    good = {"attributes": {"type": "Lead"}, "LastName": "A", "Company": "C"}
    answer = await api("POST /composite/sobjects", {"allOrNone": True, "records": [good, {**good, "Email": "no"}]})
    assert [result["success"] for result in answer] == [False, False]
    assert await outbound.queued() == []
    await api("POST /composite/sobjects", {"allOrNone": True, "records": [good]})
    assert len(await outbound.queued()) == 1


@pytest.mark.parametrize(
    ("wanted", "change", "told"),
    [
        ({}, {"LastName": "New"}, 1),
        ({"fires": "created"}, {"LastName": "New"}, 0),
        ({"active": False}, {"LastName": "New"}, 0),
        ({"object": "Contact"}, {"LastName": "New"}, 0),
        ({}, "touch", 0),
        ({}, "delete", 0),
    ],
)
async def test_rule(outbound: Outbound, wanted: dict[str, Any], change: dict[str, str] | str, told: int) -> None:
    """A message fires by its object and its rule; automations and deletions set off none."""
    await outbound.switch(outbound_latency=60)
    await outbound.define(**wanted)
    await outbound.control("POST /records", {"object": "Lead", "change": change})
    assert len(await outbound.queued()) == told


async def test_rule_of_creation(outbound: Outbound) -> None:
    """A message that fires for new records is set off by one."""
    await outbound.define(fires="created")
    await outbound.create()
    assert len(await outbound.listener.wait(1)) == 1


async def test_other_org(outbound: Outbound) -> None:
    """Records of one org set off nothing in another."""
    world = await outbound.control("GET /world")
    await outbound.switch(outbound_latency=60)
    await outbound.define(org_id=world["orgs"][1]["id"])
    await outbound.create()
    assert await outbound.queued() == []
    create = {"object": "Lead", "change": {"create": {"LastName": "A", "Company": "C"}}, "by": "sync@globex.example"}
    await outbound.control("POST /records", create)
    assert len(await outbound.queued()) == 1


async def test_hundred(outbound: Outbound) -> None:
    """An envelope holds a hundred notifications, each with an id of its own."""
    await outbound.define()
    await outbound.switch(outbound_latency=60)
    await outbound.create(count=210)
    await outbound.control("POST /clock", {"advance": 60})
    heard = await outbound.listener.wait(3)
    assert [len(ids(one)) for one in heard] == [100, 100, 10]
    assert len({found for one in heard for found in ids(one)}) == 210


async def test_latest(outbound: Outbound) -> None:
    """What is sent is the record as it is then, and nothing of one that has been deleted."""
    await outbound.define()
    await outbound.switch(outbound_latency=60)
    kept, gone = await outbound.create("Old", count=2)
    await outbound.control("POST /records", {"object": "Lead", "id": kept, "change": {"LastName": "New"}})
    await outbound.control("POST /records", {"object": "Lead", "id": gone, "change": "delete"})
    await outbound.control("POST /clock", {"advance": 60})
    (heard,) = await outbound.listener.wait(1)
    assert records(heard) == [{"Id": kept, "LastName": "New"}, {}, {"Id": kept, "LastName": "New"}]


async def test_visible_fields(outbound: Outbound) -> None:
    """What the user to send as may not see is not sent."""
    await outbound.control("PATCH /users/dana@acme.example", {"hidden": {"Lead": ["Company"]}})
    await outbound.define(fields=["LastName", "Company"], send_as="dana@acme.example")
    (made,) = await outbound.create("Seen")
    (heard,) = await outbound.listener.wait(1)
    assert records(heard) == [{"Id": made, "LastName": "Seen"}]


async def test_writer(outbound: Outbound, control: ControlDoor) -> None:
    """Who may not send outbound messages sets off none: an integration's own writes come to no echo."""
    users = (await control("GET /world"))["users"]
    kept = [name for name in users[0]["permissions"] if name != "EnableNotifications"]
    await control(f"PATCH /users/{USERNAME}", {"permissions": kept})
    await outbound.switch(outbound_latency=60)
    await outbound.define()
    create = {"object": "Lead", "change": {"create": {"LastName": "A", "Company": "C"}}}
    await control("POST /records", {**create, "by": USERNAME})
    assert await outbound.queued() == []
    await control("POST /records", {**create, "by": "dana@acme.example"})
    assert len(await outbound.queued()) == 1


async def test_session(outbound: Outbound, simulation: Simulation, http: aiohttp.ClientSession) -> None:
    """The session is that of the user to send as, calls the API, and dies like any other."""
    await outbound.define(send_session=True, send_as="dana@acme.example")
    (made,) = await outbound.create()
    (heard,) = await outbound.listener.wait(1)
    token = read(heard).findtext(f"{OUTBOUND}SessionId") or ""
    base = simulation.world.urls["salesforce"]

    async def call(path: str) -> tuple[int, Any]:
        async with http.get(base + path, headers={"Authorization": f"Bearer {token}"}) as response:
            return response.status, await response.json()

    status, record = await call(f"/services/data/v67.0/sobjects/Lead/{made}")
    assert (status, record["LastName"]) == (200, "Doe")
    assert (await call("/services/oauth2/userinfo"))[1]["preferred_username"] == "dana@acme.example"
    await outbound.control("POST /clock", {"advance": 7201})
    status, error = await call(f"/services/data/v67.0/sobjects/Lead/{made}")
    assert (status, error[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


async def test_session_revoked(outbound: Outbound, simulation: Simulation, http: aiohttp.ClientSession) -> None:
    """Revoking what a user has takes the session along."""
    await outbound.define(send_session=True)
    await outbound.create()
    (heard,) = await outbound.listener.wait(1)
    token = read(heard).findtext(f"{OUTBOUND}SessionId") or ""
    await outbound.control("POST /tokens/revoke", {"username": USERNAME})
    address = f"{simulation.world.urls['salesforce']}/services/data/v67.0/limits"
    async with http.get(address, headers={"Authorization": f"Bearer {token}"}) as response:
        assert response.status == 401


async def test_another_listener(outbound: Outbound, listener: Listener) -> None:
    """A message that is changed goes to its new address from then on, also with what has waited."""
    message = await outbound.define(endpoint="http://127.0.0.1:1/nobody")
    await outbound.create()
    await outbound.until_tried()
    await outbound.control(f"PATCH /outbound-messages/{message['id']}", {"endpoint": f"{listener.url}/other"})
    await outbound.control("POST /outbound-messages/hurry")
    (heard,) = await listener.wait(1)
    assert heard.path == "/other"
    await outbound.until_empty()
