"""Single records over HTTP: ids, external ids, references, who may write, and how calls may be sent."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from syncline_sim.salesforce import changes, orgs, seeding
from syncline_sim.world import World
from tests.sim.salesforce.conftest import USERNAME, Api

PERSON = {"LastName": "Noether", "Company": "Erlangen"}


@pytest.fixture
def lead(world: World) -> str:
    """The id of a lead."""
    return changes.create_record(world, "Lead", {**PERSON, "Legacy_Id__c": "a/b c"})


async def test_head(api: Api, lead: str) -> None:
    """HEAD answers as GET does, without a body; a last slash changes nothing."""
    for path in (
        f"/sobjects/Lead/{lead}",
        f"/sobjects/Lead/{lead}/",
        "/sobjects/",
        "/limits/",
        "/sobjects/Lead/describe/",
    ):
        answered = await api.send("HEAD", path)
        assert (answered.status, await answered.read()) == (200, b"")
    assert (await api.send("HEAD", "/sobjects/Lead/00Q000000000000EAA")).status == 404


async def test_ids(api: Api, lead: str) -> None:
    """An id of 18 characters is understood in any case; one of another object or with a wrong end is malformed."""
    assert (await api.get(f"/sobjects/Lead/{lead.lower()}"))["Id"] == lead
    assert (await api.get(f"/sobjects/lead/{lead}"))["attributes"]["type"] == "Lead"
    for path in (f"/sobjects/Lead/{lead[:15]}ZZZ", f"/sobjects/Contact/{lead}"):
        for method in ("GET", "PATCH", "DELETE"):
            assert await api.refusal(method, path, json={}) == (400, "MALFORMED_ID")
    assert await api.refusal("DELETE", "/sobjects/Lead/short") == (404, "NOT_FOUND")


async def test_deleted(api: Api, lead: str) -> None:
    """What has been deleted can be neither read, changed nor deleted, and its error names no field."""
    path = f"/sobjects/Lead/{lead}"
    assert (await api.send("DELETE", path)).status == 204
    for method in ("GET", "PATCH", "DELETE"):
        refused = await api.send(method, path, json={})
        expected = {"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}
        assert (refused.status, await refused.json()) == (404, [expected])


async def test_external_id(api: Api, lead: str) -> None:
    """An external id may hold what an address may not, does not mind case, and finds no deleted record."""
    path = "/sobjects/Lead/Legacy_Id__c/A%2Fb%20C"
    assert (await api.get(path, params={"fields": "Id"}))["Id"] == lead
    changed = await api.send("PATCH", path, json={"Title": "Dr"})
    assert await changed.json() == {"id": lead, "success": True, "errors": [], "created": False}
    assert (await api.send("DELETE", path)).status == 204
    assert await api.refusal("GET", path) == (404, "NOT_FOUND")
    assert await api.refusal("PATCH", f"{path}?updateOnly=true", json=PERSON) == (404, "NOT_FOUND")
    made = await api.send("PATCH", path, json=PERSON)
    record = await made.json()
    assert (made.status, record["created"]) == (201, True)
    assert made.headers["Location"] == f"/services/data/v67.0/sobjects/Lead/{record['id']}"
    assert (await api.get(f"/sobjects/Lead/{record['id']}"))["Legacy_Id__c"] == "A/b C"


async def test_external_id_errors(api: Api, lead: str) -> None:
    """Only an external id that the user can see is one, and it stands in the address alone."""
    assert await api.refusal("GET", "/sobjects/Lead/Company/Erlangen") == (404, "NOT_FOUND")
    assert await api.refusal("GET", "/sobjects/Lead/Nope__c/1") == (404, "NOT_FOUND")
    for name in ("Legacy_Id__c", "Id"):
        refused = await api.refusal("PATCH", "/sobjects/Lead/Legacy_Id__c/x", json={**PERSON, name: "x"})
        assert refused == (400, "INVALID_FIELD")
    assert await api.refusal("PATCH", f"/sobjects/Lead/{lead}", json={"Id": lead}) == (400, "INVALID_FIELD")


async def test_references(world: World, api: Api) -> None:
    """A look-up names a record that is there, of the right object, also by its external id."""
    firm = changes.create_record(world, "Account", {"Name": "Erlangen", "Legacy_Id__c": "firm"})
    made = await api.send("POST", "/sobjects/Contact", json={"LastName": "N", "Account": {"Legacy_Id__c": "firm"}})
    contact = (await made.json())["id"]
    assert (await api.get(f"/sobjects/Contact/{contact}"))["AccountId"] == firm
    for value, code in (
        ("here", "MALFORMED_ID"),
        (contact, "FIELD_INTEGRITY_EXCEPTION"),
        ("001000000000000AAA", "INVALID_CROSS_REFERENCE_KEY"),
    ):
        refused = await api.send("PATCH", f"/sobjects/Contact/{contact}", json={"AccountId": value})
        [error] = await refused.json()
        assert (refused.status, error["errorCode"], error["fields"]) == (400, code, ["AccountId"])
    unknown = {"LastName": "N", "Account": {"Legacy_Id__c": "nobody"}}
    assert await api.refusal("POST", "/sobjects/Contact", json=unknown) == (400, "INVALID_FIELD")


async def test_values(api: Api, lead: str) -> None:
    """A number may stand in quotes, null empties a field, and what is required cannot be emptied."""
    path = f"/sobjects/Lead/{lead}"
    assert (await api.send("PATCH", path, json={"AnnualRevenue": "1200.5", "Title": ""})).status == 204
    found = await api.get(path)
    assert (found["AnnualRevenue"], found["Title"]) == (1200.5, None)
    assert await api.refusal("PATCH", path, json={"LastName": None}) == (400, "REQUIRED_FIELD_MISSING")
    wrong: tuple[object, ...] = (5, True, [], {})
    for value in wrong:
        assert await api.refusal("PATCH", path, json={"Title": value}) == (400, "JSON_PARSER_ERROR")
    assert await api.refusal("POST", "/sobjects/Lead", json=[1]) == (400, "JSON_PARSER_ERROR")


async def test_author(world: World, door: Callable[..., Api], lead: str) -> None:
    """A record knows who has changed it last."""
    dana = orgs.find_user(world.db, "dana@acme.example")
    assert (await door(dana.username).send("PATCH", f"/sobjects/Lead/{lead}", json={"Title": "Dr"})).status == 204
    found = await door().get(f"/sobjects/Lead/{lead}")
    assert found["LastModifiedById"] == dana.id != found["CreatedById"]


async def test_permissions(world: World, api: Api, lead: str) -> None:
    """What a user may only read is described so and is not written; what is hidden is not there at all."""
    orgs.change_user(world, USERNAME, read_only={"Contact": ["*"], "Lead": ["Title"]}, hidden={"Lead": ["Email"]})
    described = {spec["name"]: spec for spec in (await api.get("/sobjects"))["sobjects"]}
    assert [described[name]["createable"] for name in ("Contact", "Lead")] == [False, True]
    fields = {field["name"]: field for field in (await api.get("/sobjects/Lead/describe"))["fields"]}
    assert (fields["Title"]["updateable"], fields["Phone"]["updateable"]) == (False, True)
    path = f"/sobjects/Lead/{lead}"
    assert await api.refusal("PATCH", path, json={"Title": "Dr"}) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    assert await api.refusal("PATCH", path, json={"Email": "e@example.com"}) == (400, "INVALID_FIELD")
    refused = await api.refusal("POST", "/sobjects/Contact", json={"LastName": "N"})
    assert refused == (403, "INSUFFICIENT_ACCESS_OR_READONLY")
    assert await api.refusal("POST", "/sobjects/Organization", json={}) == (405, "METHOD_NOT_ALLOWED")


async def test_chunked(api: Api) -> None:
    """A body may come in pieces whose number nobody has told, as one of the public clients sends all of its own."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"LastName": "Noe', b'ther", "Company"', b': "Erlangen"}'):
            yield piece

    made = await api.send("POST", "/sobjects/Lead", data=pieces(), headers={"Content-Type": "application/json"})
    assert (made.status, made.request_info.headers.get("Transfer-Encoding")) == (201, "chunked")


async def test_disguised_method(api: Api, lead: str) -> None:
    """Who cannot send PATCH says so in a POST."""
    path = f"/sobjects/Lead/{lead}"
    assert (await api.send("POST", f"{path}?_HttpMethod=PATCH", json={"Title": "Dr"})).status == 204
    assert await api.refusal("POST", path, json={}) == (405, "METHOD_NOT_ALLOWED")


async def test_replication(world: World, api: Api) -> None:
    """Seconds are not looked at; a stretch ends before its end; who has too far to go back is told so."""
    seeding.seed(world, 3, 0)
    now = world.now() // 60 * 60

    def at(seconds: float) -> dict[str, Any]:
        return {"start": _text(now - 600), "end": _text(now + seconds)}

    for record, age in zip(changes.read_records(world, "Lead"), (601, 600, 60), strict=True):
        changes.touch_record(world, "Lead", record["Id"], now - age)
    ids = [record["Id"] for record in changes.read_records(world, "Lead")]
    assert (await api.get("/sobjects/Lead/updated/", params=at(0)))["ids"] == ids[1:]
    assert (await api.get("/sobjects/Lead/updated", params=at(-1)))["ids"] == ids[1:2]
    changes.delete_record(world, "Lead", ids[2], now - 60)
    document = await api.get("/sobjects/Lead/deleted", params=at(0))
    assert document["deletedRecords"] == [{"deletedDate": _stamp(now - 60), "id": ids[2]}]
    assert _stamp(now - 15 * 86_400) <= document["earliestDateAvailable"] <= _stamp(world.now() - 15 * 86_400)
    for params in ({"start": "soon", "end": "later"}, {}, {**at(0), "start": _text(now - 31 * 86_400)}):
        assert await api.refusal("GET", "/sobjects/Lead/updated", params=params) == (400, "INVALID_REPLICATION_DATE")


def _text(moment: float) -> str:
    return _stamp(moment).replace(".000+0000", "+00:00")


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
