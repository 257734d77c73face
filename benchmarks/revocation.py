"""How long it takes to give back the tokens of a thousand integrations: `syncline tokens revoke --all`."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from benchmarks.measure import SCRATCH, Result
from benchmarks.people import SET_UP, send
from benchmarks.servers import serving
from syncline import credentials
from syncline.config import Settings
from syncline.core.brought import Brought, Document
from syncline.core.documents import GRANT, SETTINGS, GrantDocument, SettingsDocument
from syncline.core.event import BIRTH
from syncline.data_folder import DATABASE
from syncline.engine import Engine
from syncline.key_ring import KeyFile
from syncline.main import rules
from syncline.store.sqlite import open_store
from syncline.vault import Safe, Vault

_INTEGRATIONS = 1_000
_HELD = (credentials.CONSUMER_KEY, credentials.CONSUMER_SECRET, credentials.ACCESS_TOKEN, credentials.REFRESH_TOKEN)


def measure() -> list[Result]:
    """Disconnect them all at the simulated Salesforce, which answers at once; a single run, as it ends them."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name, _simulation() as world:
        data = Path(name)
        asyncio.run(_fill(data, world["salesforce"]))
        os.environ["SYNCLINE_ALLOW_HOSTS"] = f"{world['salesforce']} {world['marketo']}"
        try:
            with serving("service", data) as service:
                seconds = _revoke(service.port, service.key)
        finally:
            del os.environ["SYNCLINE_ALLOW_HOSTS"]
    return [Result("tokens revoke --all, 1,000 integrations", seconds, "s", reach=300, at_most=True)]


def _revoke(port: int, key: str) -> float:
    command = [sys.executable, "-m", "syncline", "tokens", "revoke", "--all", "--yes", "--json"]
    environment = {**os.environ, "SYNCLINE_URL": f"http://127.0.0.1:{port}", "SYNCLINE_KEY": key}
    begun = time.perf_counter()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    seconds = time.perf_counter() - begun
    assert json.loads(done.stdout)["closed"] == _INTEGRATIONS
    return seconds


@contextmanager
def _simulation() -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "syncline_sim", "--leads", "1", "--contacts", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


async def _fill(data: Path, host: str) -> None:
    store = await open_store(data / DATABASE)
    engine, vault = Engine(store, rules(Settings(data=data))), Vault(KeyFile(data).read())
    try:
        for number in range(_INTEGRATIONS):
            name = f"in_{number:06d}"
            safe, key = vault.create_safe(name)
            await send(engine, name, BIRTH, {"name": name}, key, *_holdings(safe, host))
            for event_type, told in SET_UP[:6]:
                await send(engine, name, event_type, told)
    finally:
        await store.close()


def _holdings(safe: Safe, host: str) -> tuple[Brought, ...]:
    grant = GrantDocument(1, host, f"{host}/id/00D1/0051", ("api",), 0, 0)
    return (
        *(safe.seal(field, SecretStr(f"{field} of {safe.integration}")) for field in _HELD),
        Document(SETTINGS, SettingsDocument(host, "https://123-abc-456.mktorest.com")),
        Document(GRANT, grant),
    )


if __name__ == "__main__":
    from benchmarks.measure import table

    print(table(measure()))
