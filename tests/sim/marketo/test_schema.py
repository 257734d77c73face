"""Person fields: both describes, the schema, and what an API user may add to it."""

from typing import Any

from tests.sim.marketo.conftest import ApiUser, codes

FIELDS = "/rest/v1/leads/schema/fields.json"


def field(name: str, kind: str = "string") -> dict[str, Any]:
    """Answer what an API user sends to create a field."""
    return {"name": name, "displayName": f"The {name}", "dataType": kind}


async def test_create_field(user: ApiUser) -> None:
    """A new field is in both describes and can be written."""
    created = await user.post(FIELDS, {"input": [field("shoeSize", "float")]})
    assert created["result"] == [{"name": "shoeSize", "status": "created"}]
    described = {f["rest"]["name"]: f for f in (await user.get("/rest/v1/leads/describe.json"))["result"]}
    assert described["shoeSize"]["dataType"] == "float"
    assert described["id"]["rest"]["readOnly"]
    again = (await user.get("/rest/v1/leads/describe2.json"))["result"][0]
    assert {f["name"]: f["updateable"] for f in again["fields"]}.items() >= {"shoeSize": True, "id": False}.items()
    assert ["email"] in again["searchableFields"]
    assert (await user.upsert({"email": "a@example.com", "shoeSize": 42.5}))[0]["status"] == "created"


async def test_field_errors(user: ApiUser) -> None:
    """A field that is there or wrong is refused alone."""
    wanted = [field("good"), field("good"), field("bad name"), field("odd", "blob"), {"name": "half"}]
    results = (await user.post(FIELDS, {"input": wanted}))["result"]
    assert [r["status"] for r in results] == ["created", *["skipped"] * 4]
    assert [r["reasons"][0]["code"] for r in results[1:]] == ["1017", "1003", "1001", "1002"]


async def test_field_limit(user: ApiUser) -> None:
    """An API user may create a hundred fields and no more."""
    results = (await user.post(FIELDS, {"input": [field(f"extra{n}") for n in range(101)]}))["result"]
    assert [r["status"] for r in results[:100]] == ["created"] * 100
    assert results[100]["reasons"][0]["code"] == "1028"


async def test_schema_pages_and_change(user: ApiUser) -> None:
    """The schema comes in pages and a custom field can be changed."""
    await user.post(FIELDS, {"input": [field("mine")]})
    names: list[str] = []
    query = {"batchSize": "30"}
    while True:
        page = await user.get(FIELDS, query)
        names += [f["name"] for f in page["result"]]
        if not page.get("moreResult"):
            break
        query["nextPageToken"] = page["nextPageToken"]
    assert len(names) == len(set(names)) > 60
    assert names[-1] == "mine"
    one = "/rest/v1/leads/schema/fields/mine.json"
    changed = await user.post(one, {"input": [{"displayName": "Yours", "isHidden": True}]})
    assert changed["result"] == [{"name": "mine", "status": "updated"}]
    found = (await user.get(one))["result"][0]
    assert (found["displayName"], found["isHidden"], found["isApiCreated"]) == ("Yours", True, True)
    assert codes(await user.post("/rest/v1/leads/schema/fields/email.json", {"input": [{"isHidden": True}]})) == [
        "1003"
    ]
    assert codes(await user.get("/rest/v1/leads/schema/fields/none.json")) == ["1006"]
