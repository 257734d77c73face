"""The initial sync of a simulated world, against reading the same pages with nothing done to them."""

import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from pydantic import SecretStr

from benchmarks.measure import ROUNDS, SCRATCH, Result, ratio
from syncline import providers
from syncline.cli.client import Client
from syncline.cli.demo.admin import Admin
from syncline.cli.demo.browser import Browser
from syncline.cli.demo.processes import Simulation, serve, simulate
from syncline.config import CALLBACK_PATH, Settings
from syncline.core.documents import MAPPING, RUN, MappingDocument, RunDocument
from syncline.credentials import CONSUMER_KEY, CONSUMER_SECRET, REFRESH_TOKEN, open_secrets
from syncline.data_folder import DATABASE
from syncline.key_ring import KeyFile
from syncline.providers.port import App, Grant, Position
from syncline.store.integrations import documents
from syncline.store.sqlite import open_store
from syncline.vault import Vault

_EACH = 5_000
_SECOND = 1_000_000
#: The vendor's own limits would be all that is measured.
_UNLIMITED = {"side": "marketo", "rate_limit": 1_000_000, "daily_limit": 1_000_000}
_SETTINGS: dict[str, str | float] = {"target_rate": 1_000_000, "target_concurrency": 8, "cycle_interval": 3600}
_SETTINGS["follow_changes"] = "false"  # Each run is asked for, and counted.


def measure() -> list[Result]:
    """Connect the two sides anew in each round, then read what was synced once more."""
    seen: dict[str, list[float]] = {"sync": [], "pages only": []}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
            synced, read = asyncio.run(_round(Path(name)))
        seen["sync"].append(synced)
        seen["pages only"].append(read)
    return [ratio("initial sync of leads and contacts", seen, "sync", "pages only", unit="records/s")]


@dataclass(frozen=True)
class _Session:
    """A grant that lasts as long as the reading does."""

    grant: Grant

    @property
    def instance_url(self) -> str:
        return self.grant.instance_url

    async def access_token(self) -> SecretStr:
        return self.grant.access_token

    async def renew(self, dead: SecretStr) -> SecretStr:
        raise AssertionError(f"the token ended in the midst of the reading: {dead!r}")


async def _round(folder: Path) -> tuple[float, float]:
    async with AsyncExitStack() as stack:
        simulation = await stack.enter_async_context(simulate(folder, leads=_EACH, contacts=_EACH, seed=1))
        world = Simulation.read(simulation.facts)
        service = await stack.enter_async_context(serve(folder, world, port=0, **_SETTINGS))
        url, key = str(service.facts["public_url"]), str(service.facts["admin_key"])
        browser = await stack.enter_async_context(Browser(world.salesforce, url))
        async with browser.http.post(f"{world.control}/switches", json=_UNLIMITED) as answer:
            assert answer.ok, await answer.text()
        admin = Admin(Client(browser.http, url, key), browser, world, lambda *_: None)
        integration = (await admin.create("measured"))["id"]
        status = await admin.connect(integration)
        assert [item["read"] for item in status["objects"]] == [_EACH, _EACH], status["objects"]
        reading = await _read(folder / "data", integration, world, f"{url}{CALLBACK_PATH}")
    return 2 * _EACH / _duration(admin.log), 2 * _EACH / reading


def _duration(log: list[dict[str, Any]]) -> float:
    at = {row["type"]: row["at"] for row in reversed(log)}  # The first of each kind.
    return float(at["sync.finished"] - at["sync.start_requested"]) / _SECOND


async def _read(data: Path, integration: str, world: Simulation, redirect_uri: str) -> float:
    """Read the pages of both objects as the sync did, with the grant of the integration; answers the seconds."""
    store = await open_store(data / DATABASE, read_only=True)
    try:
        fields = (CONSUMER_KEY, CONSUMER_SECRET, REFRESH_TOKEN)
        opened = await open_secrets(store, Vault(KeyFile(data).read()), integration, *fields)
        found = await store.read(partial(documents, integration=integration))
    finally:
        await store.close()
    mapping = msgspec.convert(found[MAPPING], MappingDocument).objects
    until = msgspec.convert(found[RUN], RunDocument).until
    settings = Settings(data=data, allow_hosts=(world.salesforce, world.marketo))
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        source = providers.connect(http, settings).source
        app = App(world.salesforce, opened[CONSUMER_KEY], opened[CONSUMER_SECRET], redirect_uri)
        session = _Session(await source.refresh(app, opened[REFRESH_TOKEN]))
        begun, count = time.perf_counter(), 0
        for name in source.objects:
            names = list(mapping[name])
            async for page in source.pages(session, name, names, after=Position(), since="", until=until):
                count += len(page.records)
        seconds = time.perf_counter() - begun
    assert count == 2 * _EACH, count
    return seconds


if __name__ == "__main__":
    from benchmarks.measure import table

    print(table(measure()))
