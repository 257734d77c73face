"""Public clients, unmodified, go on from what the simulated vendors have sent to a listener."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceExpiredSession

from syncline_sim.app import Simulation
from tests.sim.clients.marketorestpython_calls import LONG_AGO, Client, people
from tests.sim.conftest import ControlDoor
from tests.sim.listener import Listener, listening, says, until
from tests.sim.salesforce.outbound.conftest import OUTBOUND, ack, read, records
from tests.sim.secured import secured


@pytest.fixture
async def simulation(tmp_path: Path) -> AsyncIterator[Simulation]:
    """A world with HTTPS."""
    async with secured(tmp_path) as running:
        yield running


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """A listener that acknowledges, and answers any webhook with the same."""
    async with listening(says(text=ack())) as found:
        yield found


async def test_session(
    simulation: Simulation, control: ControlDoor, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """simple-salesforce calls back with the session of an outbound message, and is refused once that has expired."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", simulation.address()["ca"])
    message = {"object": "Lead", "endpoint": listener.url, "send_session": True}
    await control("POST /outbound-messages", message)
    await control("POST /records", {"object": "Lead", "change": {"Company": "Changed"}})
    (heard,) = await listener.wait(1)
    session = read(heard).findtext(f"{OUTBOUND}SessionId")
    with requests.Session() as https:
        url = simulation.world.urls["salesforce_https"]
        client: Any = await asyncio.to_thread(Salesforce, session_id=session, instance_url=url, session=https)
        (told,) = records(heard)
        found = await asyncio.to_thread(client.Lead.get, told["Id"])
        assert found["Company"] == "Changed"
        await control("POST /tokens/expire", {})
        with pytest.raises(SalesforceExpiredSession):
            await asyncio.to_thread(client.Lead.get, told["Id"])


async def test_activity(simulation: Simulation, control: ControlDoor, listener: Listener) -> None:
    """A webhook is set off by marketorestpython, which reads how it went in the activity log."""
    client = Client(simulation.world.urls["marketo"])
    webhook = {
        "name": "Enrich",
        "url": listener.url,
        "template": "email={{lead.Email Address}}",
        "encoding": "Form/Url",
        "response_type": "XML",
        "mappings": {"Envelope.Body.notificationsResponse.Ack": "City"},
    }
    await control("POST /marketo/webhooks", webhook)
    [number] = await people(client, "a@example.com")

    async def called() -> bool:
        return bool((await control("GET /marketo/webhooks"))["calls"][0]["state"] == "done")

    await until(called)
    assert listener.heard[0].body == b"email=a%40example.com"
    [kind] = [one for one in await client("get_activity_types") if one["name"] == "Call Webhook"]
    [told] = await client("get_lead_activities", activityTypeIds=[str(kind["id"])], sinceDatetime=LONG_AGO)
    assert (told["leadId"], told["primaryAttributeValue"]) == (number, "Enrich")
    assert told["attributes"] == [{"name": "Response", "value": ack()}]
    [found] = await client("get_lead_by_id", id=number, fields=["city"])
    assert found["city"] == "true"
