"""A user who calls the SOAP endpoints of a simulated Salesforce behind a real port, in plain XML."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from defusedxml import ElementTree

from syncline_sim.salesforce import data, gate, soap
from syncline_sim.world import World
from tests.sim.salesforce.conftest import USERNAME, Api, log_in

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
NAMESPACES = {"u": "urn:partner.soap.sforce.com", "c": "urn:enterprise.soap.sforce.com"}
RECORD = "urn:sobject.partner.soap.sforce.com"


def plain(element: Element) -> Any:  # noqa: ANN401 - a text, nothing, or what is inside by name
    """Answer an element without namespaces; what comes more than once is a list."""
    if element.get(NIL) == "true":
        return None
    if not len(element):
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        found.setdefault(child.tag.rpartition("}")[2], []).append(plain(child))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def many(found: Any, name: str) -> list[Any]:  # noqa: ANN401 - as above
    """Answer everything under a name, however often it is there."""
    values = found.get(name, []) if isinstance(found, dict) else []
    return values if isinstance(values, list) else [values]


class Soap:
    """Calls one of the services with a session."""

    def __init__(self, client: TestClient[web.Request, web.Application], session: str) -> None:
        self.client = client
        self.session = session

    async def send(self, body: str, *, kind: str = "u", header: str = "", version: str = "64.0") -> tuple[int, Element]:
        """Send a call and answer the status and the envelope that comes back."""
        session = f"<SessionHeader><sessionId>{escape(self.session)}</sessionId></SessionHeader>"
        text = f'<e:Envelope xmlns:e="{ENVELOPE}" xmlns="{NAMESPACES[kind]}" xmlns:s="{RECORD}">'
        text += f"<e:Header>{session}{header}</e:Header><e:Body>{body}</e:Body></e:Envelope>"
        headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
        address = f"/services/Soap/{kind}/{version}/00D"
        async with self.client.post(address, data=text.encode(), headers=headers) as response:
            assert response.content_type == "text/xml"
            return response.status, ElementTree.fromstring(await response.text())

    async def __call__(self, body: str, **options: str) -> list[Any]:
        """Answer the results of a call that is answered."""
        status, envelope = await self.send(body, **options)
        found = plain(envelope)
        assert status == 200, found
        name = body[1:].partition(">")[0].partition("/")[0]
        return many(found["Body"][f"{name}Response"], "result")

    async def fault(self, body: str, **options: str) -> dict[str, Any]:
        """Answer the fault to a call that is refused, its detail among the rest."""
        status, envelope = await self.send(body, **options)
        assert status == 500
        found = plain(envelope)["Body"]["Fault"]
        (of, detail) = next(iter(found.pop("detail", {"": {}}).items()))
        return {**found, "of": of, **detail}


@pytest.fixture
async def client(world: World) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    """Both doors of one world."""
    app = web.Application(middlewares=[gate.guard(world)], client_max_size=2**18)
    soap.add_routes(app, world)
    data.add_routes(app, world)
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
def call_as(world: World, client: TestClient[web.Request, web.Application]) -> Callable[..., Soap]:
    """Answers the SOAP endpoints as a user with some username and some scopes."""
    return lambda *who: Soap(client, log_in(world, *who).token)


@pytest.fixture
def call(call_as: Callable[..., Soap]) -> Soap:
    """The SOAP endpoints as the sync user calls them."""
    return call_as(USERNAME)


@pytest.fixture
def api(world: World, client: TestClient[web.Request, web.Application]) -> Api:
    """The data API as the same user calls it."""
    return Api(client, log_in(world).token)
