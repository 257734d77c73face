"""Signed events from outside, end to end: what they may do, and every way in which they are turned away."""

import json
import secrets
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from standardwebhooks.webhooks import Webhook

from tests.acceptance.expectations import rows_of
from tests.acceptance.syncs import complete
from tests.acceptance.world import Json, World


class Sender:
    """Somebody who holds the secret of a hook."""

    def __init__(self, hook: dict[str, str]) -> None:
        """Take the address and the secret."""
        self.address = hook["url"]
        self._signer = Webhook(hook["secret"])

    async def post(
        self, event: str, *, name: str = "", age: float = 0, address: str = "", changed: bool = False
    ) -> tuple[int, Json]:
        """Sign and post an event; answers the status and the document."""
        name, at = name or f"msg_{secrets.token_hex(8)}", datetime.now(UTC) - timedelta(seconds=age)
        body = json.dumps({"type": event, "timestamp": "", "data": {"why": "test"}})
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._signer.sign(name, at, body),
        }
        sent = body.replace("test", "forged") if changed else body
        async with (
            aiohttp.ClientSession() as http,
            http.post(address or self.address, data=sent, headers=headers) as response,
        ):
            return response.status, await response.json(content_type=None)


async def hooked(world: World) -> tuple[str, Sender]:
    """Make an integration that syncs; answers it and a sender for its hook."""
    account = {"url": world.marketo, **world.sim["marketo_client"]}
    body = {"name": "Hooked", "source": {"login_host": world.salesforce}, "target": account}
    created = await world.api("POST", "/api/integrations", body)
    await world.reach(created["id"], "syncing.waiting")
    return str(created["id"]), Sender(created["hook"])


@pytest.mark.parametrize("settings", [{"cycle_interval": 120}], indirect=True)
async def test_signed_events_ask_for_a_cycle_pause_and_resume(world: World) -> None:
    """Each is acknowledged with what became of it, and stands on the log as the hook's."""
    integration, sender = await hooked(world)
    run = (await world.status(integration))["run"]["number"]

    status, answer = await sender.post("sync.requested")
    assert (status, answer["disposition"], answer["to"]) == (200, "transitioned", "syncing.running_cycle")
    found = await complete(world, integration)
    assert found["run"]["number"] == run + 1

    status, answer = await sender.post("pause.requested")
    assert (status, answer["to"]) == (200, "syncing.paused")
    found = await world.status(integration)
    assert found["why"]["actor"]["kind"] == "hook"
    status, answer = await sender.post("resume.requested")
    assert (status, answer["disposition"]) == (200, "transitioned")
    await complete(world, integration)
    (row,) = await rows_of(world, integration, "pause.requested")
    assert (row["actor"]["kind"], row["actor"]["via"]) == ("hook", "signature")
    assert row["data"] == {"sent": {"why": "test"}}


@pytest.mark.parametrize("settings", [{"cycle_interval": 120}], indirect=True)
async def test_a_repeated_delivery_is_answered_alike_and_done_once(world: World) -> None:
    """The same webhook-id twice: the second is told what became of the first."""
    integration, sender = await hooked(world)
    first = await sender.post("pause.requested", name="msg_once")
    await world.send(integration, "resume.requested")
    second = await sender.post("pause.requested", name="msg_once")

    assert first == second
    assert first[0] == 200
    assert (await world.wait_for(integration, "syncing.waiting"))["state"] == "syncing.waiting"


async def test_what_is_not_signed_as_it_should_be_is_turned_away_and_changes_nothing(world: World) -> None:
    """A wrong secret, a changed body, an old stamp, somebody else's hook: each has its code."""
    integration = await world.create()
    account = {"url": world.marketo, **world.sim["marketo_client"]}
    body = {"name": "Other", "source": {"login_host": world.salesforce}, "target": account}
    other = Sender((await world.api("POST", "/api/integrations", body))["hook"])
    mine = f"{world.url}/hooks/{integration}/events"
    before = await world.status(integration)

    nowhere = f"{world.url}/hooks/in_nobody/events"
    for status, code, event, how in (
        (401, "hook.bad_signature", "sync.requested", {"address": mine}),
        (401, "hook.bad_signature", "sync.requested", {"changed": True}),
        (401, "hook.too_old", "sync.requested", {"age": 600}),
        (422, "hook.type_not_allowed", "disconnect.requested", {}),
        (404, "hook.unknown", "sync.requested", {"address": nowhere}),
    ):
        answered, problem = await other.post(event, **how)
        assert problem["code"] == code
        assert answered == status, problem
        assert problem["remedy"]
    after = await world.status(integration)
    assert (after["state"], after["why"]) == (before["state"], before["why"])
    rows = [(row["type"], row["disposition"]) for row in await world.log(integration) if row["seq"] > before["seq"]]
    assert rows == [("secret.lent", "handled"), ("hook.refused", "refused")]
