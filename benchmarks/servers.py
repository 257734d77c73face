"""The servers that are measured, each a process of its own: `python -m benchmarks.servers KIND DATA`.

`service` is the real one; `one_by_one` is the same with a transaction for each event; `bare` is an aiohttp handler
that parses the same body and does nothing; `files` is aiohttp serving the files in the directory. Each prints a JSON
line when it answers and ends with SIGTERM.
"""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import uvloop
from aiohttp import web

from syncline import main as service
from syncline.config import Settings
from syncline.store import sqlite

_SECONDS_TO_STOP = 15


@dataclass(frozen=True)
class Served:
    """A server that answers."""

    port: int
    pid: int
    #: The first admin key, where the data directory was new.
    key: str
    #: Seconds from the start of the process to its first answer.
    seconds: float


@contextmanager
def serving(kind: str, data: Path) -> Iterator[Served]:
    """Run a server for the length of a block."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.servers", kind, str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            yield Served(told["port"], process.pid, told["key"], time.perf_counter() - begun)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(_SECONDS_TO_STOP)


def run(kind: str, data: Path) -> None:
    """Run a server in this process until it is told to end."""
    if kind == "bare":
        uvloop.run(_serve_bare())
        return
    if kind == "files":
        asyncio.run(_serve_files(data))
        return
    if kind == "one_by_one":
        sqlite._LARGEST_BATCH = 1  # noqa: SLF001  what the service would be without group commit
    # The integrations of a benchmark have no grant: those who listen to their sources would only try again and again.
    settings = Settings(data=data, port=0, log_level="warning", follow_changes=False)
    service.run(settings, ready=_tell)


def _tell(running: service.Running) -> None:
    key = running.admin_key.get_secret_value() if running.admin_key else ""
    print(json.dumps({"port": urlsplit(running.address).port, "key": key}), flush=True)


async def _serve_bare() -> None:
    async def receive(request: web.Request) -> web.Response:
        json.loads(await request.read())
        return web.Response(body=b'{"seq":1}', content_type="application/json")

    app = web.Application()
    app.router.add_post("/hooks/{id}/events", receive)
    await _serve(app)


async def _serve_files(data: Path) -> None:
    app = web.Application()
    app.router.add_static("/", data)
    await _serve(app)


async def _serve(app: web.Application) -> None:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(json.dumps({"port": runner.addresses[0][1], "key": ""}), flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]))
