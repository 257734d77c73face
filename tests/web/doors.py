"""What the tests of the doors share: a real store and engine, two providers made by hand, and a client in front."""

import base64
import hashlib
import hmac
import io
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
from aiohttp import web_app
from aiohttp.test_utils import TestClient, TestServer

from syncline.config import CALLBACK_PATH, Settings
from syncline.core.brought import Brought, Document
from syncline.core.documents import LOGIN, LoginDocument
from syncline.core.effect import EFFECTS
from syncline.core.event import Actor, Event
from syncline.core.rules import Rules
from syncline.engine import Engine
from syncline.key_ring import KEY_FILE, KeyFile
from syncline.privacy import Privacy
from syncline.rotation import Rotation
from syncline.service_log import ServiceLog
from syncline.store import integrations, log
from syncline.store.access import Role
from syncline.store.integrations import Integration
from syncline.store.log import LogRow
from syncline.store.record import Outcome
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.vault import Vault
from syncline.web import shown_once
from syncline.web.app import build_app
from syncline.web.site import Site, now
from tests.core.chart_file import chart, service_chart
from tests.web.handmade import providers
from tests.web.keys import make_key

PUBLIC_URL = "https://sync.example.com"
ROLES: tuple[Role, ...] = ("viewer", "auditor", "operator", "admin")
NEW = {
    "name": "Acme",
    "source": {"login_host": "https://login.crm.example"},
    "target": {"url": "https://acme.mail.example", "client_id": "canary-client-id", "client_secret": "canary-client-s"},
}
CREDENTIALS = {
    "type": "credentials.saved",
    "consumer_key": "canary-consumer-key",
    "consumer_secret": "canary-consumer-secret",
}


@dataclass
class Clock:
    """The site's clock: real time, and what a test has added to it."""

    ahead: int = 0  #: microseconds

    def __call__(self) -> int:
        """Answer the time in microseconds since the epoch."""
        return now() + self.ahead


@dataclass
class Answer:
    """An answer of the service, read whole."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:  # noqa: ANN401  as `json.loads` answers it
        """The text, read as JSON."""
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The catalogue code of a problem document, which has to be one."""
        assert self.headers["Content-Type"].startswith("application/problem+json"), self.text
        return str(self.json["code"])


@dataclass
class Doors:
    """A running site with its client."""

    site: Site
    store: SQLiteStore
    client: TestClient[Any, Any]
    clock: Clock
    keys: dict[Role, str]
    counter: list[int] = field(default_factory=lambda: [0])

    async def ask(
        self,
        method: str,
        path: str,
        *,
        role: Role | None = "admin",
        body: Any = None,  # noqa: ANN401  whatever is sent
        headers: Mapping[str, str] | None = None,
        data: bytes | AsyncIterator[bytes] | None = None,
    ) -> Answer:
        """Send a request with the key of a role, or with none."""
        sent = dict(headers or {})
        if role is not None:
            sent.setdefault("Authorization", f"Bearer {self.keys[role]}")
        options: dict[str, Any] = {"headers": sent, "allow_redirects": False}
        if body is not None:
            options["json"] = body
        if data is not None:
            options["data"] = io.BytesIO(data) if isinstance(data, bytes) else data
        async with self.client.request(method, path, **options) as response:
            return Answer(response.status, dict(response.headers), await response.text(errors="replace"))

    async def create(self) -> dict[str, Any]:
        """Make an integration; answers what the API said."""
        answer = await self.ask("POST", "/api/integrations", body=NEW)
        assert answer.status == 201, answer.text
        created: dict[str, Any] = answer.json
        return created

    async def command(self, integration: str, type_: str, **fields: object) -> Answer:
        """Send a command as the admin."""
        return await self.ask("POST", f"/api/integrations/{integration}/events", body={"type": type_, **fields})

    async def push(self, integration: str, type_: str, *brings: Brought, **data: object) -> Outcome:
        """Put an event of an effect into the engine, as a worker would."""
        self.counter[0] += 1
        actor = Actor("effect", "test")
        event = Event(integration, type_, f"test:{self.counter[0]}", actor, self.clock(), data, brings=brings)
        return await self.site.engine.handle(event)

    async def at_login(self, *, names_issuer: bool = False) -> str:
        """Make an integration that is ready for a login; answers its id."""
        id_ = str((await self.create())["id"])
        for fields in ({"type": "app.registered"}, CREDENTIALS):
            answer = await self.ask("POST", f"/api/integrations/{id_}/events", body=fields)
            assert answer.status == 200, answer.text
        known = Document(LOGIN, LoginDocument(names_issuer))
        assert (await self.push(id_, "credentials.accepted", known)).accepted
        return id_

    async def start_login(self, integration: str) -> str:
        """Start a login in the client's browser; answers its state."""
        answer = await self.command(integration, "login.started")
        assert answer.status == 200, answer.text
        return parse_qs(urlsplit(str(answer.json["authorize_url"])).query)["state"][0]

    async def come_back(self, method: str = "GET", *, raw: str = "", **parameters: str) -> Answer:
        """Arrive at the callback as the browser, without a key."""
        return await self.ask(method, f"{CALLBACK_PATH}?{raw or urlencode(parameters)}", role=None)

    async def read(self, integration: str) -> Integration:
        """Answer an integration as it is stored."""
        return await self.store.read(partial(integrations.integration, id=integration))

    async def rows(self, integration: str) -> list[LogRow]:
        """Answer the log of an integration."""
        return await self.store.read(partial(log.rows, wanted=log.Filter(integration), limit=1000))


def sign(secret: str, name: str, stamp: int | str, body: bytes) -> str:
    """Answer the signature of Standard Webhooks."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def signed(secret: str, name: str, body: bytes, *, stamp: int | None = None) -> dict[str, str]:
    """Answer the headers of a signed event."""
    at = int(time.time()) if stamp is None else stamp
    return {
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": sign(secret, name, at, body),
        "Content-Type": "application/json",
    }


@dataclass(frozen=True)
class _Pattern:
    """What hundreds of tests begin with, made once: a service that was started, with a key for each role."""

    settings: Settings
    database: bytes
    master: bytes
    keys: dict[Role, str]


_PATTERN: list[_Pattern] = []


async def _pattern(folder: Path) -> _Pattern:
    if not _PATTERN:
        settings = Settings(data=folder)
        store = await open_store(folder / "pattern.sqlite3")
        made = [await store.write(partial(make_key, name=f"the {role}", role=role, now=now())) for role in ROLES]
        service = _site(settings, store, Clock()).service_log
        await service.open()
        await service.note("service.started", {})
        await store.close()
        keys = {role: key for role, (_, key) in zip(ROLES, made, strict=True)}
        database, master = (folder / "pattern.sqlite3").read_bytes(), (folder / KEY_FILE).read_bytes()
        _PATTERN.append(_Pattern(settings, database, master, keys))
        (folder / "pattern.sqlite3").unlink()
    return _PATTERN[0]


def _site(settings: Settings, store: SQLiteStore, clock: Clock) -> Site:
    """Put the parts of a service together."""
    delays = {kind.delay: float(getattr(settings, kind.delay)) for kind in EFFECTS.values() if kind.delay}
    keys_kept = KeyFile(settings.data)
    vault = Vault(keys_kept.read())
    privacy = Privacy(store, vault)
    engine = Engine(store, Rules(chart(), delays, service_chart()), privacy.seal)
    return Site(
        engine=engine,
        store=store,
        vault=vault,
        privacy=privacy,
        service_log=ServiceLog(store, vault, engine.handle, clock),
        rotation=Rotation(store, engine.handle, vault, keys_kept, clock),
        providers=providers(),
        settings=settings,
        public_url=PUBLIC_URL,
        now=clock,
    )


@asynccontextmanager
async def open_doors(folder: Path, settings: Settings | None = None) -> AsyncIterator[Doors]:
    """Open a site in a folder, with a key for each role and a browser-like client in front."""
    pattern = await _pattern(folder)
    (folder / "test.sqlite3").write_bytes(pattern.database)
    KeyFile(folder).path.write_bytes(pattern.master)
    KeyFile(folder).path.chmod(0o600)
    store, clock = await open_store(folder / "test.sqlite3"), Clock()
    # To read the environment takes as long as all the rest: only where it is asked for.
    site = _site(settings or pattern.settings.model_copy(update={"data": folder}), store, clock)
    server = TestServer(build_app(site))
    await server.start_server()
    # A browser takes the loopback address for a secure origin; so must its stand-in, or it drops our cookies.
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=server.make_url("/").origin())
    client: TestClient[Any, Any] = TestClient(server, cookie_jar=jar)
    try:
        yield Doors(site, store, client, clock, dict(pattern.keys))
    finally:
        await client.close()
        await store.close()
        # aiohttp remembers the last thousand handlers together with their applications: millions of objects, which
        # each collection of garbage would look at.
        web_app._cached_build_middleware.cache_clear()


def other_secret(shown: str) -> str:
    """Answer a key, or the text of a link, of the same id with another secret, whose check is right."""
    kind, id_, _, _ = shown.split("_")
    while True:
        proof, text = shown_once.make(kind)
        secret = text.split("_")[2]
        if proof.id != id_:
            check = getattr(shown_once, "_check")(kind, id_, secret)  # noqa: B009  as whoever knows the format would
            return f"{kind}_{id_}_{secret}_{check}"
