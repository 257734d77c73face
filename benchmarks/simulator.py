"""The simulated world with a million contacts: its start, its memory, and its Bulk 2.0 pages beside a static server's.

The client is a plain one: it reads a page whole and takes its rows apart with the CSV reader of the standard library,
which is the least that anybody does with a page. The files of the static server are the same pages.
"""

import asyncio
import csv
import io
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.measure import ROUNDS, SCRATCH, Result, alternate, ratio, result
from benchmarks.servers import serving

_CONTACTS, _PAGE, _PAGES_READ = 1_000_000, 50_000, 10
_DATA = "/services/data/v67.0"
_FIELDS = "Id, FirstName, LastName, Email, Phone, Title, MailingCity, MailingCountry, CreatedDate, SystemModstamp"
_QUERIES = (
    "SELECT Id, Email FROM Contact ORDER BY Email",
    "SELECT LastName, COUNT(Id) FROM Contact GROUP BY LastName",
    "SELECT Id, SystemModstamp FROM Contact ORDER BY SystemModstamp, Id",
)
_MINUTES = 600


@dataclass(frozen=True)
class _World:
    """A simulated world that has printed its line."""

    ready: dict[str, Any]
    pid: int
    seconds: float

    @property
    def peak(self) -> float:
        """The most memory that it has ever held, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024 / 1_000_000


def measure() -> list[Result]:
    """Start small and large worlds in turn, then ask a large one for everything that it has."""
    starts = alternate({"default": partial(_start, ()), "million": partial(_start, ("--contacts", str(_CONTACTS)))})
    with _simulator("--leads", "0", "--contacts", str(_CONTACTS)) as world:
        whole, seen = asyncio.run(_ask(world))
        peak = world.peak
    return [
        result("start of the simulator", starts["default"], "s", reach=2, at_most=True),
        result("start of the simulator with 1,000,000 contacts", starts["million"], "s", reach=2, at_most=True),
        Result("until all contacts are there", whole, "s"),
        Result("memory of the simulator when all were queried and exported", peak, "MB", reach=300, at_most=True),
        ratio("Bulk 2.0 pages, bytes", seen, "pages", "static files", unit="MB/s"),
        ratio("Bulk 2.0 pages, rows", seen, "rows", "rows of static files", unit="rows/s", reach=0.8),
    ]


def _start(arguments: tuple[str, ...]) -> float:
    with _simulator(*arguments) as world:
        return world.seconds


@contextmanager
def _simulator(*arguments: str) -> Iterator[_World]:
    begun = time.perf_counter()
    command = [sys.executable, "-m", "syncline_sim", "--json", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            yield _World(ready, process.pid, time.perf_counter() - begun)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(15)


async def _ask(world: _World) -> tuple[float, dict[str, list[float]]]:
    """Answer how long it took until all contacts were there, and how quickly pages came."""
    salesforce = world.ready["salesforce"]
    timeout = aiohttp.ClientTimeout(total=_MINUTES)
    async with aiohttp.ClientSession(timeout=timeout, headers=await _authorization(world)) as http:
        begun = time.perf_counter()
        counted = await _get(http, f"{salesforce}{_DATA}/query?q=SELECT+COUNT()+FROM+Contact")
        whole = world.seconds + time.perf_counter() - begun
        assert counted["totalSize"] == _CONTACTS, counted
        for soql in _QUERIES:
            await _get(http, f"{salesforce}{_DATA}/query", q=soql)
        pages = await _export(http, salesforce)
        with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
            for number, page in enumerate(pages):
                (Path(name) / str(number)).write_bytes(await _bytes(http, page))
            rows = [await _rows(http, page) for page in pages]
            assert sum(rows) == _CONTACTS, rows
            with serving("files", Path(name)) as files:
                static = [f"http://127.0.0.1:{files.port}/{number}" for number in range(_PAGES_READ)]
                return whole, await _rounds(http, pages[:_PAGES_READ], static)


async def _rounds(http: aiohttp.ClientSession, pages: list[str], static: list[str]) -> dict[str, list[float]]:
    kinds: dict[str, tuple[Callable[[aiohttp.ClientSession, str], Any], list[str], float]] = {
        "pages": (_bytes, pages, 1_000_000),
        "static files": (_bytes, static, 1_000_000),
        "rows": (_rows, pages, 1),
        "rows of static files": (_rows, static, 1),
    }
    seen: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, (read, addresses, unit) in kinds.items():
            begun, count = time.perf_counter(), 0
            for address in addresses:
                found = await read(http, address)
                count += len(found) if isinstance(found, bytes) else found
            seen[name].append(count / unit / (time.perf_counter() - begun))
    return seen


async def _bytes(http: aiohttp.ClientSession, address: str) -> bytes:
    async with http.get(address) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.read()


async def _rows(http: aiohttp.ClientSession, address: str) -> int:
    text = (await _bytes(http, address)).decode()
    return sum(1 for _ in csv.reader(io.StringIO(text, newline=""))) - 1


async def _export(http: aiohttp.ClientSession, salesforce: str) -> list[str]:
    """Let a job write all contacts and answer the addresses of its pages."""
    order = {"operation": "query", "query": f"SELECT {_FIELDS} FROM Contact"}  # noqa: S608  it is SOQL
    async with http.post(f"{salesforce}{_DATA}/jobs/query", json=order) as answer:
        job = f"{salesforce}{_DATA}/jobs/query/{(await answer.json())['id']}"
    while (await _get(http, job))["state"] != "JobComplete":  # noqa: ASYNC110  nobody tells when it is
        await asyncio.sleep(0.2)
    pages, following = [], f"{job}/resultPages"
    while following:
        listed = await _get(http, following)
        pages += [f"{salesforce}{page['resultUrl']}" for page in listed["resultPages"]]
        following = "" if listed["done"] else f"{salesforce}{listed['nextRecordsUrl']}"
    assert len(pages) == _CONTACTS // _PAGE, pages
    return pages


async def _authorization(world: _World) -> dict[str, str]:
    """Answer the header of the user for whom an app logs in."""
    user, callback = world.ready["user"]["username"], "http://127.0.0.1/"
    async with aiohttp.ClientSession() as http:
        wanted = {"client_credentials_user": user, "callback_url": callback}
        async with http.post(f"{world.ready['control']}/apps", json=wanted) as answer:
            app = await answer.json()
        form = {"client_id": app["consumer_key"], "client_secret": app["consumer_secret"]}
        form["grant_type"] = "client_credentials"
        async with http.post(f"{world.ready['salesforce']}/services/oauth2/token", data=form) as answer:
            return {"Authorization": f"Bearer {(await answer.json())['access_token']}"}


async def _get(http: aiohttp.ClientSession, address: str, **query: str) -> Any:  # noqa: ANN401  whatever JSON is there
    async with http.get(address, params=query or None) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


if __name__ == "__main__":
    from benchmarks.measure import table

    print(table(measure()))
