"""The data API over HTTP: versions, describes, records, limits and who may see what."""

from collections.abc import Callable

import pytest

from syncline_sim.salesforce import changes, orgs, seeding
from syncline_sim.world import World
from tests.sim.salesforce.conftest import BASE, USERNAME, Api

PERSON = {"LastName": "Müller", "Company": "Acme"}


async def test_versions(api: Api) -> None:
    """Versions are for everybody."""
    response = await api.client.get("/services/data/")
    versions = await response.json()
    assert versions[-1] == {"label": "Summer '26", "url": "/services/data/v67.0", "version": "67.0"}
    assert {"label": "Winter '26", "url": "/services/data/v65.0", "version": "65.0"} in versions
    assert set(await api.get("/")) >= {"composite", "limits", "query", "queryAll", "sobjects", "identity"}


async def test_version_errors(api: Api) -> None:
    """A version that is gone is 410, one that is not yet 404."""
    assert await api.refusal("GET", "/services/data/v20.0/sobjects") == (410, "UNSUPPORTED_API_VERSION")
    assert await api.refusal("GET", "/services/data/v99.0/sobjects") == (404, "NOT_FOUND")


async def test_limits(world: World, api: Api) -> None:
    """Every answer says how much of the limit is used."""
    world.switches["salesforce"]["api_limit"] = 3
    first = await api.send("GET", "/sobjects")
    assert first.headers["Sforce-Limit-Info"] == "api-usage=1/3"
    assert (await api.get("/limits"))["DailyApiRequests"] == {"Max": 3, "Remaining": 1}
    await api.get("/sobjects")
    assert await api.refusal("GET", "/sobjects") == (403, "REQUEST_LIMIT_EXCEEDED")


async def test_describe(api: Api) -> None:
    """Describe says what a field is."""
    document = await api.get("/sobjects/Lead/describe")
    fields = {field["name"]: field for field in document["fields"]}
    assert (document["keyPrefix"], document["queryable"], document["updateable"]) == ("00Q", True, True)
    expected = {
        "Id": ("id", False, False, False),
        "Email": ("email", True, True, False),
        "AnnualRevenue": ("currency", True, True, False),
        "HasOptedOutOfEmail": ("boolean", True, False, False),
        "SystemModstamp": ("datetime", False, False, False),
        "Score__c": ("double", True, True, True),
        "Is_Enterprise__c": ("boolean", False, False, True),
        "Address": ("address", False, True, False),
    }
    found = {name: fields[name] for name in expected}
    assert {n: (f["type"], f["updateable"], f["nillable"], f["custom"]) for n, f in found.items()} == expected
    assert fields["Is_Enterprise__c"]["calculated"]
    assert [value["value"] for value in fields["Rating"]["picklistValues"]] == ["Hot", "Warm", "Cold"]
    assert fields["OwnerId"]["referenceTo"] == ["User"]


#: What public clients with types declare that every object and every describe has.
OF_ALL = {
    *("activateable", "associateEntityType", "associateParentEntity", "createable", "custom", "customSetting"),
    *("deepCloneable", "deletable", "deprecatedAndHidden", "feedEnabled", "hasSubtypes", "isInterface", "isSubtype"),
    *("keyPrefix", "label", "labelPlural", "layoutable", "mergeable", "mruEnabled", "name", "queryable"),
    *("replicateable", "retrieveable", "searchable", "triggerable", "undeletable", "updateable", "urls"),
}
OF_ONE = {
    *("actionOverrides", "childRelationships", "compactLayoutable", "defaultImplementation", "extendedBy"),
    *("extendsInterfaces", "fields", "implementedBy", "implementsInterfaces", "listviewable", "lookupLayoutable"),
    *("namedLayoutInfos", "networkScopeFieldName", "recordTypeInfos", "searchLayoutable", "sobjectDescribeOption"),
    "supportedScopes",
}


async def test_describe_has_every_member(api: Api) -> None:
    """Clients that read into types find each member, and a record type for records that have none."""
    for listed in (await api.get("/sobjects"))["sobjects"]:
        assert set(listed) >= OF_ALL
        document = await api.get(f"/sobjects/{listed['name']}/describe")
        assert set(document) >= OF_ALL | OF_ONE
    (master,) = (await api.get("/sobjects/Lead/describe"))["recordTypeInfos"]
    assert (master["recordTypeId"], master["master"], master["available"]) == ("012000000000000AAA", True, True)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Lead", {"LastName": "Name", "City": "Address", "Company": None, "Name": None, "Address": None}),
        ("Contact", {"FirstName": "Name", "MailingPostalCode": "MailingAddress"}),
        ("Account", {"Name": None, "BillingState": "BillingAddress"}),
        ("User", {"LastName": "Name"}),
    ],
)
async def test_parts_of_fields(api: Api, name: str, parts: dict[str, str | None]) -> None:
    """What is a part of a name or an address says so; clients leave out one or the other."""
    fields = {each["name"]: each for each in (await api.get(f"/sobjects/{name}/describe"))["fields"]}
    assert {part: fields[part]["compoundFieldName"] for part in parts} == parts


async def test_describe_not_modified(api: Api) -> None:
    """Who has the describe already gets 304 without a body."""
    first = await api.send("GET", "/sobjects/Lead/describe")
    again = await api.send(
        "GET", "/sobjects/Lead/describe", headers={"If-Modified-Since": first.headers["Last-Modified"]}
    )
    assert again.status == 304
    assert not await again.read()
    old = {"If-Modified-Since": "Tue, 01 Jan 2019 00:00:00 GMT"}
    assert (await api.send("GET", "/sobjects/Lead/describe", headers=old)).status == 200


async def test_hidden(world: World, api: Api) -> None:
    """What is hidden from a user is neither listed, described, selected nor filtered by."""
    changes.create_record(world, "Lead", {**PERSON, "Email": "m@example.com"})
    orgs.change_user(world, USERNAME, hidden={"Contact": ["*"], "Lead": ["Email", "SystemModstamp"]})
    names = [spec["name"] for spec in (await api.get("/sobjects"))["sobjects"]]
    assert [name for name in names if name in ("Account", "Contact", "Lead")] == ["Account", "Lead"]
    assert await api.refusal("GET", "/sobjects/Contact/describe") == (404, "NOT_FOUND")
    assert await api.refusal("GET", "/query", params={"q": "SELECT Id FROM Contact"}) == (400, "INVALID_TYPE")
    fields = [field["name"] for field in (await api.get("/sobjects/Lead/describe"))["fields"]]
    assert "Email" not in fields
    assert "SystemModstamp" in fields  # Required fields cannot be hidden.
    for soql in (
        "SELECT Email FROM Lead",
        "SELECT Id FROM Lead WHERE Email = null",
        "SELECT Id FROM Lead ORDER BY Email",
    ):
        assert await api.refusal("GET", "/query", params={"q": soql}) == (400, "INVALID_FIELD")


async def test_record_life(api: Api) -> None:
    """A record from birth to death."""
    made = await api.send("POST", "/sobjects/Lead", json={**PERSON, "Email": "m@example.com"})
    assert made.status == 201
    record = (await made.json())["id"]
    path = f"/sobjects/Lead/{record}"
    assert (await api.send("PATCH", path, json={"Score__c": 4.5, "Email": None, "Newsletter__c": True})).status == 204
    found = await api.get(path, params={"fields": "Name,Email,Score__c,Newsletter__c,IsDeleted"})
    assert found == {
        "attributes": {"type": "Lead", "url": f"{BASE}/sobjects/Lead/{record}"},
        "Name": "Müller",
        "Email": None,
        "Score__c": 4.5,
        "Newsletter__c": True,
        "IsDeleted": False,
    }
    assert (await api.get(f"/sobjects/Lead/{record[:15]}"))["Id"] == record
    assert (await api.send("DELETE", path)).status == 204
    assert await api.refusal("GET", path) == (404, "ENTITY_IS_DELETED")
    assert (await api.query("SELECT COUNT() FROM Lead"))["totalSize"] == 0
    everything = await api.get("/queryAll", params={"q": "SELECT Id, IsDeleted FROM Lead"})
    assert [(r["Id"], r["IsDeleted"]) for r in everything["records"]] == [(record, True)]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"LastName": "X"}, "REQUIRED_FIELD_MISSING"),
        ({**PERSON, "Nope": 1}, "INVALID_FIELD"),
        ({**PERSON, "SystemModstamp": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({**PERSON, "Name": "X"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({**PERSON, "FirstName": "x" * 41}, "STRING_TOO_LONG"),
        ({**PERSON, "Email": "nowhere"}, "INVALID_EMAIL_ADDRESS"),
        ({**PERSON, "DoNotCall": "yes"}, "JSON_PARSER_ERROR"),
        ({**PERSON, "Contract_End__c": "soon"}, "JSON_PARSER_ERROR"),
        ({**PERSON, "NumberOfEmployees": 100_000_000}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ({**PERSON, "AnnualRevenue": -1e16}, "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
async def test_value_errors(api: Api, values: dict[str, object], code: str) -> None:
    """Values that do not fit are refused with the vendor's codes."""
    assert await api.refusal("POST", "/sobjects/Lead", json=values) == (400, code)


async def test_two_orgs(world: World, door: Callable[..., Api]) -> None:
    """Orgs do not see each other."""
    main, other = door(), door("sync@globex.example")
    seeding.seed(world, 3, 0)
    record = changes.read_records(world, "Lead", limit=1)[0]["Id"]
    assert (await main.query("SELECT COUNT() FROM Lead"))["totalSize"] == 3
    assert (await other.query("SELECT COUNT() FROM Lead"))["totalSize"] == 0
    assert await other.refusal("GET", f"/sobjects/Lead/{record}") == (404, "NOT_FOUND")
    assert await other.refusal("DELETE", f"/sobjects/Lead/{record}") == (404, "NOT_FOUND")
    names = [(await each.query("SELECT Name, IsSandbox FROM Organization"))["records"] for each in (main, other)]
    assert [[(r["Name"], r["IsSandbox"]) for r in found] for found in names] == [
        [("Acme Robotics", False)],
        [("Globex Sandbox", True)],
    ]
    users = await main.query("SELECT Username FROM User ORDER BY Username")
    assert [r["Username"] for r in users["records"]] == ["dana@acme.example", USERNAME]


async def test_scope_and_permission(world: World, door: Callable[..., Api]) -> None:
    """Without the scope `api` a session is invalid here, without API Enabled the API is off."""
    assert await door(USERNAME, "id").refusal("GET", "/sobjects") == (401, "INVALID_SESSION_ID")
    api = door()
    orgs.change_user(world, USERNAME, permissions=[])
    assert await api.refusal("GET", "/sobjects") == (403, "API_DISABLED_FOR_ORG")
