"""The worlds that the tests of effects play in: a real store, engine and chart, and two providers that obey a test."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from syncline.config import Settings
from syncline.core.audit import Row
from syncline.core.chart import read_chart
from syncline.core.documents import SETTINGS, SettingsDocument
from syncline.core.event import BIRTH, Actor, Brought, Document, Event, LoginAttempt, SpentAttempt
from syncline.credentials import CLIENT_ID, CLIENT_SECRET, CODE, CONSUMER_KEY, CONSUMER_SECRET, VERIFIER, open_safe
from syncline.effects.perform import perform
from syncline.effects.tools import Tools
from syncline.effects.work import Work
from syncline.engine import Engine
from syncline.errors import GrantLostError, InputError, ProviderError
from syncline.providers.port import (
    Account,
    App,
    Check,
    Field,
    FieldResult,
    Grant,
    Identity,
    Instruction,
    Page,
    Position,
    Providers,
    RowResult,
    Session,
)
from syncline.store.effects import EffectRow, claim, effects
from syncline.store.integrations import Integration, documents, integration
from syncline.store.log import Filter, rows
from syncline.store.record import Outcome, Rules
from syncline.store.secrets import sealed
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.store.transaction import Transaction
from syncline.vault import Vault, open_key_file
from syncline.worker import Worker

CHART = Path(__file__).parents[2] / "statecharts" / "integration.v1.yaml"
ID = "in_1"
PERSON = Actor("person", "key_1", via="bearer")
ORG, USER = "00D000000000001", "005000000000001"
STATES = (
    "app_registered.probing_credentials",
    "credentials_saved.ready",
    "credentials_saved.exchanging_code",
    "authorized.checking",
    "authorized.awaiting_confirmation",
    "verified.previewing_fields",
    "verified.awaiting_field_sync",
    "verified.syncing_fields",
    "fields_synced.mapping_open",
    "syncing.initial_sync",
)

Trap = Callable[[], Awaitable[object]]


class Misbehaving:
    """Counts calls, and does what a test wants before each."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._traps: dict[str, list[ProviderError | Exception | Trap]] = {}

    def fail(self, call: str, *errors: Exception | Trap) -> None:
        """Let the next calls of a name raise, or run, these, one each."""
        self._traps.setdefault(call, []).extend(errors)

    def count(self, call: str) -> int:
        """How often a call was made."""
        return self.calls.count(call)

    async def _pass(self, call: str) -> None:
        self.calls.append(call)
        await asyncio.sleep(0)
        traps = self._traps.get(call)
        if traps:
            trap = traps.pop(0)
            if isinstance(trap, Exception):
                raise trap
            await trap()


class FakeSource(Misbehaving):
    """A CRM with single-use or lasting refresh tokens, whose records a test may touch at any time."""

    title = "Source"
    problems: Mapping[str, Any] = {}
    objects = ("Lead", "Contact")
    id_field = "Id"
    stamp_field = "Stamp"
    scopes = ("api",)

    def __init__(self) -> None:
        super().__init__()
        self.rotating = False
        self.serial = 0
        self.org, self.user = ORG, USER
        self.live_access: set[str] = set()
        self.live_refresh: set[str] = set()
        self.revoked: list[str] = []
        self.records: dict[str, list[dict[str, Any]]] = {"Lead": [], "Contact": []}
        self.clock = "2026-01-01T00:10:00"
        self.page_size = 10
        self.checks: list[Check] = [Check("source.fine", "passed", "It is fine.")]
        self.described = {
            name: [
                Field(name, "Id", "Record ID", "string"),
                Field(name, "FirstName", "First Name", "string"),
                Field(name, "Score__c", "Score", "integer", custom=True),
            ]
            for name in self.objects
        }

    def app_guide(self, redirect_uri: str) -> Mapping[str, tuple[Instruction, ...]]:
        return {}

    def login_host(self, text: str) -> str:
        raise InputError("test.unused")

    def authorize_url(self, app: App, *, state: str, challenge: str) -> str:
        return ""

    def refusal(self, error: str, description: str) -> str:
        return error

    async def probe(self, app: App) -> None:
        await self._pass("probe")

    async def exchange(self, app: App, *, code: SecretStr, verifier: SecretStr) -> Grant:
        assert (code.get_secret_value(), verifier.get_secret_value()) == ("the-code", "the-verifier")
        await self._pass("exchange")
        return self.issue()

    def issue(self, *, rotate: bool = True) -> Grant:
        """Answer a new grant; the tokens name their number."""
        self.serial += 1
        access, refresh = f"access-{self.serial}", f"refresh-{self.serial}"
        self.live_access.add(access)
        if rotate:
            self.live_refresh.add(refresh)
        return Grant(
            SecretStr(access),
            SecretStr(refresh) if rotate else None,
            "https://instance.example",
            "https://instance.example/id",
            ("api", "refresh_token"),
            0,
            self.org,
            self.user,
        )

    async def refresh(self, app: App, refresh_token: SecretStr) -> Grant:
        token = refresh_token.get_secret_value()
        if token not in self.live_refresh:
            self.calls.append("refresh")
            raise GrantLostError("source.token_dead", "the refresh token is dead")
        if self.rotating:
            self.live_refresh.remove(token)
        await self._pass("refresh")
        return self.issue(rotate=self.rotating)

    async def revoke(self, app: App, token: SecretStr) -> None:
        await self._pass("revoke")
        self.revoked.append(token.get_secret_value())

    async def identify(self, session: Session, identity_url: str) -> Identity:
        await self._call(session, "identify")
        return Identity(self.org, "Acme", "Enterprise", False, self.user, "ada@acme.example", "Ada", "ada@acme.example")  # noqa: FBT003  the port's order

    async def check(self, session: Session, identity: Identity) -> list[Check]:
        await self._call(session, "check")
        return self.checks

    async def describe(self, session: Session, object_name: str) -> list[Field]:
        await self._call(session, "describe")
        return self.described[object_name]

    async def now(self, session: Session) -> str:
        await self._call(session, "now")
        return self.clock

    async def pages(
        self, session: Session, object_name: str, fields: Sequence[str], *, after: Position, since: str, until: str
    ) -> AsyncIterator[Page]:
        place = after
        while True:
            await self._call(session, f"page:{object_name}")
            matching = sorted(
                (r for r in self.records[object_name] if since <= r["Stamp"] <= until),
                key=lambda r: (r["Stamp"], r["Id"]),
            )
            rest = [r for r in matching if (r["Stamp"], r["Id"]) > (place.stamp, place.id)][: self.page_size]
            if not rest:
                return
            place = Position(rest[-1]["Stamp"], rest[-1]["Id"])
            yield Page([dict(r) for r in rest], place, len(matching))

    def earlier(self, stamp: str, seconds: int) -> str:
        if not stamp:
            return ""
        day, _, clock = stamp.partition("T")
        hours, minutes, rest = (int(part) for part in clock.split(":"))
        total = max(hours * 3600 + minutes * 60 + rest - seconds, 0)
        return f"{day}T{total // 3600:02}:{total // 60 % 60:02}:{total % 60:02}"

    async def _call(self, session: Session, name: str) -> None:
        """An API call as a real client makes it: a dead token is renewed once."""
        token = await session.access_token()
        if token.get_secret_value() not in self.live_access:
            token = await session.renew(token)
            assert token.get_secret_value() in self.live_access
        await self._pass(name)


class FakeTarget(Misbehaving):
    """A marketing system that keeps people by the key field, and knows every upsert it was ever sent."""

    title = "Target"
    problems: Mapping[str, Any] = {}
    key_field = Field("", "sourceId", "Source ID", "string", custom=True)
    batch_size = 3
    field_limit = 100
    standard_fields: Mapping[str, str] = {"FirstName": "firstName"}

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, dict[str, Any]] = {}
        self.upserts: list[tuple[str, ...]] = []
        self.refusing: set[str] = set()
        self.busy: set[str] = set()
        self.most_at_once = 0
        self._at_once = 0
        self.checks: list[Check] = [Check("target.fine", "passed", "It is fine.")]
        self.there = [Field("", "firstName", "First Name", "string")]
        self.refused_fields: set[str] = set()

    def account_url(self, text: str) -> str:
        raise InputError("test.unused")

    def account_guide(self) -> tuple[Instruction, ...]:
        return ()

    async def check(self, account: Account) -> list[Check]:
        await self._pass("check")
        return self.checks

    async def fields(self, account: Account) -> list[Field]:
        await self._pass("fields")
        return list(self.there)

    def field_name(self, source_field: Field) -> str:
        return source_field.name.removesuffix("__c").lower()

    def unfit(self, source_field: Field) -> str:
        return "it cannot be made" if source_field.name.startswith("Unfit") else ""

    async def create_fields(self, account: Account, fields: Sequence[Field]) -> list[FieldResult]:
        await self._pass("create_fields")
        return [self._create(field) for field in fields]

    def _create(self, field: Field) -> FieldResult:
        if field.name in self.refused_fields:
            return FieldResult(field.name, "refused", "not this one")
        if any(there.name == field.name for there in self.there):
            return FieldResult(field.name, "existed")
        self.there.append(field)
        return FieldResult(field.name, "created")

    async def upsert(self, account: Account, people: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        assert 0 < len(people) <= self.batch_size
        ids = tuple(person["sourceId"] for person in people)
        assert not self.busy & set(ids), "two upserts of one person at the same time make two of them"
        self.busy |= set(ids)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await self._pass("upsert")
            self.upserts.append(ids)
            return [self._keep(person) for person in people]
        finally:
            self._at_once -= 1
            self.busy -= set(ids)

    def _keep(self, person: Mapping[str, Any]) -> RowResult:
        id_ = person["sourceId"]
        if id_ in self.refusing:
            return RowResult("skipped", reason="1003: not this one")
        known = id_ in self.people
        self.people[id_] = dict(person)
        return RowResult("updated" if known else "created", id_)

    def times(self, id_: str) -> int:
        """How often a person was sent."""
        return sum(ids.count(id_) for ids in self.upserts)


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

    async def reach(self, state: str) -> None:
        """Take every step up to a state, running the effects on the way once each."""
        await self.create()
        await self.say("app.registered")
        safe = await open_safe(self.store, self.vault, ID)
        key, secret = safe.seal(CONSUMER_KEY, SecretStr("key")), safe.seal(CONSUMER_SECRET, SecretStr("secret"))
        steps: dict[str, Callable[[], Awaitable[object]]] = {
            "credentials_saved.ready": self.login,
            "authorized.awaiting_confirmation": partial(self.say, "connection.confirmed", org_id=ORG, user_id=USER),
            "verified.awaiting_field_sync": partial(self.say, "field_sync.requested"),
            "fields_synced.mapping_open": partial(self.say, "sync.start_requested"),
        }
        await self.say("credentials.saved", key, secret)
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
    engine = Engine(store, Rules(read_chart(CHART), delays))
    vault = Vault(open_key_file(folder))
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
