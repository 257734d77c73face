"""The composition root: the only place where the parts of the service meet.

Law: one process owns a data directory. The lock on it is taken before anything is opened and given back after all is
closed, so a second service never sees the database of a living one.
"""

import asyncio
import gc
import ipaddress
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import uvloop
from aiohttp import web
from filelock import FileLock, Timeout
from pydantic import SecretStr

from syncline import connections, credentials, memory, providers
from syncline.charts import CURRENT, SERVICE, chart_folder
from syncline.checkpoints.places import places_of
from syncline.config import Settings
from syncline.connections import Clients
from syncline.core.chart import read_chart
from syncline.core.effect import EFFECTS
from syncline.core.rules import Rules
from syncline.data_folder import DATABASE, HOLDER, INDEX, LOCK
from syncline.deliveries import Deliveries
from syncline.effects.tools import Tools
from syncline.engine import Engine
from syncline.errors import ConfigurationError
from syncline.indexer import Indexer
from syncline.key_ring import KeyProvider, choose_provider
from syncline.logs import configure
from syncline.privacy import Privacy
from syncline.retention import Retention
from syncline.rotation import Rotation
from syncline.service_log import ServiceLog
from syncline.start import note_start
from syncline.store.charts import keep_charts
from syncline.store.index import SearchIndex
from syncline.store.secrets import master_keys
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.streams import Streams
from syncline.upkeep import Upkeep
from syncline.vault import Vault
from syncline.web import key_commands
from syncline.web.app import build_app, build_runner
from syncline.web.site import Site, now
from syncline.wire import Wire
from syncline.worker import Worker

#: With what cancelled effects may take to say farewell and the web server's own limit (`web.app.build_runner`), eight
#: seconds at worst: ten were promised, and the machine may be busy.
_WORKER_GRACE = 3.0
#: What the last rows may take to reach the places that the log is forwarded to; else they go after the next start.
_FORWARDING_GRACE = 1.0
#: What those who listen to a source may take to say goodbye to it.
_STREAMS_GRACE = 1.5


@dataclass(frozen=True)
class Running:
    """A service that answers requests."""

    #: Where it listens, an origin.
    address: str
    #: Where browsers find it; the same, unless the operator says otherwise.
    public_url: str
    data: Path
    #: The first admin key, in the clear, at the very first start only.
    admin_key: SecretStr | None


def run(settings: Settings, *, ready: Callable[[Running], None]) -> None:
    """Run the service until SIGTERM or SIGINT; raises `ConfigurationError` when it cannot start."""
    memory.keep_private()
    connections.allow_many()
    os.umask(0o077)  # Nobody else reads the database, also when the folder was there before with wider rights.

    def settled(service: Running) -> None:
        # What is there now stays; to look through all of it again at each full collection stops us for a twentieth of
        # a second, and every request with us.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 10, 10)  # A burst of requests makes more than the usual 700 containers.
        ready(service)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, ready=settled))


async def serve(settings: Settings, *, ready: Callable[[Running], None]) -> None:
    """Run the service on the current loop until it is told to stop; `ready` is called once it answers requests."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(settings) as service:
        ready(service)
        await stop.wait()


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """Start the service for the length of a block."""
    configure(settings.log_level, settings.log_format)
    async with AsyncExitStack() as stack:
        _make_folder(settings.data)
        stack.enter_context(_hold(settings.data))
        door = stack.enter_context(_listen(settings.host, settings.port))
        store = await open_store(settings.data / DATABASE)
        stack.push_async_callback(store.close)
        clients = await stack.enter_async_context(connections.connect(settings))
        keys = choose_provider(settings.data, variable=settings.master_keys, command=settings.master_key_command)
        vault = Vault(await asyncio.to_thread(keys.read, await store.read(master_keys)))
        await credentials.refuse_empty_hooks(store)
        site = _compose(settings, store, vault, keys, clients, _public_url(settings, door))
        await store.write(partial(keep_charts, charts=site.engine.rules.all, now=now()))
        await site.service_log.open()
        await site.checkpoints.open()
        site.engine.watch(site.checkpoints.count)
        stack.push_async_callback(site.checkpoints.stop)  # After the last row was written.
        stack.push_async_callback(site.forwarding.stop, _FORWARDING_GRACE)
        site.forwarding.start(site.engine.watch)
        begun = await note_start(site.service_log, store, vault, settings, site.engine.rules)
        stack.push_async_callback(_note_stop, site)
        worker = Worker(_tools(site), site.engine)
        runner = build_runner(build_app(site))
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.SockSite(runner, door, backlog=1024).start()
        deliveries = Deliveries(store, vault, site.service_log, site.destinations, settings, site.now)
        streams = Streams(_tools(site), site.engine.rules)
        stack.push_async_callback(_stop, site, worker, deliveries, streams)
        deliveries.start(site.engine.watch)
        await worker.start(request=begun)
        streams.start(site.engine.watch)  # When no refresh of a dead process is open any more.
        stack.push_async_callback(site.rotation.stop)
        site.rotation.resume(request=begun)
        if site.index is not None:
            indexer = Indexer(site.index)
            stack.push_async_callback(indexer.stop)
            indexer.start()
        upkeep = Upkeep(store, site.engine.handle, settings, site.now)
        stack.push_async_callback(upkeep.stop)
        upkeep.start()
        retention = Retention(
            store, site.service_log, site.checkpoints.sign_note, settings, site.now, site.forwarding.names
        )
        stack.push_async_callback(retention.stop)
        retention.start()
        address = _origin(*door.getsockname()[:2])
        _note_holder(settings.data, address)
        # Last of all: whatever fails after it, the key is never seen.
        admin_key = await key_commands.first_key(site, request=begun)
        site.checkpoints.start()  # Its first turn comes after whoever waits for us has said where we are.
        yield Running(address, site.public_url, settings.data, SecretStr(admin_key) if admin_key else None)


async def _stop(site: Site, worker: Worker, deliveries: Deliveries, streams: Streams) -> None:
    """Say that we are going (readiness answers 503, streams end), then let what is under way end, or give it back."""
    site.stopping.set()
    await asyncio.gather(worker.stop(_WORKER_GRACE), deliveries.stop(_WORKER_GRACE), streams.stop(_STREAMS_GRACE))


async def _note_stop(site: Site) -> None:
    """Say last of all that the service has stopped, when no request is under way any more."""
    await site.refusals.close()
    await site.service_log.note("service.stopped", {})


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError("store.no_folder", f"{folder}: {error.strerror}") from None


@contextmanager
def _hold(folder: Path) -> Iterator[None]:
    """Hold the data directory; raises `ConfigurationError` naming who holds it already."""
    lock = FileLock(folder / LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ConfigurationError("store.locked", f"{lock.lock_file} is held by {_holder(folder)}") from None
    try:
        yield
    finally:
        (folder / HOLDER).unlink(missing_ok=True)
        lock.release()


def _holder(folder: Path) -> str:
    try:
        noted = json.loads((folder / HOLDER).read_text(encoding="utf-8"))
        return f"process {noted['pid']}, which answers at {noted['address']}"
    except (OSError, ValueError, KeyError):
        return "another process"


def _note_holder(folder: Path, address: str) -> None:
    noted = json.dumps({"pid": os.getpid(), "address": address})
    (folder / HOLDER).write_text(f"{noted}\n", encoding="utf-8")


@contextmanager
def _listen(host: str, port: int) -> Iterator[socket.socket]:
    """Take the port before anything is built on its number; raises `ConfigurationError` when it is taken."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        door = socket.create_server(address[:2], family=family, backlog=1024)
    except OSError as error:
        raise ConfigurationError("serve.no_port", f"cannot listen on {host} port {port}: {error.strerror}") from None
    with door:
        door.setblocking(False)  # noqa: FBT003  it takes its flag by position only
        yield door


def _public_url(settings: Settings, door: socket.socket) -> str:
    """Answer the origin for browsers; an address that means "all of them" is no place a browser could go to."""
    host, port = door.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "localhost"
    return settings.public_url or _origin(host, port)


def _origin(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _compose(
    settings: Settings,
    store: SQLiteStore,
    vault: Vault,
    keys: KeyProvider,
    clients: Clients,
    public_url: str,
) -> Site:
    """Put the parts together."""
    privacy = Privacy(store, vault)
    engine = Engine(store, rules(settings), privacy.seal)
    return Site(
        engine=engine,
        store=store,
        vault=vault,
        privacy=privacy,
        service_log=ServiceLog(store, vault, engine.handle, now),
        rotation=Rotation(store, engine.handle, vault, keys, now),
        providers=providers.connect(clients.calls, settings, clients.listening),
        settings=settings,
        public_url=public_url,
        index=SearchIndex(store.path.with_name(INDEX), store.path),
        places=tuple(places_of(settings, Wire(clients.calls, settings.http_timeout))),
    )


def rules(settings: Settings) -> Rules:
    """Answer the rules that decide: the current charts and the delays that the settings give to their timers."""
    chart, service = (read_chart(chart_folder() / name) for name in (CURRENT, SERVICE))
    delays = {kind.delay: float(getattr(settings, kind.delay)) for kind in EFFECTS.values() if kind.delay}
    return Rules(chart, delays, service)


def _tools(site: Site) -> Tools:
    return Tools(
        handle=site.engine.handle,
        store=site.store,
        vault=site.vault,
        providers=site.providers,
        settings=site.settings,
        redirect_uri=site.redirect_uri,
        now=now,
    )
