"""The SOAP endpoints on the wire: login, and calls that are not covered as ones that there are not."""

from collections.abc import AsyncIterator
from typing import Any
from xml.etree import ElementTree as ET

import aiohttp
import pytest

from syncline_sim import xml_reader
from syncline_sim.app import Simulation
from syncline_sim.salesforce import orgs, passwords
from tests.sim.conftest import ControlDoor
from tests.sim.person import Person

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
PARTNER, ENTERPRISE = "urn:partner.soap.sforce.com", "urn:enterprise.soap.sforce.com"
USER = "sync@acme.example"


def envelope(call: str, namespace: str = PARTNER) -> str:
    """Answer an envelope with a call in it."""
    return f'<e:Envelope xmlns:e="{SOAP}" xmlns="{namespace}"><e:Header/><e:Body>{call}</e:Body></e:Envelope>'


def login(simulation: Simulation) -> str:
    """Answer the call that logs the sync user in."""
    world = simulation.world
    whole = orgs.DEFAULT_PASSWORD + passwords.security_token(world, orgs.find_user(world.db, USER))
    return f"<login><username>{USER}</username><password>{whole}</password></login>"


async def post(person: Person, path: str, text: str | bytes) -> tuple[int, ET.Element]:
    """Send a text and answer status and root of what comes back."""
    data = text if isinstance(text, bytes) else text.encode()
    headers = {"Content-Type": "text/xml", "SOAPAction": "login"}
    async with person.http.post(f"{person.salesforce}/services/Soap/{path}", data=data, headers=headers) as response:
        assert response.content_type == "text/xml"
        return response.status, ET.fromstring(await response.text())  # noqa: S314 - our own


def fault(root: ET.Element) -> tuple[str, str]:
    """Answer code and text of a fault."""
    found = root.find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    assert found is not None
    return found.findtext("faultcode", ""), found.findtext("faultstring", "")


@pytest.mark.parametrize(("path", "namespace"), [("u/59.0", PARTNER), ("u/64.0/", PARTNER), ("c/31.0/00D", ENTERPRISE)])
async def test_login(simulation: Simulation, person: Person, path: str, namespace: str) -> None:
    """Both services log in, and the session is good for the data API of the address that is named."""
    status, root = await post(person, path, envelope(login(simulation), namespace))
    result = root.find(f"{{{SOAP}}}Body/{{{namespace}}}loginResponse/{{{namespace}}}result")
    assert status == 200
    assert result is not None
    found = {part.tag.rpartition("}")[2]: part.text or "" for part in result.iter()}
    org, kind = orgs.all_orgs(simulation.world)[0], path[0]
    assert found["serverUrl"] == f"{person.salesforce}/services/Soap/{kind}/{path.split('/')[1]}/{org.id[:15]}"
    assert (found["organizationId"], found["userName"], found["sandbox"]) == (org.id, USER, "false")
    assert (await person.get("/services/data/v59.0/limits", found["sessionId"]))[0] == 200
    assert (await person.get("/services/oauth2/userinfo", found["sessionId"]))[0] == 200


async def test_untidy_clients(simulation: Simulation, person: Person) -> None:
    """Doubled slashes and bodies without a length are what some of the vendor's own clients send."""

    async def chunks() -> AsyncIterator[bytes]:
        for part in envelope(login(simulation)).encode().partition(b"<login>"):
            yield part

    async with person.http.post(f"{person.salesforce}//services//Soap/u/59.0", data=chunks()) as response:
        assert response.status == 200
        assert "<sessionId>00D" in await response.text()


async def test_fault_is_as_clients_read_it(person: Person) -> None:
    """The code stands before the text and in an element of its own, which has no attributes."""
    call = "<login><username>a &amp; b</username><password>&lt;</password></login>"
    status, root = await post(person, "u/59.0", envelope(call))
    message = "Invalid username, password, security token; or user locked out."
    assert (status, fault(root)) == (500, ("sf:INVALID_LOGIN", f"INVALID_LOGIN: {message}"))
    detail = root.find(".//{urn:fault.partner.soap.sforce.com}LoginFault")
    assert detail is not None
    assert [(part.text, part.attrib) for part in detail] == [("INVALID_LOGIN", {}), (message, {})]


@pytest.mark.parametrize(
    ("path", "call", "namespace"),
    [
        ("u/59.0", "search", PARTNER),
        ("u/59.0", "login", ENTERPRISE),
        ("m/59.0", "describeMetadata", "http://soap.sforce.com/2006/04/metadata"),
        ("class/59.0", "login", PARTNER),
    ],
)
async def test_other_calls(person: Person, path: str, call: str, namespace: str) -> None:
    """A call that is not covered is answered as one that the service does not have."""
    status, root = await post(person, path, envelope(f"<{call}/>", namespace))
    text = f"No operation available for request {{{namespace}}}{call}, please check the WSDL for the service."
    assert (status, fault(root)) == (500, ("soapenv:Client", text))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"login",
        b"<login/>",
        envelope("").encode(),
        envelope("<login>").encode(),
        b'<?xml version="1.0" encoding="no-such-thing"?><a/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]>' + envelope("<login><username>&b;</username></login>").encode(),
        b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>',
        envelope("<login><username>&b;</username></login>").encode(),
    ],
)
async def test_what_is_no_call(person: Person, text: bytes) -> None:
    """Noise and XML with a document type are refused before anything in them is looked at."""
    status, root = await post(person, "u/59.0", text)
    assert (status, fault(root)[0]) == (500, "soapenv:Client")


async def test_document_type_is_why(person: Person) -> None:
    """An entity of a client's own is never read, however it is used."""
    bomb = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    text = f'<!DOCTYPE a [<!ENTITY e0 "ha">{bomb}]>{envelope("<login><username>&e9;</username></login>")}'
    _, root = await post(person, "u/59.0", text)
    assert fault(root) == ("soapenv:Client", "a document type is not allowed")


@pytest.mark.parametrize("inner", ["<a/>" * 100, "<a>" * 200 + "</a>" * 200], ids=["many", "deep"])
async def test_too_many_elements(person: Person, monkeypatch: pytest.MonkeyPatch, inner: str) -> None:
    """XML that would fill the memory is not read to its end."""
    monkeypatch.setattr(xml_reader, "_MOST_ELEMENTS", 100 if "/>" in inner else 1000)
    status, root = await post(person, "u/59.0", envelope(f"<login>{inner}</login>"))
    assert status == 500
    assert fault(root)[1].startswith("more than 100")


async def test_not_a_post(person: Person) -> None:
    """The endpoints take POST only."""
    assert (await person.open("/services/Soap/u/59.0")).status == 405


async def test_injected_fault(person: Person, control: ControlDoor, simulation: Simulation) -> None:
    """A fault that is put in the way has the form that this endpoint gives its errors."""
    error = {"side": "salesforce", "kind": "error", "match": "soap", "code": "SERVER_UNAVAILABLE", "message": "a < b"}
    await control("POST /faults", error)
    status, root = await post(person, "u/59.0", envelope(login(simulation)))
    assert (status, fault(root)) == (500, ("sf:SERVER_UNAVAILABLE", "SERVER_UNAVAILABLE: a < b"))


async def test_token_follows_the_password(control: ControlDoor, http: aiohttp.ClientSession) -> None:
    """Another password or another seed makes another token; the same world has the same."""

    async def token() -> str:
        found: list[dict[str, Any]] = (await control("GET /world"))["users"]
        return str(found[0]["security_token"])

    first = await token()
    assert len(first) == 24
    await control(f"PATCH /users/{USER}", {"password": "another-horse-2"})
    changed = await token()
    await control("POST /reset", {"seed": 2})
    other = await token()
    await control("POST /reset", {"seed": 1})
    assert await token() == first
    assert len({first, changed, other}) == 3
