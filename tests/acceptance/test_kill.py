"""The service is killed again and again in the middle of a sync, and nothing that counts is lost or done twice."""

import asyncio
import json
import random
import secrets
from collections import Counter
from datetime import UTC, datetime

import aiohttp
import pytest
from standardwebhooks.webhooks import Webhook

from tests.acceptance.world import World

KILLS = 50
LEADS, CONTACTS = 4500, 3000
#: How long a process lives after it is ready, in seconds: from the first claim to the middle of a run.
LIFE = (0.02, 0.5)


class Sender:
    """Somebody who posts signed events all the time, and remembers which were acknowledged."""

    def __init__(self, world: World, hook: dict[str, str]) -> None:
        """Take the address and the secret of a hook."""
        self.acknowledged: list[str] = []
        self._address = hook["url"]
        self._signer = Webhook(hook["secret"])
        self._world = world

    async def run(self) -> None:
        """Post until cancelled; an event that nobody answered is forgotten, as it was not acknowledged."""
        async with aiohttp.ClientSession() as http:
            while True:
                try:
                    await self._post(http)
                except (aiohttp.ClientError, OSError):
                    await asyncio.sleep(0.02)

    async def _post(self, http: aiohttp.ClientSession) -> None:
        name, now = f"msg_{secrets.token_hex(8)}", datetime.now(UTC)
        body = json.dumps({"type": "sync.requested", "timestamp": now.isoformat(), "data": {}})
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(name, now, body),
        }
        async with http.post(self._address, data=body, headers=headers) as response:
            if response.status < 300:
                self.acknowledged.append(name)
        await asyncio.sleep(0.01)


async def reset(world: World) -> None:
    """Begin the simulated world anew, with calls that take their time, so that a kill meets work under way."""
    await world.control("POST", "/reset", seed=7, leads=LEADS, contacts=CONTACTS)
    await world.switch("marketo", latency=0.05, rate_limit=100_000, daily_limit=10_000_000)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("settings", [{"target_rate": 10_000, "effect_attempts": 6}], indirect=True)
async def test_fifty_kills_lose_no_event_repeat_no_exchange_and_end_with_the_same_records(world: World) -> None:
    """Kill -9 at random moments of the sync, each time with a restart, against a run that nobody disturbed."""
    await reset(world)
    undisturbed = await world.create("Undisturbed")
    await world.reach(undisturbed, "syncing.waiting")
    expected = await world.control("GET", "/marketo/digest")
    assert expected["count"] == LEADS + CONTACTS
    await world.send(undisturbed, "pause.requested")

    await reset(world)
    account = {"url": world.marketo, **world.sim["marketo_client"]}
    body = {"name": "Killed", "source": {"login_host": world.salesforce}, "target": account}
    created = await world.api("POST", "/api/integrations", body)
    integration = created["id"]
    await world.reach(integration, "syncing.initial_sync")
    sender = Sender(world, created["hook"])
    posting = asyncio.create_task(sender.run())

    moments = random.Random(50)  # noqa: S311  the same moments each time
    met: Counter[str] = Counter()
    for _ in range(KILLS):
        await asyncio.sleep(moments.uniform(*LIFE))
        met[(await world.status(integration))["state"]] += 1
        await world.kill()
        await world.start()

    posting.cancel()
    await asyncio.gather(posting, return_exceptions=True)
    await world.switch("marketo", latency=0)
    await world.send(integration, "sync.requested")
    status = await world.wait_for(integration, "syncing.waiting", deadline=60)
    assert status["blocked_by"] is None
    assert met["syncing.initial_sync"] > KILLS / 5, met  # Otherwise too few met the work that this is about.

    assert await world.control("GET", "/marketo/digest") == expected
    rows = await world.log(integration)
    owners = [row["key"] for row in rows if row["type"] == "sync.requested" and not row.get("repeats")]
    assert len(sender.acknowledged) > KILLS
    missing = [name for name in sender.acknowledged if owners.count(f"hook:{name}") != 1]
    assert missing == []
    calls = (await world.control("GET", "/calls"))["salesforce"]["operations"]
    assert calls["token.code"] == 2  # One probe of key and secret, one exchange of the code.
    assert [row["type"] for row in rows].count("code.exchanged") == 1
    assert await verified(world)


async def verified(world: World) -> bool:
    """Ask the command line whether the whole log proves itself, on the stopped service's data."""
    assert await world.stop() == 0
    code, output = await world.command("audit", "verify", "--json")
    await world.start()
    return code == 0 and bool(json.loads(output)["proved"])
