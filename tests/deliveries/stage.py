"""A store with integrations, subscribers who listen on this machine, and what tells them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from syncline import credentials
from syncline.config import Settings
from syncline.core.event import SERVICE, Actor
from syncline.core.subscription import KeptSubscription, Key, ReplayedDeliveries, address_field
from syncline.deliveries import Deliveries
from syncline.deliveries.caller import new_secret
from syncline.destinations import Destinations
from syncline.engine import Engine
from syncline.key_ring import KeyFile
from syncline.service_log import ServiceLog
from syncline.store import deliveries as stored
from syncline.store.deliveries import Delivery
from syncline.store.record import Outcome
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.store.subscriptions import Subscription, subscription
from syncline.vault import Vault
from syncline.web.site import now
from tests.deliveries.receivers import Call, Receiver, receiving
from tests.store.events import RULES, birth, event

PERSON = Actor("person", "ak_1")


class Clock:
    """The time, which a test may move on."""

    def __init__(self) -> None:
        """Start now."""
        self.ahead = 0

    def __call__(self) -> int:
        """Answer the time in microseconds since the epoch."""
        return now() + self.ahead

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.ahead += int(seconds * 1_000_000)


@dataclass
class Stage:
    """All of it."""

    store: SQLiteStore
    engine: Engine
    vault: Vault
    service_log: ServiceLog
    settings: Settings
    clock: Clock
    destinations: Destinations
    origin: str
    receivers: dict[str, Receiver]
    running: list[Deliveries] = field(default_factory=list)
    secrets: dict[str, SecretStr] = field(default_factory=dict)

    def receiver(self, name: str = "one") -> Receiver:
        """Answer an endpoint by its name, a new one if there is none."""
        made = self.receivers[name]
        made.url = f"{self.origin}/{name}"
        return made

    async def subscribe(self, url: str, *, types: tuple[str, ...] = (), integration: str = "") -> str:
        """Make a subscription as an event; answers its id."""
        id_ = f"sub_{len(self.secrets) + 1}"
        secret = self.secrets[id_] = new_secret()
        safe = await credentials.open_safe(self.store, self.vault, SERVICE)
        address = safe.seal(address_field(id_), SecretStr(url))
        sealed = safe.seal(f"subscription.{id_}.key.1", secret)
        keys = (Key(sealed.field, sealed.fingerprint),)
        kept = KeptSubscription(id_, 1, id_, integration, types, self.origin, address.fingerprint, True, "", keys)  # noqa: FBT003
        outcome = await self.service_log.note("subscription.made", {}, address, sealed, kept, actor=PERSON)
        assert outcome.accepted, outcome
        return id_

    async def keep(self, kept: KeptSubscription, **change: Any) -> None:  # noqa: ANN401  fields of a subscription
        """Change a subscription as an event."""
        after = msgspec.structs.replace(kept, version=kept.version + 1, **change)
        outcome = await self.service_log.note("subscription.changed", {}, after, actor=PERSON)
        assert outcome.accepted, outcome

    async def replay(self, id_: str, *numbers: int) -> Outcome:
        """Send deliveries again."""
        return await self.service_log.note("deliveries.replayed", {}, ReplayedDeliveries(id_, numbers), actor=PERSON)

    async def happen(self, integration: str = "in_1", times: int = 1) -> None:
        """Let something happen to an integration that one message tells of."""
        for _ in range(times):
            await self.engine.handle(event("checks.failed", integration=integration, data={"problem": "a.b"}))
            await self.engine.handle(event("checks.requested", integration=integration, sender="person"))

    def run(self) -> Deliveries:
        """Start what tells the subscribers, as a service does."""
        made = Deliveries(self.store, self.vault, self.service_log, self.destinations, self.settings, self.clock)
        made.start(self.engine.watch)
        self.running.append(made)
        return made

    def wake(self) -> None:
        """Let everybody look at the clock again."""
        for running in self.running:
            running._woken.set()
            for lane, _ in running._lanes.values():
                lane.wake()

    async def find(self, id_: str) -> Subscription:
        """Answer a subscription as it is stored."""
        return await self.store.read(partial(subscription, id=id_))

    async def page(self, id_: str, status: str = "") -> list[Delivery]:
        """Answer the deliveries of a subscription, the oldest first."""
        return (await self.store.read(partial(stored.page, subscription=id_, status=status, most=1000)))[::-1]

    async def settled(self, id_: str, count: int = 1) -> list[Delivery]:
        """Wait until there are so many deliveries of a subscription and none of them waits, and answer them."""
        await until(lambda: self._none_waits(id_, count))
        return await self.page(id_)

    async def _none_waits(self, id_: str, count: int) -> bool:
        found = await self.find(id_)
        return found.sequence >= count and not found.waiting

    def verify(self, id_: str, call: Call) -> None:
        """Judge a request by the public library that receivers use; raises for a wrong signature."""
        library = Webhook(self.secrets[id_].get_secret_value())
        if not self.clock.ahead:
            library.verify(call.raw, call.headers)
            return
        # Its own clock does not go with ours, so it signs what has come.
        stamp = datetime.fromtimestamp(int(call.headers["webhook-timestamp"]), UTC)
        expected = library.sign(msg_id=call.name, timestamp=stamp, data=call.raw.decode())
        assert expected in call.headers["webhook-signature"].split(" ")


async def until(true: Callable[[], Any], seconds: float = 40) -> None:
    """Wait for something to become true; raises `TimeoutError`."""
    async with asyncio.timeout(seconds):
        while True:
            found = true()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    """Set the stage in a folder."""
    async with receiving() as (origin, receivers):
        store = await open_store(folder / "test.sqlite3")
        clock, vault, engine = Clock(), Vault(KeyFile(folder).read()), Engine(store, RULES)
        settings = Settings(data=folder, allow_destinations=(origin,))
        destinations = Destinations(settings.allow_destinations, 5)
        log = ServiceLog(store, vault, engine.handle, clock)
        stage = Stage(store, engine, vault, log, settings, clock, destinations, origin, receivers)
        try:
            await log.open()
            yield stage
        finally:
            for each in stage.running:
                await each.stop(5)
            await destinations.close()
            await store.close()


async def checked(engine: Engine, integration: str = "in_1") -> None:
    """Lead an integration to where its checks run."""
    await engine.handle(birth(integration=integration))
    for type_, data in checks_ahead():
        assert (await engine.handle(event(type_, integration=integration, data=data))).accepted


def checks_ahead() -> Iterator[tuple[str, dict[str, Any]]]:
    """Answer what leads to the checks."""
    yield from (("app.registered", {}), ("credentials.saved", {}), ("credentials.accepted", {}))
    yield from (("login.started", {}), ("login.returned", {}))
    yield "code.exchanged", {"org_id": "00D1", "user_id": "0051", "generation": 1, "scopes": ["api"]}
