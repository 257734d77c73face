"""How long a rotation of the master key takes with a hundred thousand secrets, while the service answers."""

import asyncio
import secrets
import tempfile
import time
from functools import partial
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from benchmarks.measure import SCRATCH, Result
from benchmarks.people import NOW
from benchmarks.servers import Served, serving
from syncline.config import Settings
from syncline.core.event import BIRTH, Actor, Event
from syncline.core.rules import Rules
from syncline.credentials import CLIENT_SECRET
from syncline.data_folder import DATABASE
from syncline.key_ring import KeyFile
from syncline.main import rules
from syncline.store.record import record
from syncline.store.sqlite import open_store
from syncline.store.transaction import Transaction
from syncline.vault import Vault

_SECRETS, _GROUP = 100_000, 2_000


def measure() -> list[Result]:
    """Rotate once, and ask for the progress ten times a second: a median of many such runs would take an hour."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        data = Path(name)
        asyncio.run(_fill(data))
        with serving("service", data) as service:
            seconds, slowest = asyncio.run(_rotate(service))
    return [
        Result("rotation of the master key, 100,000 secrets", seconds, "s", reach=300, at_most=True),
        Result("longest answer meanwhile", slowest * 1000, "ms"),
    ]


async def _rotate(service: Served) -> tuple[float, float]:
    url, headers = f"http://127.0.0.1:{service.port}/api/master-keys", {"Authorization": f"Bearer {service.key}"}
    slowest, begun = 0.0, time.perf_counter()
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=600)) as http:
        async with http.post(f"{url}/rotation") as response:
            now = await response.json()
        while now["rotating"]:
            await asyncio.sleep(0.1)
            asked = time.perf_counter()
            async with http.get(url) as response:
                now = await response.json()
            slowest = max(slowest, time.perf_counter() - asked)
    assert now["left"] == 0, now
    return time.perf_counter() - begun, slowest


async def _fill(data: Path) -> None:
    store, vault = await open_store(data / DATABASE), Vault(KeyFile(data).read())
    try:
        for first in range(0, _SECRETS, _GROUP):
            await store.write(partial(_bear, first, rules(Settings()), vault))
    finally:
        await store.close()


def _bear(first: int, decider: Rules, vault: Vault, tx: Transaction) -> None:
    for number in range(first, first + _GROUP):
        name = f"in_{number:06d}"
        safe, key = vault.create_safe(name)
        brings = (key, safe.seal(CLIENT_SECRET, SecretStr(secrets.token_urlsafe(24))))
        event = Event(name, BIRTH, "birth", Actor("person", "k"), NOW, {"name": name}, brings=brings)
        record(tx, event, rules=decider)


if __name__ == "__main__":
    from benchmarks.measure import table

    print(table(measure()))
