"""How an integration comes into each state of the chart: the events, and what usually comes with each."""

import time
from collections import deque
from functools import cache
from typing import Any

import msgspec
from pydantic import SecretStr

from syncline import credentials
from syncline.core import documents
from syncline.core.brought import Brought, Document
from syncline.core.context import Context
from syncline.core.decide import ACCEPTED, Snapshot, decide
from syncline.core.event import EVENTS, Actor, ActorKind, Event
from syncline.vault import Safe
from tests.core.chart_file import chart

CHART = chart()

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
_COLUMNS = ("name", "label", "type", "native_type", "target", "action", "reason")
_FIELDS = (
    ("FirstName", "First Name", "string", "string", "firstName", "exists", ""),
    ("Industry", "Industry", "string", "picklist", "industry", "exists", ""),
    ("Score__c", "Score <b>&", "float", "double", "sfScore", "create", ""),
    ("Region__c", "Region", "string", "picklist", "sfRegion", "create", ""),
    ("Photo__c", "Photo", "text", "base64", "", "skip", "has no counterpart"),
)


@cache  # It takes a few thousand decisions, for each of hundreds of integrations.
def way_to(state: str) -> tuple[str, ...]:
    """Answer a short list of events that leads to a state, found by asking the chart.

    What can happen at any time happens to a sync that runs, so that its page has the most to show.
    """
    start = Snapshot("x", CHART.initial, 1, 1, Context())
    if state.partition(".")[0] in {"reauthorization_required", "disconnected"}:
        running, way = _search(start, "syncing.waiting")
        return (*way, *_search(running, state)[1])
    return tuple(_search(start, state)[1])


def _search(start: Snapshot, state: str) -> tuple[Snapshot, list[str]]:
    queue: deque[tuple[Snapshot, list[str]]] = deque([(start, [])])
    seen = {(start.state, start.context)}
    while queue:
        here, way = queue.popleft()
        if here.state == state:
            return here, way
        # Giving up comes last: a failure that names its reason has more to show.
        for trigger in sorted(CHART.possible(here.state), key="effect.exhausted".__eq__):
            event = Event("x", trigger, "k", actor(trigger), 0, data(trigger, here.context))
            decision = decide(CHART, here, event)
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
    before = {
        "field_sync.finished": ["field_sync.progressed"],
        "field_sync.failed": ["field_sync.progressed"],
        "sync.finished": ["sync.progressed"],
        "sync.failed": ["sync.progressed"],
    }
    return before.get(trigger, [])


def actor(type_: str) -> Actor:
    """Answer who usually sends an event."""
    senders = EVENTS[type_].senders
    order: tuple[ActorKind, ...] = ("person", "link", "source", "target", "timer", "effect", "service")
    kind = next(kind for kind in order if kind in senders)
    return Actor(kind, "k1" if kind == "person" else f"{kind}-1")


def brings(type_: str, context: Context, safe: Safe) -> tuple[Brought, ...]:
    """Answer the secrets and documents that usually come with an event."""
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
            papers: dict[str, Any] = {documents.GRANT: _grant(context.generation + 1)}
        case "checks.passed" | "checks.failed":
            papers = {documents.IDENTITY: IDENTITY, documents.CHECKS: _checks(failed=type_ == "checks.failed")}
        case "preview.ready":
            papers = {documents.PREVIEW: _preview()}
        case "field_sync.progressed":
            papers = {documents.FIELD_SYNC: documents.FieldSyncDocument(4, 2, ("sfScore",), ("sfRegion",))}
        case "field_sync.finished":
            papers = _fields_synced()
        case "sync.progressed" | "sync.finished":
            papers = _sync(done=type_ == "sync.finished")
        case _:
            papers = {}
    return papers


IDENTITY = documents.IdentityDocument(
    org_id=ORG,
    org_name="Acme <Works>",
    edition="Enterprise Edition",
    sandbox=False,
    user_id=USER,
    username="sync@acme.example",
    display_name="Sync User",
    email="sync@acme.example",
)


def _grant(generation: int) -> documents.GrantDocument:
    host = "https://acme.my.salesforce.com"
    scopes = ("api", "refresh_token", "id")
    return documents.GrantDocument(generation, host, f"{host}/id/{ORG}/{USER}", scopes, _NOW, _NOW)


def _fields_synced() -> dict[str, Any]:
    done = documents.FieldSyncDocument(4, 4, ("sfScore",), (), {"sfRegion": "Marketo says: too many fields"})
    pairs = {"FirstName": "firstName", "Industry": "industry", "Score__c": "sfScore"}
    mapping = documents.MappingDocument({"Lead": pairs, "Contact": dict(pairs)})
    return {documents.FIELD_SYNC: done, documents.MAPPING: mapping}


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
    rows = [
        {"object": name, **dict(zip(_COLUMNS, field, strict=True))} for name in ("Lead", "Contact") for field in _FIELDS
    ]
    return documents.PreviewDocument(_NOW, msgspec.convert(rows, tuple[documents.FieldPlan, ...]))


def _sync(*, done: bool) -> dict[str, Any]:
    stamp = "2026-11-24T08:00:00.000+0000"
    run = documents.RunDocument(1, "initial", _NOW, _NOW + 93_000_000 if done else 0, stamp)
    lead = documents.ObjectSyncDocument("Lead", 1, "", stamp, "00Q1", 5000, 5000, 4980, 10, 0, 10, done=True)
    contact = documents.ObjectSyncDocument("Contact", 1, "", stamp, "0031", 4000, 1200, 1200, 0, 0, 0, done=done)
    return {documents.RUN: run, documents.OBJECT_SYNC + "Lead": lead, documents.OBJECT_SYNC + "Contact": contact}
