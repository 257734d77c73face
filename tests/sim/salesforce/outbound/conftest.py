"""An outbound message of a whole world, and a listener that acknowledges it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

import aiohttp
import pytest
from defusedxml.ElementTree import fromstring

from syncline_sim.app import Simulation
from syncline_sim.salesforce import grants, orgs
from tests.sim.conftest import ControlDoor
from tests.sim.listener import Heard, Listener, listening, says, until

ENVELOPE = "{http://schemas.xmlsoap.org/soap/envelope/}"
OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
RECORD = "{urn:sobject.enterprise.soap.sforce.com}"
INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
USERNAME = "sync@acme.example"


def ack(word: str = "true") -> str:
    """Write the answer that a listener gives."""
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<Ack>{word}</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>"
    )


def read(heard: Heard) -> Element:
    """Answer the `notifications` of a request."""
    found: Element | None = fromstring(heard.body).find(f"{ENVELOPE}Body/{OUTBOUND}notifications")
    assert found is not None
    return found


def ids(heard: Heard) -> list[str]:
    """Answer the ids of the notifications of a request."""
    return [one.findtext(f"{OUTBOUND}Id", "") for one in read(heard).findall(f"{OUTBOUND}Notification")]


def records(heard: Heard) -> list[dict[str, str | None]]:
    """Answer the records of a request, by field."""
    found = read(heard).findall(f"{OUTBOUND}Notification/{OUTBOUND}sObject")
    return [{field.tag.removeprefix(RECORD): field.text for field in record} for record in found]


@dataclass
class Outbound:
    """Defines messages and looks at their queue, by the control door."""

    control: ControlDoor
    listener: Listener

    async def define(self, **wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - what JSON holds
        """Define a message of leads."""
        plain = {"object": "Lead", "endpoint": f"{self.listener.url}/hook", "fields": ["LastName"]}
        return await self.control("POST /outbound-messages", {**plain, **wanted})

    async def create(self, last_name: str = "Doe", count: int = 1, **more: Any) -> list[str]:  # noqa: ANN401 - as above
        """Create leads and answer their ids."""
        values = {"LastName": last_name, "Company": "Acme", **more}
        made = await self.control("POST /records", {"object": "Lead", "change": {"create": values}, "count": count})
        found: list[str] = made["ids"]
        return found

    async def switch(self, **values: Any) -> None:  # noqa: ANN401 - as above
        """Set switches of the simulated Salesforce."""
        await self.control("POST /switches", {"side": "salesforce", **values})

    async def queued(self) -> list[dict[str, Any]]:
        """Answer what waits."""
        found: list[dict[str, Any]] = (await self.control("GET /outbound-messages"))["queued"]
        return found

    async def failed(self) -> list[dict[str, Any]]:
        """Answer what has failed."""
        found: list[dict[str, Any]] = (await self.control("GET /outbound-messages"))["failed"]
        return found

    async def until_empty(self) -> None:
        """Wait until nothing waits."""

        async def empty() -> bool:
            return not await self.queued()

        await until(empty)

    async def until_tried(self, attempts: int = 1) -> list[dict[str, Any]]:
        """Wait until everything that waits was tried so often, and answer it."""

        async def tried() -> bool:
            found = await self.queued()
            return bool(found) and all(one["attempts"] >= attempts for one in found)

        await until(tried)
        return await self.queued()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """A listener that acknowledges whatever it hears."""
    async with listening(says(text=ack())) as found:
        yield found


@pytest.fixture
def outbound(control: ControlDoor, listener: Listener) -> Outbound:
    """The outbound messages of the world."""
    return Outbound(control, listener)


@pytest.fixture
def api(simulation: Simulation, http: aiohttp.ClientSession) -> "Api":
    """The data API as the sync user sees it."""
    return Api(simulation, http, USERNAME)


class Api:
    """Calls the data API as a user."""

    def __init__(self, simulation: Simulation, http: aiohttp.ClientSession, username: str) -> None:
        user = orgs.find_user(simulation.world.db, username)
        self.token = grants.open_session(simulation.world, "", user, frozenset({"full"})).access_token
        self._base = f"{simulation.world.urls['salesforce']}/services/data/v67.0"
        self._http = http

    async def __call__(self, call: str, document: Any = None, **options: Any) -> Any:  # noqa: ANN401 - JSON
        """Make a call such as `POST /sobjects/Lead` and answer what it says."""
        method, path = call.split()
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        if document is not None:
            options["json"] = document
        async with self._http.request(method, self._base + path, headers=headers, **options) as response:
            assert response.status < 300, await response.text()
            return await response.json() if response.content_type == "application/json" else None
