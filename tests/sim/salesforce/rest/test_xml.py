"""The REST API in XML, and the forms in which it answers and takes nothing."""

from typing import Any
from xml.etree.ElementTree import Element

import pytest
from aiohttp import ClientResponse
from defusedxml.ElementTree import fromstring

from syncline_sim.salesforce import changes, representation
from syncline_sim.world import World
from tests.sim.salesforce.conftest import BASE, Api

XML = {"Accept": "application/xml"}
SENT = {"Content-Type": "application/xml; charset=UTF-8"}
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


@pytest.fixture
def account(world: World) -> str:
    """An account with a contact."""
    made = changes.create_record(world, "Account", {"Name": "Acme & Söhne", "NumberOfEmployees": 7})
    changes.create_record(world, "Contact", {"LastName": "Ng", "AccountId": made})
    return made


async def read(response: ClientResponse) -> Element:
    """Answer the document of an answer in XML."""
    assert response.headers["Content-Type"] == "application/xml; charset=UTF-8"
    root: Element = fromstring(await response.text())
    return root


async def get(api: Api, path: str, **options: Any) -> Element:  # noqa: ANN401 - aiohttp's own
    """Answer the document of a GET that asks for XML."""
    response = await api.send("GET", path, headers=XML, **options)
    assert response.status == 200
    return await read(response)


def plain(element: Element) -> list[tuple[str, str | None]]:
    """Answer names and texts of what lies in an element."""
    return [(child.tag, child.text) for child in element]


async def test_versions(api: Api) -> None:
    """Versions, without a session."""
    root = await read(await api.client.get("/services/data/", headers=XML))
    expected = [("label", "Summer '26"), ("url", "/services/data/v67.0"), ("version", "67.0")]
    assert (root.tag, root[-1].tag, plain(root[-1])) == ("Versions", "Version", expected)


async def test_resources_and_limits(api: Api) -> None:
    """What there is below a version, and how much of it is left."""
    root = await get(api, "/")
    assert (root.tag, root.findtext("sobjects")) == ("urls", f"{BASE}/sobjects")
    assert (await get(api, "/limits")).findtext("DailyApiRequests/Max") == "100000"


async def test_describes(api: Api) -> None:
    """A list is its members one after the other; an object goes by its name."""
    root = await get(api, "/sobjects")
    assert (root.tag, root.findtext("maxBatchSize")) == ("DescribeGlobal", "200")
    assert [each.findtext("name") for each in root.iterfind("sobjects")][:2] == ["Account", "Contact"]
    assert (await get(api, "/sobjects/lead")).findtext("objectDescribe/keyPrefix") == "00Q"
    root = await get(api, "/sobjects/Lead/describe")
    fields = {field.findtext("name"): field for field in root.iterfind("fields")}
    assert (root.tag, fields["Email"].findtext("type"), fields["Email"].findtext("updateable")) == (
        "Lead",
        "email",
        "true",
    )
    assert [value.findtext("label") for value in fields["Rating"].iterfind("picklistValues")] == ["Hot", "Warm", "Cold"]


async def test_record(account: str, api: Api) -> None:
    """A record goes by its object, its attributes are attributes, and what is empty is nil."""
    root = await get(api, f"/sobjects/account/{account}", params={"fields": "Name,Website,NumberOfEmployees"})
    assert (root.tag, root.attrib) == ("Account", {"type": "Account", "url": f"{BASE}/sobjects/Account/{account}"})
    assert plain(root) == [("Name", "Acme & Söhne"), ("Website", None), ("NumberOfEmployees", "7")]
    website = root.find("Website")
    assert website is not None
    assert website.attrib == {NIL: "true"}


async def test_query(world: World, account: str, api: Api) -> None:
    """A page of a query, with parents and children."""
    soql = "SELECT Name, (SELECT LastName FROM Contacts) FROM Account"
    root = await get(api, "/query", params={"q": soql})
    assert (root.tag, root.findtext("totalSize"), root.findtext("done")) == ("QueryResult", "1", "true")
    (record,) = root.iterfind("records")
    assert (record.get("type"), record.findtext("Contacts/records/LastName")) == ("Account", "Ng")
    assert account in (record.get("url") or "")
    for number in range(201):
        changes.create_record(world, "Lead", {"LastName": f"L{number}", "Company": "C"})
    response = await api.send(
        "GET", "/query?q=SELECT+Id+FROM+Lead", headers={**XML, "Sforce-Query-Options": "batchSize=200"}
    )
    following = (await read(response)).findtext("nextRecordsUrl") or ""
    assert len(list((await get(api, following)).iterfind("records"))) == 1


async def test_errors(api: Api) -> None:
    """An error, also one that is met before anybody is known."""
    response = await api.send("GET", "/query", params={"q": "SELECT Id FROM Nothing"}, headers=XML)
    root = await read(response)
    assert (response.status, root.tag, [child.tag for child in root]) == (400, "Errors", ["Error"])
    assert [child.tag for child in root[0]] == ["errorCode", "message"]
    assert root.findtext("Error/errorCode") == "INVALID_TYPE"
    api.headers = {}
    assert (await read(await api.send("GET", "/limits", headers=XML))).findtext(
        "Error/errorCode"
    ) == "INVALID_SESSION_ID"


async def test_written(world: World, api: Api) -> None:
    """A record that is sent in XML is answered in XML."""
    body = (
        "<Lead><LastName>M&#252;ller</LastName><Company>Acme</Company><NumberOfEmployees>3</NumberOfEmployees>"
        "<HasOptedOutOfEmail>true</HasOptedOutOfEmail></Lead>"
    )
    response = await api.send("POST", "/sobjects/Lead", data=body, headers=SENT)
    root = await read(response)
    record = root.findtext("id")
    assert (response.status, plain(root)) == (201, [("id", record), ("success", "true")])
    emptied = f'<Lead xmlns:xsi="{NIL[1:-4]}"><NumberOfEmployees xsi:nil="true"/><Title>Dr</Title></Lead>'
    response = await api.send("PATCH", f"/sobjects/Lead/{record}", data=emptied, headers=SENT)
    assert (response.status, await response.text()) == (204, "")
    (found,) = changes.read_records(world, "Lead")
    assert [found[name] for name in ("LastName", "NumberOfEmployees", "HasOptedOutOfEmail", "Title")] == [
        "Müller",
        None,
        True,
        "Dr",
    ]


async def test_upserted(world: World, api: Api) -> None:
    """A record with an external id, and a look-up by one."""
    account = changes.create_record(world, "Account", {"Name": "Acme", "Legacy_Id__c": "A-1"})
    body = "<Contact><LastName>Ng</LastName><Account><Legacy_Id__c>A-1</Legacy_Id__c></Account></Contact>"
    root = await read(await api.send("PATCH", "/sobjects/Contact/Legacy_Id__c/C-1", data=body, headers=SENT))
    assert (root.tag, root.findtext("created")) == ("Result", "true")
    assert changes.read_records(world, "Contact")[0]["AccountId"] == account


@pytest.mark.parametrize("body", ["<Lead>", "<!DOCTYPE x><Lead/>", "{}"])
async def test_no_xml(api: Api, body: str) -> None:
    """What is no XML, or XML with a document type."""
    response = await api.send("POST", "/sobjects/Lead", data=body, headers=SENT)
    assert (response.status, (await read(response)).findtext("Error/errorCode")) == (400, "XML_PARSER_ERROR")


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/sobjects/Lead", "application/x-www-form-urlencoded"),
        ("PATCH", "/sobjects/Lead/00QHs0000000001MAA", "text/csv"),
        ("POST", "/composite", "application/xml"),
        ("POST", "/composite/sobjects", "multipart/form-data; boundary=x"),
    ],
)
async def test_unsupported(api: Api, method: str, path: str, kind: str) -> None:
    """A body in a form that a resource does not take is not looked at."""
    refused = await api.refusal(method, path, data="{}", headers={"Content-Type": kind, "Accept": "application/json"})
    assert refused == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/sobjects", "text/csv"), ("/sobjects", "application/json;q=0"), ("/sobjects/Lead/updated", "application/xml")],
)
async def test_not_acceptable(api: Api, path: str, accept: str) -> None:
    """Who takes nothing that there is gets nothing."""
    response = await api.send("GET", path, headers={"Accept": accept})
    assert (response.status, await response.text()) == (406, "")
    assert "Sforce-Limit-Info" in response.headers
    if path == "/sobjects":
        assert (await api.client.get("/services/data", headers={"Accept": accept})).status == 406


@pytest.mark.parametrize(
    ("accept", "sent", "expected"),
    [
        ("", "", "application/json"),
        ("*/*", "text/xml", "application/xml"),
        ("application/json", "application/xml", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "", "application/xml"),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "", "application/json"),
        ("application/*, application/json;q=0.5", "", "application/xml"),
        ("text/html", "", ""),
    ],
)
def test_wanted(accept: str, sent: str, expected: str) -> None:
    """Which form a client wants, as browsers, Java and others say it."""
    headers = {"Accept": accept} | ({"Content-Type": sent} if sent else {})
    assert representation.wanted(headers) == expected
