"""A whole site over a fresh store, and a way to bring an integration into any state of the chart by events."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, unused_port
from pydantic import SecretStr

from syncline import credentials
from syncline.config import Settings
from syncline.core import documents
from syncline.core.chart import Chart, read_chart
from syncline.core.context import Context
from syncline.core.decide import ACCEPTED, Snapshot, decide
from syncline.core.event import BIRTH, EVENTS, Actor, Brought, Document, Event
from syncline.engine import Engine
from syncline.providers import connect
from syncline.store.access import Role
from syncline.store.integrations import integration
from syncline.store.record import Outcome, Rules
from syncline.store.sqlite import open_store
from syncline.vault import Safe, Vault, open_key_file
from syncline.web import sessions
from syncline.web.api_keys import make_key
from syncline.web.app import build_app
from syncline.web.site import Site

CHART_FILE = Path(__file__).parents[3] / "statecharts" / "integration.v1.yaml"
CHART = read_chart(CHART_FILE)

#: Secrets that must never be seen on a page.
PLANTED = {
    credentials.CONSUMER_KEY: "3MVG9PLANTEDKEYwhichNobodyMayEverSee",
    credentials.CONSUMER_SECRET: "PLANTEDSECRET0123456789",
    credentials.CLIENT_ID: "planted-client-id-4711",
    credentials.CLIENT_SECRET: "planted-client-secret-4711",
    credentials.ACCESS_TOKEN: "00D!PLANTEDACCESSTOKEN",
    credentials.REFRESH_TOKEN: "5AepPLANTEDREFRESHTOKEN",
    credentials.HOOK_SECRET: "whsec_UExBTlRFREhPT0tTRUNSRVQ=",
}
ORG, USER = "00D000000000001EAA", "005000000000001AAA"
FAILING = {
    "credentials.rejected": ("salesforce.wrong_secret", "Salesforce says: invalid client credentials"),
    "login.denied": ("salesforce.denied", "Salesforce says: end-user denied authorization"),
    "timer.login_expired": ("login.expired", "Nobody came back within 10 minutes"),
    "code.refused": ("salesforce.code_expired", "Salesforce says: expired authorization code"),
    "checks.failed": ("salesforce.api_disabled", "The user may not use the API"),
    "preview.failed": ("salesforce.unreachable", "Salesforce answered 503"),
    "field_sync.failed": ("marketo.permission_missing", "Marketo says: Access denied (603)"),
    "sync.failed": ("marketo.unreachable", "Marketo did not answer within 30 seconds"),
    "sync.throttled": ("salesforce.limit_reached", "Salesforce says: TotalRequests Limit exceeded"),
    "grant.lost": ("salesforce.grant_lost", "Salesforce says: expired access/refresh token"),
    "effect.exhausted": ("salesforce.unreachable", "Salesforce could not be reached in 6 tries"),
}

_NOW = time.time_ns() // 1000
_FIELDS = (
    ("FirstName", "First Name", "string", "string", "firstName", "exists", ""),
    ("Industry", "Industry", "string", "picklist", "industry", "exists", ""),
    ("Score__c", "Score <b>&", "float", "double", "sfScore", "create", ""),
    ("Region__c", "Region", "string", "picklist", "sfRegion", "create", ""),
    ("Photo__c", "Photo", "text", "base64", "", "skip", "has no counterpart"),
)


@dataclass
class Stage:
    """A running site."""

    site: Site
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
        await self.site.store.close()  # type: ignore[attr-defined]  the port has no close, the database has

    async def key(self, role: Role = "admin") -> str:
        """Make an API key; answers its text."""
        _, text = await self.site.store.write(partial(make_key, name=f"the {role}", role=role, now=self.site.now()))
        return text

    async def cookie(self, role: Role = "admin") -> dict[str, str]:
        """Open a session; answers the header that carries it, as the client does not send secure cookies over http."""
        key, _ = await self.site.store.write(partial(make_key, name=f"the {role}", role=role, now=self.site.now()))
        value = await self.site.sessions.open(self.site.store, key, self.site.now())
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
            _actor(type_),
            self.site.now(),
            data(type_, now.context),
            brings=_brings(type_, now.context, safe),
        )
        return await self.site.engine.handle(event)


async def build(folder: Path, **settings: Any) -> Stage:  # noqa: ANN401  whatever there is to set
    """Build a site and serve it on a free port."""
    port = unused_port()
    config = Settings(data=folder, public_url=f"http://127.0.0.1:{port}", **settings)
    store = await open_store(folder / "syncline.db")
    http = aiohttp.ClientSession()
    rules = Rules(CHART, dict.fromkeys(("login_lifetime", "cycle_interval", "throttle_wait", "failure_wait"), 300.0))
    site = Site(
        engine=Engine(store, rules),
        store=store,
        vault=Vault(open_key_file(folder)),
        providers=connect(http, config),
        settings=config,
        public_url=config.public_url,
    )
    app = build_app(site)
    client = TestClient(TestServer(app, port=port))
    await client.start_server()
    return Stage(site, app, client, http)


def way_to(state: str, chart: Chart = CHART) -> list[str]:
    """Answer a short list of events that leads to a state, found by asking the chart.

    What can happen at any time happens to a sync that runs, so that its page has the most to show.
    """
    start = Snapshot("x", chart.initial, 1, 1, Context())
    if state.partition(".")[0] in {"reauthorization_required", "disconnected"}:
        running, way = _search(start, "syncing.waiting", chart)
        return way + _search(running, state, chart)[1]
    return _search(start, state, chart)[1]


def _search(start: Snapshot, state: str, chart: Chart) -> tuple[Snapshot, list[str]]:
    queue: deque[tuple[Snapshot, list[str]]] = deque([(start, [])])
    seen = {(start.state, start.context)}
    while queue:
        here, way = queue.popleft()
        if here.state == state:
            return here, way
        # Giving up comes last: a failure that names its reason has more to show.
        for trigger in sorted(chart.possible(here.state), key="effect.exhausted".__eq__):
            event = Event("x", trigger, "k", _actor(trigger), 0, data(trigger, here.context))
            decision = decide(chart, here, event)
            mark = (decision.to, decision.context)
            if decision.disposition in ACCEPTED and mark not in seen:
                seen.add(mark)
                next_ = msgspec.structs.replace(here, state=decision.to, context=decision.context)
                queue.append((next_, [*way, *_before(trigger), trigger]))
    raise AssertionError(f"nothing leads to {state}")


def data(type_: str, context: Context) -> dict[str, Any]:
    """Answer what an event usually says."""
    said: dict[str, Any] = {}
    if type_ in FAILING:
        said["problem"], said["detail"] = FAILING[type_]
    if type_.startswith("grant."):
        said["generation"] = context.generation
    if type_ in {"connection.confirmed", "code.exchanged"}:
        said |= {"org_id": ORG, "user_id": USER}
    return said


def _before(trigger: str) -> list[str]:
    """Answer the signs of progress that come before an event and change no state, so that a page has them to show."""
    before: Mapping[str, list[str]] = {
        "field_sync.finished": ["field_sync.progressed"],
        "field_sync.failed": ["field_sync.progressed"],
        "sync.finished": ["sync.progressed"],
        "sync.failed": ["sync.progressed"],
    }
    return before.get(trigger, [])


def _actor(type_: str) -> Actor:
    senders = EVENTS[type_].senders
    kind = next(kind for kind in ("person", "source", "timer", "effect") if kind in senders)
    return Actor(kind, "k1" if kind == "person" else f"{kind}-1")  # type: ignore[arg-type]  one of the kinds


def _brings(type_: str, context: Context, safe: Safe) -> tuple[Brought, ...]:
    seal = [field for field, when in _SEALED.items() if when == type_]
    papers = [Document(name, body) for name, body in _papers(type_, context).items()]
    return (*(safe.seal(field, SecretStr(PLANTED[field])) for field in seal), *papers)


_SEALED = {
    credentials.CONSUMER_KEY: "credentials.saved",
    credentials.CONSUMER_SECRET: "credentials.saved",
    credentials.ACCESS_TOKEN: "code.exchanged",
    credentials.REFRESH_TOKEN: "code.exchanged",
}


def _papers(type_: str, context: Context) -> dict[str, Any]:
    match type_:
        case "code.exchanged":
            scopes = ("api", "refresh_token", "id")
            host = "https://acme.my.salesforce.com"
            grant = documents.GrantDocument(context.generation + 1, host, f"{host}/id/{ORG}/{USER}", scopes, _NOW, _NOW)
            return {documents.GRANT: grant}
        case "checks.passed" | "checks.failed":
            return {documents.IDENTITY: IDENTITY, documents.CHECKS: _checks(failed=type_ == "checks.failed")}
        case "preview.ready":
            return {documents.PREVIEW: _preview()}
        case "field_sync.progressed":
            return {documents.FIELD_SYNC: documents.FieldSyncDocument(4, 2, ("sfScore",), ("sfRegion",))}
        case "field_sync.finished":
            done = documents.FieldSyncDocument(4, 4, ("sfScore",), (), {"sfRegion": "Marketo says: too many fields"})
            pairs = {"FirstName": "firstName", "Industry": "industry", "Score__c": "sfScore"}
            return {
                documents.FIELD_SYNC: done,
                documents.MAPPING: documents.MappingDocument({"Lead": pairs, "Contact": dict(pairs)}),
            }
        case "sync.progressed" | "sync.finished":
            return _sync(done=type_ == "sync.finished")
        case _:
            return {}


IDENTITY = documents.IdentityDocument(
    ORG, "Acme <Works>", "Enterprise Edition", False, USER, "sync@acme.example", "Sync User", "sync@acme.example"
)


def _checks(*, failed: bool) -> documents.ChecksDocument:
    results = [
        documents.CheckResult("salesforce.identity", "passed", "sync@acme.example of Acme <Works>"),
        documents.CheckResult("salesforce.limits", "warning", "90 % of today's calls are used", "salesforce.limit_low"),
    ]
    if failed:
        results.append(
            documents.CheckResult("salesforce.api_enabled", "failed", "The API is off", "salesforce.api_disabled")
        )
    return documents.ChecksDocument(_NOW, tuple(results))


def _preview() -> documents.PreviewDocument:
    plans = [documents.FieldPlan(name, *rest) for name in ("Lead", "Contact") for rest in _FIELDS]  # type: ignore[arg-type]  rows of the table above
    return documents.PreviewDocument(_NOW, tuple(plans))


def _sync(*, done: bool) -> dict[str, Any]:
    stamp = "2026-11-24T08:00:00.000+0000"
    run = documents.RunDocument(1, "initial", _NOW, _NOW + 93_000_000 if done else 0, stamp)
    lead = documents.ObjectSyncDocument("Lead", 1, "", stamp, "00Q1", 5000, 5000, 4980, 10, 0, 10, done=True)
    contact = documents.ObjectSyncDocument("Contact", 1, "", stamp, "0031", 4000, 1200, 1200, 0, 0, 0, done=done)
    return {documents.RUN: run, documents.OBJECT_SYNC + "Lead": lead, documents.OBJECT_SYNC + "Contact": contact}
