"""The log on its way to other systems: receivers and the service are killed, and every row arrives, in order."""

import asyncio
import json
import random
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.acceptance.certificates import Authority
from tests.acceptance.processes import Program
from tests.acceptance.world import World

KINDS = ("https", "syslog+tls", "syslog+tcp")
ROUNDS = 8
TOKEN, SECRET = "canary-token-for-the-receiver", "canary-in-the-address"


class Receiver:
    """One receiver, which can be killed and comes back at the same address."""

    def __init__(self, kind: str, authority: Authority, folder: Path) -> None:
        """Start it on a free port."""
        self.kind = kind
        self._certificate, self._folder = folder / f"{kind}.pem", folder
        authority.certify("127.0.0.1", file=self._certificate)
        self.file = folder / f"{kind}.ndjson"
        self.port = 0
        self.start()
        scheme = f"{kind}://127.0.0.1:{self.port}"
        ca = "" if kind == "syslog+tcp" else f"&ca={authority.file}"
        token = f"&token-file={folder}/token" if kind == "https" else ""
        path = f"/in?key={SECRET}" if kind == "https" else ""
        self.address = f"{scheme}{path}#pause=0.05&timeout=5{ca}{token}"

    def start(self) -> None:
        """Run."""
        arguments = (self.kind, str(self.port), str(self._certificate), str(self.file))
        log = self._folder / f"{self.kind}.log"
        self._program = Program("tests.acceptance.receiver", *arguments, log=log)
        self.port = int(self._program.facts["port"])

    def kill(self) -> None:
        """End it as a power cut would."""
        self._program.kill()

    def rows(self) -> list[dict[str, Any]]:
        """What it has kept; the last line may have been cut off by a kill."""
        lines = self.file.read_bytes().split(b"\n")[:-1] if self.file.exists() else []
        return [json.loads(line) for line in lines]


@pytest.fixture
async def receivers(tmp_path: Path) -> AsyncIterator[list[Receiver]]:
    """One of each kind."""
    authority = Authority(tmp_path)
    (tmp_path / "token").write_text(TOKEN)
    made = [Receiver(kind, authority, tmp_path) for kind in KINDS]
    yield made
    for receiver in made:
        receiver.kill()


class Sender:
    """Somebody who sends commands all the time; each is a row of the log, whatever becomes of it."""

    def __init__(self, world: World, integration: str) -> None:
        """Take where to."""
        self._world, self._integration = world, integration
        self.sent = 0

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            try:
                name = secrets.token_hex(8)
                path = f"/api/integrations/{self._integration}/events"
                await self._world.call("POST", path, {"type": "sync.requested"}, **{"Idempotency-Key": name})
                self.sent += 1
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.005)


async def arrived(world: World, *, within: float = 90.0) -> None:
    """Wait until every destination has all of the log."""
    async with asyncio.timeout(within):
        while True:
            items = (await world.api("GET", "/api/audit/forwarding"))["items"]
            if all(item["waiting_rows"] == 0 and item["trouble"] is None for item in items):
                return
            await asyncio.sleep(0.1)


async def exported(world: World) -> list[bytes]:
    """The log as the service gives it away."""
    headers = {"Authorization": f"Bearer {world.key}"}
    async with world.browser.http.get(f"{world.url}/api/audit?format=ndjson", headers=headers) as response:
        assert response.status == 200
        return (await response.read()).splitlines()


def check(receiver: Receiver, log: list[bytes]) -> int:
    """Every row at least once, and none before the one before it; answers how often a row came again."""
    known = {json.loads(line)["position"]: line for line in log}
    kept = receiver.file.read_bytes().split(b"\n")[:-1]
    last = 0
    for line in kept:
        position = json.loads(line)["position"]
        assert position <= last + 1, f"{receiver.kind}: {position} came right after {last}"
        last = max(last, position)
        assert line == known.get(position, line)
    assert last >= max(known), receiver.kind
    return len(kept) - last


@pytest.mark.timeout(300)
async def test_every_row_arrives_in_order_though_all_are_killed(world: World, receivers: list[Receiver]) -> None:
    """Kill -9 of the receivers and of the service, again and again, while rows are written."""
    integration = await world.create()
    await world.stop()
    await world.start(audit_forward=" ".join(receiver.address for receiver in receivers))
    sender = Sender(world, integration)
    sending = asyncio.create_task(sender.run())
    moments = random.Random(8)  # noqa: S311  the same moments each time
    for number in range(ROUNDS):
        victim = receivers[number % len(receivers)]
        await asyncio.sleep(moments.uniform(0.2, 0.8))
        victim.kill()
        await asyncio.sleep(moments.uniform(0.1, 0.5))
        if number % 2:
            await world.kill()
            await world.start()
        victim.start()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert sender.sent > 50
    await arrived(world)
    log = await exported(world)
    await arrived(world)
    again = {receiver.kind: check(receiver, log) for receiver in receivers}
    assert len(log) > sender.sent
    assert all(count < len(log) for count in again.values()), again

    # A stop in order takes the last row along: that the service has stopped.
    assert await world.stop() == 0
    for receiver in receivers:
        assert receiver.rows()[-1]["row"]["type"] == "service.stopped", receiver.kind
    said = (world.folder / "service.log").read_bytes() + b"".join(log)
    assert not any(secret.encode() in said for secret in (TOKEN, SECRET))
    await world.start()


@pytest.mark.timeout(200)
async def test_destination_that_is_away_delays_nobody(world: World, receivers: list[Receiver]) -> None:
    """The others have every row, commands are answered, the service stops in time; and what waited arrives later."""
    away, *others = receivers
    integration = await world.create()
    await world.stop()
    await world.start(audit_forward=" ".join(receiver.address for receiver in receivers))
    away.kill()
    for _ in range(30):
        await world.call("POST", f"/api/integrations/{integration}/events", {"type": "sync.requested"})
    async with asyncio.timeout(30):
        while True:
            items = (await world.api("GET", "/api/audit/forwarding"))["items"]
            if items[0]["trouble"] and not any(item["waiting_rows"] for item in items[1:]):
                break
            await asyncio.sleep(0.05)
    assert items[0]["trouble"]["code"] == "forwarding.unreachable"
    assert items[0]["waiting_rows"] >= 30
    code, text = await world.command("audit", "forwarding")
    assert code == 0
    assert "forwarding.unreachable" in text
    assert await world.stop() == 0
    before = [receiver.rows()[-1]["position"] for receiver in others]
    away.start()
    await world.start()
    await arrived(world)
    log = await exported(world)
    await arrived(world)
    for receiver in receivers:
        check(receiver, log)
    assert min(before) > 30
