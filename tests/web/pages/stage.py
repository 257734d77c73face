"""A whole site over a fresh store, and a way to bring an integration into any state of the chart by events."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, unused_port
from pydantic import SecretStr

from syncline import credentials
from syncline.config import Settings
from syncline.core import documents
from syncline.core.brought import Brought, Document
from syncline.core.decide import ACCEPTED
from syncline.core.event import BIRTH, Actor, Event
from syncline.core.rules import Rules
from syncline.engine import Engine
from syncline.key_ring import KeyFile
from syncline.privacy import Privacy
from syncline.providers import connect
from syncline.rotation import Rotation
from syncline.service_log import ServiceLog
from syncline.store.access import Role
from syncline.store.integrations import integration
from syncline.store.record import Outcome
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.vault import Safe, Vault
from syncline.web import sessions
from syncline.web.app import build_app
from syncline.web.site import Site, now
from tests.core.chart_file import service_chart
from tests.web.keys import make_key, open_session
from tests.web.pages.journey import CHART, PLANTED, actor, brings, data, way_to

_DELAYS = ("login_lifetime", "cycle_interval", "throttle_wait", "failure_wait")


@dataclass
class Stage:
    """A running site."""

    site: Site
    store: SQLiteStore
    app: web.Application
    client: TestClient[web.Request, web.Application]
    http: aiohttp.ClientSession

    @property
    def origin(self) -> str:
        """Where it is served."""
        return self.site.public_url

    async def close(self) -> None:
        """Stop it."""
        self.site.stopping.set()
        await self.client.close()
        await self.http.close()
        await self.store.close()

    async def key(self, role: Role = "admin") -> str:
        """Make an API key; answers its text."""
        _, text = await self.site.store.write(partial(make_key, name=f"the {role}", role=role, now=self.site.now()))
        return text

    async def cookie(self, role: Role = "admin") -> dict[str, str]:
        """Open a session; answers the header that carries it, as the client does not send secure cookies over http."""
        key, _ = await self.site.store.write(partial(make_key, name=f"the {role}", role=role, now=self.site.now()))
        value = await open_session(self.site.store, key, self.site.now())
        return {"Cookie": f"{sessions.COOKIE}={value}", "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}

    async def reach(self, state: str, *, id_: str = "", name: str = "") -> str:
        """Make an integration and bring it into a state; answers its id."""
        id_ = id_ or "in_" + state.replace(".", "_")
        await self.born(id_, name or f"To {state} & back")
        safe = await credentials.open_safe(self.site.store, self.site.vault, id_)
        for step in way_to(state):
            outcome = await self.happen(id_, step, safe)
            assert outcome.disposition in ACCEPTED, (step, outcome)
        assert (await self.site.store.read(partial(integration, id=id_))).state == state
        return id_

    async def born(self, id_: str, name: str) -> None:
        """Make an integration."""
        safe, data_key = self.site.vault.create_safe(id_)
        settings = documents.SettingsDocument("https://login.salesforce.com", "https://123-abc-456.mktorest.com")
        sealed = [
            safe.seal(field, SecretStr(PLANTED[field]))
            for field in (credentials.CLIENT_ID, credentials.CLIENT_SECRET, credentials.HOOK_SECRET)
        ]
        brings: tuple[Brought, ...] = (data_key, *sealed, Document(documents.SETTINGS, settings))
        event = Event(id_, BIRTH, "birth", Actor("person", "k1"), self.site.now(), {"name": name}, brings=brings)
        await self.site.engine.handle(event)

    async def happen(self, id_: str, type_: str, safe: Safe | None = None) -> Outcome:
        """Let one event happen, with all that usually comes with it."""
        now = await self.site.store.read(partial(integration, id=id_))
        safe = safe or await credentials.open_safe(self.site.store, self.site.vault, id_)
        event = Event(
            id_,
            type_,
            f"step:{now.seq}",
            actor(type_),
            self.site.now(),
            data(type_, now.context),
            brings=brings(type_, now.context, safe),
        )
        return await self.site.engine.handle(event)


async def build(folder: Path, **settings: Any) -> Stage:  # noqa: ANN401  whatever there is to set
    """Build a site and serve it on a free port."""
    port = unused_port()
    config = Settings(data=folder, public_url=f"http://127.0.0.1:{port}", **settings)
    store = await open_store(folder / "syncline.db")
    http = aiohttp.ClientSession()
    rules = Rules(CHART, dict.fromkeys(_DELAYS, 300.0), service_chart())
    keys_kept = KeyFile(folder)
    vault = Vault(keys_kept.read())
    privacy = Privacy(store, vault)
    engine = Engine(store, rules, privacy.seal)
    site = Site(
        engine=engine,
        store=store,
        vault=vault,
        privacy=privacy,
        service_log=ServiceLog(store, vault, engine.handle, now),
        rotation=Rotation(store, engine.handle, vault, keys_kept, now),
        providers=connect(http, config),
        settings=config,
        public_url=config.public_url,
    )
    await site.service_log.open()
    await site.service_log.note("service.started", {})
    app = build_app(site)
    client = TestClient(TestServer(app, port=port))
    await client.start_server()
    return Stage(site, store, app, client, http)
