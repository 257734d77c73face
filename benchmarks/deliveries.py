"""Whether subscribers wait for one another: a quick endpoint alone, and beside fifty that are slow or dead.

All of them are told of the same events. The endpoints are a process of their own, the sender is this one.
"""

import asyncio
import json
import multiprocessing
import os
import signal
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import uvloop
from aiohttp import web
from pydantic import SecretStr

from benchmarks.measure import SCRATCH, Result, alternate, ratio
from syncline import credentials
from syncline.config import Settings
from syncline.core.event import BIRTH, SERVICE, Actor, ActorKind, Event
from syncline.core.subscription import KeptSubscription, Key, address_field
from syncline.data_folder import DATABASE
from syncline.deliveries import Deliveries
from syncline.deliveries.caller import new_secret
from syncline.destinations import Destinations
from syncline.engine import Engine
from syncline.key_ring import KeyFile
from syncline.main import rules
from syncline.service_log import ServiceLog
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.store.subscriptions import subscription
from syncline.vault import Vault
from syncline.web.site import now

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_ROUNDS = 3
_BESIDE = 50
_INTEGRATIONS, _TURNS = 20, 150
#: One message for each; and of the fifty each gets as many.
_MESSAGES = _INTEGRATIONS * _TURNS
_SLOW_SECONDS = 5.0
#: Events that happen one by one, to see how long a message is on its way.
_ONE_BY_ONE, _PAUSE = 100, 0.02
_WAY: tuple[tuple[str, ActorKind, dict[str, object]], ...] = (
    ("app.registered", "person", {}),
    ("credentials.saved", "person", {}),
    ("credentials.accepted", "effect", {}),
    ("login.started", "person", {}),
    ("login.returned", "source", {}),
    ("code.exchanged", "effect", {"org_id": "00D1", "user_id": "0051", "generation": 1, "scopes": ["api"]}),
)


def measure() -> list[Result]:
    """Tell of three thousand events, and of a hundred one by one, with and without the fifty, in turn."""
    delays: dict[str, list[float]] = {"alone": [], "beside 50 slow or dead": []}
    with _endpoints() as origin:

        def once(kind: str, beside: int) -> float:
            rate, delay = uvloop.run(_tell(origin, beside))
            delays[kind].append(delay)
            return rate

        kinds = {
            "alone": partial(once, "alone", 0),
            "beside 50 slow or dead": partial(once, "beside 50 slow or dead", _BESIDE),
        }
        rates = alternate(kinds, _ROUNDS)
    return [
        ratio(
            "deliveries to a quick endpoint, beside 50", rates, "beside 50 slow or dead", "alone", unit="1/s", reach=0.5
        ),
        ratio(
            "delay of a message, beside 50",
            delays,
            "beside 50 slow or dead",
            "alone",
            unit="ms",
            reach=2.0,
            at_most=True,
        ),
    ]


async def _tell(origin: str, beside: int) -> tuple[float, float]:
    """Answer deliveries a second of a backlog, and the median delay of single messages in milliseconds."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        async with _sender(Path(name), origin, beside) as (engine, store, deliveries):
            for number in range(_INTEGRATIONS):
                await _lead(engine, f"in_{number}")
            await asyncio.gather(*(_turn(engine, f"in_{number}", _TURNS) for number in range(_INTEGRATIONS)))
            begun = time.perf_counter()
            deliveries.start(engine.watch)
            await _arrived(store, _MESSAGES)
            rate = _MESSAGES / (time.perf_counter() - begun)
            sent: list[float] = []
            for number in range(_ONE_BY_ONE):
                sent.append(time.time())
                await _turn(engine, f"in_{number % _INTEGRATIONS}", 1)
                await asyncio.sleep(_PAUSE)
            await _arrived(store, _MESSAGES + _ONE_BY_ONE)
            came = (await _ask(origin))[-_ONE_BY_ONE:]
            return rate, statistics.median(1000 * (there - here) for here, there in zip(sent, came, strict=True))


@asynccontextmanager
async def _sender(folder: Path, origin: str, beside: int) -> AsyncIterator[tuple[Engine, SQLiteStore, Deliveries]]:
    settings = Settings(data=folder, allow_destinations=(origin, "http://127.0.0.1:1"))
    store = await open_store(folder / DATABASE)
    vault, engine = Vault(KeyFile(folder).read()), Engine(store, rules(settings))
    log = ServiceLog(store, vault, engine.handle, now)
    destinations = Destinations(settings.allow_destinations, settings.delivery_timeout)
    deliveries = Deliveries(store, vault, log, destinations, settings, now)
    try:
        await log.open()
        await _subscribe(store, vault, log, "quick", f"{origin}/quick")
        for number in range(beside):
            where = (f"{origin}/slow", f"{origin}/stuck", f"{origin}/failing", "http://127.0.0.1:1/")[number % 4]
            await _subscribe(store, vault, log, f"other{number}", where)
        yield engine, store, deliveries
    finally:
        await deliveries.stop(1)
        await destinations.close()
        await store.close()


async def _subscribe(store: SQLiteStore, vault: Vault, log: ServiceLog, id_: str, url: str) -> None:
    safe = await credentials.open_safe(store, vault, SERVICE)
    address, sealed = safe.seal(address_field(id_), SecretStr(url)), safe.seal(f"subscription.{id_}.key", new_secret())
    kept = KeptSubscription(
        id=id_,
        version=1,
        name=id_,
        integration="",
        types=("checks.failed",),
        origin=url,
        fingerprint=address.fingerprint,
        enabled=True,
        reason="",
        keys=(Key(sealed.field, sealed.fingerprint),),
    )
    outcome = await log.note("subscription.made", {}, address, sealed, kept, actor=Actor("person", "bench"))
    assert outcome.accepted, outcome


async def _lead(engine: Engine, integration: str) -> None:
    await _send(engine, integration, BIRTH, "person", {"name": integration})
    for type_, kind, data in _WAY:
        await _send(engine, integration, type_, kind, data)


async def _turn(engine: Engine, integration: str, times: int) -> None:
    for _ in range(times):
        await _send(engine, integration, "checks.failed", "effect", {"problem": "a.b"})
        await _send(engine, integration, "checks.requested", "person", {})


async def _send(engine: Engine, integration: str, type_: str, kind: ActorKind, data: dict[str, object]) -> None:
    event = Event(integration, type_, f"{type_}:{time.perf_counter_ns()}", Actor(kind, "bench"), now(), data)
    outcome = await engine.handle(event)
    assert outcome.disposition == "transitioned", outcome


async def _arrived(store: SQLiteStore, count: int) -> None:
    """Wait until the quick endpoint has taken so many."""
    while True:
        found = await store.read(partial(subscription, id="quick"))
        if found.sequence - found.waiting >= count:
            return
        await asyncio.sleep(0.005)


async def _ask(origin: str) -> list[float]:
    """Answer when each message came to the quick endpoint, and let it forget."""
    async with aiohttp.ClientSession() as http, http.get(f"{origin}/times") as response:
        times: list[float] = json.loads(await response.text())
    return times


@contextmanager
def _endpoints() -> Iterator[str]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        if process.pid is not None:
            os.kill(process.pid, signal.SIGTERM)
        process.join(5)


def _serve(told: "Connection[int, int]") -> None:
    """Serve the endpoints until the end."""
    times: list[float] = []

    async def quick(request: web.Request) -> web.Response:
        await request.read()
        times.append(time.time())
        return web.Response(status=204)

    async def slow(_request: web.Request) -> web.Response:
        await asyncio.sleep(_SLOW_SECONDS)
        return web.Response(status=204)

    async def stuck(_request: web.Request) -> web.Response:
        await asyncio.sleep(3600)
        return web.Response(status=204)

    async def failing(_request: web.Request) -> web.Response:
        return web.Response(status=500)

    async def say(_request: web.Request) -> web.Response:
        answer = web.json_response(times)
        times.clear()
        return answer

    async def run() -> None:
        app = web.Application()
        for name, handler in (("quick", quick), ("slow", slow), ("stuck", stuck), ("failing", failing)):
            app.router.add_post(f"/{name}", handler)
        app.router.add_get("/times", say)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        told.send(runner.addresses[0][1])
        await asyncio.sleep(3600)

    uvloop.run(run())


if __name__ == "__main__":
    from benchmarks.measure import table

    print(table(measure()))
