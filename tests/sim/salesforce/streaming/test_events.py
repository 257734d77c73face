"""Change events: what each write of a record tells, to whom, and what belongs together."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from syncline_sim.app import Simulation
from syncline_sim.salesforce import changes, orgs, seeding
from tests.sim.conftest import ControlDoor
from tests.sim.salesforce.conftest import USERNAME
from tests.sim.salesforce.streaming.conftest import Stream

ALL = "/data/ChangeEvents"
REFUSED = "403::User not allowed to subscribe CDC without required permissions"
PERSON = {"LastName": "Lovelace", "FirstName": "Ada", "Company": "Engines", "City": "London", "AnnualRevenue": 2.5}


async def test_creation(simulation: Simulation, stream: Stream) -> None:
    """A new record is told with all that it holds, and with who made it, when, and by which client."""
    await stream.open("/data/LeadChangeEvent")
    values = {**PERSON, "Last_Demo__c": "2026-01-02T03:04:05Z", "Contract_End__c": "2027-01-01", "Phone": None}
    made = await stream.rest("POST", "/sobjects/Lead", values, Sforce_Call_Options="client=Syncline, other=1")
    replies = await stream.wait()
    assert [reply["channel"] for reply in replies] == ["/data/LeadChangeEvent", "/meta/connect"]
    event = replies[0]["data"]
    assert set(event) == {"schema", "payload", "event"}
    header = event["payload"].pop("ChangeEventHeader")
    user = orgs.find_user(simulation.world.db, USERNAME).id
    now = datetime.fromtimestamp(header["commitTimestamp"] / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert event["payload"] == {
        "Name": {"LastName": "Lovelace", "FirstName": "Ada"},
        "Company": "Engines",
        "Address": {"City": "London"},
        "AnnualRevenue": 2.5,
        "Last_Demo__c": "2026-01-02T03:04:05Z",
        "Contract_End__c": "2027-01-01",
        "Status": "Open - Not Contacted",
        "OwnerId": user,
        **dict.fromkeys(("CreatedById", "LastModifiedById"), user),
        **dict.fromkeys(("CreatedDate", "LastModifiedDate"), now),
        **dict.fromkeys(("HasOptedOutOfEmail", "DoNotCall", "IsConverted", "IsUnreadByOwner"), False),
        "Newsletter__c": False,
    }
    fixed = {name: value for name, value in header.items() if name not in ("commitNumber", "transactionKey")}
    assert fixed == {
        "entityName": "Lead",
        "recordIds": [made["id"]],
        "changeType": "CREATE",
        "changedFields": [],
        "changeOrigin": "com/salesforce/api/rest/67.0;client=Syncline",
        "sequenceNumber": 1,
        "commitTimestamp": header["commitTimestamp"],
        "commitUser": user,
    }


async def test_change(stream: Stream, streams: Callable[..., Stream]) -> None:
    """A change tells only what is another than before; what was emptied is null, parts of a whole stand inside it."""
    made = await stream.rest("POST", "/sobjects/Lead", PERSON)
    other = streams("dana@acme.example")
    await stream.open(ALL)
    change = {"City": None, "FirstName": "Augusta", "Company": "Engines", "AnnualRevenue": 2.5}
    await other.rest("PATCH", f"/sobjects/Lead/{made['id']}", change)
    (event,) = await stream.events()
    header = event["payload"].pop("ChangeEventHeader")
    assert (header["changeType"], header["changeOrigin"]) == ("UPDATE", "com/salesforce/api/rest/67.0")
    expected = {"LastModifiedDate", "LastModifiedById", "Name.FirstName", "Address.City"}
    assert set(header["changedFields"]) == expected
    stamps = {name: event["payload"].pop(name) for name in ("LastModifiedDate", "LastModifiedById")}
    assert stamps["LastModifiedById"] == header["commitUser"]
    assert event["payload"] == {"Name": {"FirstName": "Augusta"}, "Address": {"City": None}}
    await other.rest("PATCH", f"/sobjects/Lead/{made['id']}", {"City": None})
    (event,) = await stream.events()
    assert event["payload"]["ChangeEventHeader"]["changedFields"] == ["LastModifiedDate"]


async def test_long_texts(stream: Stream) -> None:
    """Of a long text only the lines are told that are others; the whole of it when that would hardly be less."""
    lines = [f"{n} {'x' * 100}" for n in range(1, 13)]
    made = await stream.rest("POST", "/sobjects/Lead", {**PERSON, "Description": "\r\n".join(lines)})
    await stream.open(ALL)
    lines[1:2], lines[8:8] = ["second", "more"], ["inserted"]
    del lines[-1]
    text = "\n".join(lines)
    for description in (text, text.replace("x", "y"), "short"):
        await stream.rest("PATCH", f"/sobjects/Lead/{made['id']}", {"Description": description})
    told = [event["payload"]["Description"] for event in await stream.events()]
    hunks = (f"-2 {'x' * 100}\n+second\n+more", "+inserted", f"-12 {'x' * 100}")
    places = ("-2,1 +2,2", "-7,0 +9,1", "-12,1 +13,0")
    parts = (f"@@ {place} @@\n{hunk}" for place, hunk in zip(places, hunks, strict=True))
    head = f"--- \n+++ {hashlib.sha256(text.encode()).hexdigest()}"
    assert told == [{"diff": "\n".join((head, *parts))}, text.replace("x", "y"), "short"]


async def test_deletion_and_back(stream: Stream, control: ControlDoor) -> None:
    """A deletion tells nothing but itself, its taking back tells the whole record again."""
    made = await stream.rest("POST", "/sobjects/Lead", PERSON)
    await stream.open(ALL)
    await stream.rest("DELETE", f"/sobjects/Lead/{made['id']}")
    await control("POST /records", {"object": "Lead", "id": made["id"], "change": "undelete"})
    deleted, restored = await stream.events()
    assert deleted["payload"].pop("ChangeEventHeader")["changeType"] == "DELETE"
    assert deleted["payload"] == {}
    header = restored["payload"]["ChangeEventHeader"]
    assert (header["changeType"], header["recordIds"]) == ("UNDELETE", [made["id"]])
    assert header["changeOrigin"] == "com/salesforce/api/soap/67.0;client=SfdcInternalAPI/"
    assert (restored["payload"]["Company"], restored["payload"]["Address"]) == ("Engines", {"City": "London"})
    assert (await stream.rest("GET", f"/sobjects/Lead/{made['id']}"))["IsDeleted"] is False


async def test_nothing_to_tell(simulation: Simulation, stream: Stream) -> None:
    """Seeded records make no events, nor does a stamp that moves alone."""
    await stream.open(ALL)
    seeding.seed(simulation.world, 3, 3)
    changes.touch_record(simulation.world, "Lead", changes.read_records(simulation.world, "Lead", limit=1)[0]["Id"])
    assert await stream.events() == []


async def test_same_change(stream: Stream) -> None:
    """The same change of several records in one call is one event; other changes have the same transaction."""
    leads = [await stream.rest("POST", "/sobjects/Lead", {**PERSON, "Phone": str(n)}) for n in range(3)]
    await stream.open(ALL)
    regions = ("EMEA", "APAC", "EMEA")
    rows = [
        {"attributes": {"type": "Lead"}, "id": lead["id"], "Region__c": region}
        for lead, region in zip(leads, regions, strict=True)
    ]
    await stream.rest("PATCH", "/composite/sobjects", {"records": rows})
    headers = await stream.headers()
    assert [(each["recordIds"], each["sequenceNumber"]) for each in headers] == [
        ([leads[0]["id"], leads[2]["id"]], 1),
        ([leads[1]["id"]], 2),
    ]
    assert len({each["transactionKey"] for each in headers}) == len({each["commitNumber"] for each in headers}) == 1
    await stream.rest("DELETE", f"/composite/sobjects?ids={','.join(lead['id'] for lead in leads)}")
    (deleted,) = await stream.headers()
    assert (deleted["changeType"], len(deleted["recordIds"])) == ("DELETE", 3)
    assert deleted["transactionKey"] != headers[0]["transactionKey"]


async def test_composite(stream: Stream) -> None:
    """All or none is one transaction, otherwise each part is one; what is rolled back is not told."""
    part = {"method": "POST", "url": "/services/data/v67.0/sobjects/Lead", "body": PERSON}
    bad = {**part, "referenceId": "bad", "body": {}}
    good = [{**part, "referenceId": name} for name in ("a", "b")]
    await stream.open(ALL)
    await stream.rest("POST", "/composite", {"allOrNone": True, "compositeRequest": [*good, bad]})
    assert await stream.events() == []
    for together, keys in ((True, 1), (False, 2)):
        body = {"allOrNone": together, "compositeRequest": good}
        await stream.rest("POST", "/composite", body, Sforce_Call_Options="client=me")
        headers = await stream.headers()
        assert len({each["transactionKey"] for each in headers}) == keys
        assert {each["changeOrigin"] for each in headers} == {"com/salesforce/api/rest/67.0;client=me"}
        assert [each["sequenceNumber"] for each in headers] == ([1, 2] if together else [1, 1])


async def test_bulk(stream: Stream) -> None:
    """Rows of an ingest job are told, a hundred in a transaction."""
    await stream.open("/data/ContactChangeEvent")
    order = {"object": "Contact", "operation": "insert"}
    job = await stream.rest("POST", "/jobs/ingest", order, Sforce_Call_Options="client=Loader")
    path = f"/jobs/ingest/{job['id']}"
    lines = "\n".join(("LastName", *(f"Person {n}" for n in range(150))))
    headers = {"Authorization": f"Bearer {stream.token}", "Content-Type": "text/csv"}
    address = f"{stream.origin}/services/data/v67.0{path}/batches"
    async with stream.http.put(address, data=lines, headers=headers) as response:
        assert response.status == 201
    await stream.rest("PATCH", path, {"state": "UploadComplete"})
    told = await stream.headers()
    assert {(each["changeType"], each["changeOrigin"]) for each in told} == {
        ("CREATE", "com/salesforce/api/bulkapi/67.0;client=Loader")
    }
    keys = [each["transactionKey"] for each in told]
    assert (len(keys), sorted(map(keys.count, set(keys)))) == (150, [50, 100])


async def test_gaps(simulation: Simulation, stream: Stream, control: ControlDoor) -> None:
    """By a switch, or when it is too large, a change is told without its fields; beyond the most even without ids."""
    made = await stream.rest("POST", "/sobjects/Lead", PERSON)
    await stream.open(ALL)
    gaps: tuple[dict[str, Any], ...] = ({"capture_gaps": True}, {"capture_gaps": False, "capture_bytes": 100})
    for letter, switch in zip("ab", gaps, strict=True):
        await control("POST /switches", {"side": "salesforce", **switch})
        await stream.rest("PATCH", f"/sobjects/Lead/{made['id']}", {"Description": letter * 200})
        (event,) = await stream.events()
        header = event["payload"].pop("ChangeEventHeader")
        assert (event["payload"], header["changedFields"], header["changeOrigin"]) == ({}, [], "")
        assert (header["changeType"], header["recordIds"]) == ("GAP_UPDATE", [made["id"]])
    await control("POST /switches", {"side": "salesforce", "capture_bytes": 10**6, "capture_changes": 3})
    leads = [record["Id"] for record in changes.read_records(simulation.world, "Lead", limit=4)]
    rows = [{"attributes": {"type": "Lead"}, "id": lead, "Phone": lead} for lead in leads]
    await stream.rest("PATCH", "/composite/sobjects", {"records": rows})
    told = await stream.headers()
    assert [(each["changeType"], each["recordIds"]) for each in told] == [
        ("UPDATE", [leads[0]]),
        ("GAP_OVERFLOW", ["000000000000000AAA"]),
    ]
    assert [each["sequenceNumber"] for each in told] == [1, 2]


async def test_what_a_user_sees(simulation: Simulation, stream: Stream, streams: Callable[..., Stream]) -> None:
    """Hidden fields are not told, nor are hidden objects, nor anything to who may not see all data."""
    world = simulation.world
    orgs.change_user(world, "dana@acme.example", hidden={"Contact": ["*"], "Lead": ["City", "Phone"]})
    dana = streams("dana@acme.example")
    await dana.open(ALL)
    assert (await dana.subscribe("/data/ContactChangeEvent"))["error"] == REFUSED
    await stream.rest("POST", "/sobjects/Contact", {"LastName": "Unseen"})
    lead = await stream.rest("POST", "/sobjects/Lead", PERSON)
    await stream.rest("PATCH", f"/sobjects/Lead/{lead['id']}", {"Phone": "1", "Title": "Countess"})
    created, changed = await dana.events()
    assert "Address" not in created["payload"]
    assert changed["payload"]["ChangeEventHeader"]["changedFields"] == ["LastModifiedDate", "Title"]
    assert "Phone" not in changed["payload"]
    orgs.change_user(world, "dana@acme.example", permissions=list(orgs.SYNC_PERMISSIONS))
    await stream.rest("PATCH", f"/sobjects/Lead/{lead['id']}", {"Title": "Lady"})
    assert await dana.events() == []
    assert (await dana.subscribe("/data/LeadChangeEvent"))["error"] == REFUSED
    assert (await dana.subscribe(ALL))["successful"]


async def test_two_orgs(stream: Stream, streams: Callable[..., Stream]) -> None:
    """Orgs are not told of each other."""
    other = streams("sync@globex.example")
    await other.open(ALL)
    await stream.open(ALL)
    made = await other.rest("POST", "/sobjects/Lead", PERSON)
    assert [each["recordIds"] for each in await other.headers()] == [[made["id"]]]
    assert await stream.events() == []


async def test_selection(stream: Stream, control: ControlDoor) -> None:
    """Of an object that is not selected nothing is told and its channel is refused; with none, that of all is too."""
    await control("POST /change-data-capture", {"objects": ["Contact"]})
    await stream.open(ALL)
    refusal = await stream.subscribe("/data/LeadChangeEvent")
    assert (refusal["successful"], refusal["error"]) == (False, REFUSED)
    await stream.rest("POST", "/sobjects/Lead", PERSON)
    await stream.rest("POST", "/sobjects/Contact", {"LastName": "Seen"})
    assert [each["entityName"] for each in await stream.headers()] == ["Contact"]
    view = await control("GET /change-data-capture")
    assert sorted(view["objects"].values(), key=len) == [["Contact"], ["Account", "Contact", "Lead"]]
    assert view["events"] == 1
    rows = [{"attributes": {"type": "Lead"}, **PERSON}, {"attributes": {"type": "Contact"}, "LastName": "Later"}]
    await stream.rest("POST", "/composite/sobjects", {"records": rows})
    assert [each["sequenceNumber"] for each in await stream.headers()] == [2]
    await control("POST /change-data-capture", {"objects": []})
    assert (await stream.subscribe(ALL))["error"] == REFUSED
    await control("POST /change-data-capture", {"objects": ["User"]}, status=400)
