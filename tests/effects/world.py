"""The worlds that the tests of effects play in: a real store, engine and chart, and two providers that obey a test."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from syncline.config import Settings
from syncline.core.audit import Row
from syncline.core.brought import Brought, Document, LoginAttempt, SpentAttempt
from syncline.core.documents import SETTINGS, SettingsDocument
from syncline.core.event import BIRTH, Actor, Event
from syncline.core.rules import Rules
from syncline.credentials import CLIENT_ID, CLIENT_SECRET, CODE, CONSUMER_KEY, CONSUMER_SECRET, VERIFIER, open_safe
from syncline.effects.perform import perform
from syncline.effects.tools import Tools
from syncline.effects.work import Work
from syncline.engine import Engine
from syncline.key_ring import KeyFile
from syncline.providers.port import Providers
from syncline.store.effects import EffectRow, claim, effects
from syncline.store.integrations import Integration, documents, integration
from syncline.store.log import Filter, rows
from syncline.store.record import Outcome
from syncline.store.secrets import sealed
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.store.transaction import Transaction
from syncline.vault import Vault
from syncline.worker import Worker
from tests.core.chart_file import chart, service_chart
from tests.effects.fakes import ORG, USER, FakeSource, FakeTarget

ID = "in_1"
PERSON = Actor("person", "key_1", via="bearer")


@dataclass
class World:
    """One integration with everything around it."""

    folder: Path
    store: SQLiteStore
    engine: Engine
    vault: Vault
    source: FakeSource
    target: FakeTarget
    settings: Settings
    tools: Tools
    workers: list[Worker] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    async def say(self, type_: str, *brings: Brought, actor: Actor = PERSON, **data: Any) -> Outcome:  # noqa: ANN401  event data is JSON
        """Send an event under a fresh key."""
        key = f"test:{type_}:{time.monotonic_ns()}"
        return await self.engine.handle(Event(ID, type_, key, actor, self.tools.now(), data, brings=brings))

    async def create(self) -> None:
        """Give birth to the integration, with the target's API user."""
        safe, key = self.vault.create_safe(ID)
        secrets = (safe.seal(CLIENT_ID, SecretStr("client")), safe.seal(CLIENT_SECRET, SecretStr("client-secret")))
        settings = Document(SETTINGS, SettingsDocument("https://login.example", "https://target.example"))
        await self.say(BIRTH, key, *secrets, settings, name="Acme")

    async def login(self) -> None:
        """Start a login and come back from it."""
        safe = await open_safe(self.store, self.vault, ID)
        verifier = safe.seal(VERIFIER, SecretStr("the-verifier"))
        hash_ = f"hash-{time.monotonic_ns()}"
        await self.say("login.started", LoginAttempt(hash_, "browser", verifier, self.tools.now() + 600_000_000))
        code = safe.seal(CODE, SecretStr("the-code"))
        returned = await self.say(
            "login.returned", SpentAttempt(hash_), verifier, code, actor=Actor("source", "callback", via="callback")
        )
        assert returned.accepted, returned

    async def confirm(self) -> None:
        """Confirm the org and the user that are connected."""
        await self.say("connection.confirmed", org_id=ORG, user_id=USER)

    async def reach_probing(self) -> None:
        """Take the steps up to the saved credentials."""
        await self.create()
        await self.say("app.registered")
        safe = await open_safe(self.store, self.vault, ID)
        key, secret = safe.seal(CONSUMER_KEY, SecretStr("key")), safe.seal(CONSUMER_SECRET, SecretStr("secret"))
        await self.say("credentials.saved", key, secret)

    async def reach(self, state: str) -> None:
        """Take every step up to a state, running the effects on the way once each."""
        steps: dict[str, Callable[[], Awaitable[object]]] = {
            "credentials_saved.ready": self.login,
            "authorized.awaiting_confirmation": self.confirm,
            "verified.awaiting_field_sync": partial(self.say, "field_sync.requested"),
            "fields_synced.mapping_open": partial(self.say, "sync.start_requested"),
        }
        await self.reach_probing()
        while (now := await self.state()) != state:
            await steps.get(now, self.run)()
            assert await self.state() != now, f"stuck in {now}"

    async def run(self) -> EffectRow:
        """Claim the one effect that is due and run it once, as the worker would; answers it as it stands then."""
        work = await self.claim()
        await perform(work)
        return await self.effect(work.effect.id)

    async def claim(self) -> Work:
        """Claim the one effect that is due, whenever that is."""
        lease, far = f"lease-{time.monotonic_ns()}", self.tools.now() + 10**12
        claimed = await self.store.write(partial(claim, now=far, lease=lease, lease_until=far + 60_000_000, limit=5))
        assert len(claimed) == 1, claimed
        return Work(self.tools, claimed[0], lease)

    async def effect(self, id_: str) -> EffectRow:
        """Answer an effect as it stands."""
        return next(row for row in await self.effects() if row.id == id_)

    async def effects(self) -> list[EffectRow]:
        """List all effects, the latest first."""
        return await self.store.read(partial(effects, integration=ID, limit=1000))

    async def now(self) -> Integration:
        """Answer the integration."""
        return await self.store.read(partial(integration, id=ID))

    async def state(self) -> str:
        """Answer its state."""
        return (await self.now()).state

    async def documents(self) -> dict[str, Any]:
        """Answer its documents."""
        return await self.store.read(partial(documents, integration=ID))

    async def secrets(self) -> set[str]:
        """Answer which secrets are stored."""

        def read(tx: Transaction) -> set[str]:
            return set(sealed(tx, integration=ID))

        return await self.store.read(read)

    async def log(self, type_: str = "") -> list[Row]:
        """Answer the audit rows, of one type or all."""
        found = await self.store.read(partial(rows, wanted=Filter(type=type_), limit=10_000))
        return [row.row for row in found]

    async def last(self) -> Row:
        """Answer the last audit row."""
        return (await self.log())[-1]

    def configure(self, **changes: Any) -> None:  # noqa: ANN401  as Settings
        """Change settings for what is started from now on."""
        self.settings = self.settings.model_copy(update=changes)
        self.tools = replace(self.tools, settings=self.settings)

    async def work(self) -> Worker:
        """Start a worker; it is stopped with the world."""
        worker = Worker(self.tools, self.engine)
        self.workers.append(worker)
        await worker.start()
        return worker

    async def close(self) -> None:
        """End everything."""
        for worker in self.workers:
            await worker.stop(0.5)
        await self.store.close()


async def build(folder: Path) -> World:
    """Make a world in an empty folder."""
    store = await open_store(folder / "syncline.db")
    delays = {"login_lifetime": 600.0, "cycle_interval": 300.0, "throttle_wait": 900.0, "failure_wait": 300.0}
    delays["change_wait"] = 3.0
    engine = Engine(store, Rules(chart(), delays, service_chart()))
    vault = Vault(KeyFile(folder).read())
    source, target = FakeSource(), FakeTarget()
    settings = Settings(data=folder, effect_backoff=0.001, http_timeout=0.2)
    tools = Tools(
        engine.handle,
        store,
        vault,
        Providers(source, target),
        settings,
        "https://sync.example/callback",
        lambda: time.time_ns() // 1000,
    )
    return World(folder, store, engine, vault, source, target, settings, tools)


async def until(condition: Callable[[], Awaitable[object]], seconds: float = 10.0) -> None:
    """Wait for a condition with a deadline."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.01)
