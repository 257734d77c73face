"""The status of an integration: why it is in its state, what blocks it, what can be done next, what it waits for."""

from functools import partial
from typing import Any

import msgspec

from syncline.core import documents
from syncline.core.audit import Row
from syncline.core.context import Context
from syncline.core.effect import EFFECTS
from syncline.core.event import EVENTS, Actor
from syncline.core.guide import explain
from syncline.errors import NotFoundError
from syncline.store import access, effects, integrations, log, records, secrets
from syncline.store.effects import EffectRow
from syncline.store.integrations import Integration
from syncline.store.transaction import Transaction
from syncline.web.asked import ListAsked
from syncline.web.changes import changes_view
from syncline.web.models import (
    ActorView,
    Blocker,
    HookView,
    Next,
    RefusedRecord,
    SecretView,
    SourceView,
    Status,
    Step,
    Summaries,
    Summary,
    TargetView,
    Waiting,
    Why,
)
from syncline.web.problems import address_of
from syncline.web.site import Site

_REFUSED_SHOWN = 20


class Found(msgspec.Struct, frozen=True):
    """All that is stored of an integration and can be seen, read in one transaction."""

    integration: Integration
    documents: dict[str, Any]
    secrets: tuple[secrets.SealedRow, ...]
    effects: tuple[EffectRow, ...]
    cause: Row | None
    refused: tuple[records.RefusedRow, ...]
    keys: dict[str, str]


async def status(site: Site, integration: str) -> Status:
    """Answer the status of an integration, read at one moment; raises `NotFoundError`."""
    return view(site, await revealed(site, await site.store.read(partial(find, id=integration))))


async def revealed(site: Site, found: Found) -> Found:
    """Open what is sealed in the memory and in the row that caused the state: texts of providers may name a person."""
    now, cause = await site.privacy.reveal((found.integration, found.cause))
    return msgspec.structs.replace(found, integration=now, cause=cause)


async def summaries(site: Site, asked: ListAsked, *, only: tuple[str, ...]) -> Summaries:
    """List the integrations that are asked for, one page; `only` are those that the key is for, none for all."""
    rows = await site.store.read(
        partial(
            integrations.integrations,
            after=asked.after,
            limit=asked.limit + 1,
            state=asked.state,
            search=asked.search,
            only=only,
        )
    )
    shown = rows[: asked.limit]
    return Summaries(
        items=tuple(summary(site, row) for row in shown), next=shown[-1].id if len(rows) > len(shown) else None
    )


def find(tx: Transaction, *, id: str) -> Found:  # noqa: A002  the word of the house for it
    """Read what a status is made of; raises `NotFoundError`."""
    found = integrations.integration(tx, id=id)
    try:
        cause = log.row(tx, integration=id, seq=found.state_seq).row
    except NotFoundError:
        cause = None
    return Found(
        found,
        integrations.documents(tx, integration=id),
        tuple(secrets.sealed(tx, integration=id).values()),
        tuple(effects.effects(tx, integration=id)),
        cause,
        tuple(records.refused(tx, integration=id, limit=_REFUSED_SHOWN)),
        {key.id: key.name for key in access.keys(tx)},
    )


def view(site: Site, found: Found) -> Status:
    """Put what was read into words."""
    now = found.integration
    words = explain(now.state)
    of = found.documents.get
    return Status(
        id=now.id,
        name=now.name,
        state=now.state,
        title=site.title(words.title),
        milestone=now.milestone,
        since=now.state_since,
        seq=now.seq,
        created_at=now.created_at,
        why=_why(site, found),
        summary=site.title(words.summary),
        blocked_by=blocker(site, now.context),
        next=possible(site, now.state),
        waiting_for=tuple(_waiting(site, row) for row in found.effects if row.status in {"pending", "running"}),
        source=_source(site, now.state, found.documents),
        target=TargetView(title=site.providers.target.title, url=of(documents.SETTINGS, {}).get("target_url", "")),
        checks=_checks(site, of(documents.CHECKS)),
        preview=of(documents.PREVIEW),
        field_sync=of(documents.FIELD_SYNC),
        mapping=of(documents.MAPPING),
        run=of(documents.RUN),
        changes=changes_view(site, now.state, found.documents),
        objects=_objects(site, found.documents),
        refused_records=tuple(RefusedRecord(**msgspec.structs.asdict(row)) for row in found.refused),
        secrets=tuple(SecretView(field=s.field, fingerprint=s.fingerprint, at=s.at) for s in found.secrets),
        hook=HookView(url=hook_url(site, now.id)),
    )


def summary(site: Site, integration: Integration) -> Summary:
    """Answer an integration as a list shows it."""
    words = explain(integration.state)
    return Summary(
        id=integration.id,
        name=integration.name,
        state=integration.state,
        title=site.title(words.title),
        milestone=integration.milestone,
        since=integration.state_since,
        seq=integration.seq,
        problem=integration.context.problem,
        next_event=words.primary,
        created_at=integration.created_at,
    )


def possible(site: Site, state: str) -> tuple[Next, ...]:
    """List the events that mean something in a state, people's first, the primary one before all.

    Not the service's own housekeeping, which nobody waits for or can bring about, nor what becomes of connect links
    and of the secrets of hooks, nor the opening of a secret for what is done with it.
    """
    chart = site.engine.rules.chart
    primary = explain(state).primary
    events = [
        Next(
            event=name,
            title=site.title(EVENTS[name].title),
            by=tuple(sorted(EVENTS[name].senders)),
            primary=name == primary,
        )
        for name in chart.possible(state)
        if EVENTS[name].senders != {"service"}
        and not name.startswith(("link.", "hook.", "secret."))
        and any(not step.refused_by for step in chart.rules[state, name].steps.values())
    ]
    return tuple(sorted(events, key=lambda event: (not event.primary, "person" not in event.by)))


def blocker(site: Site, context: Context) -> Blocker | None:
    """Answer what blocks an integration, from the catalogue and the detail of this occurrence."""
    if not context.problem:
        return None
    entry = site.catalogue.get(context.problem) or site.catalogue["service.unexpected"]
    return Blocker(
        code=context.problem,
        meaning=entry.meaning,
        cause=entry.cause,
        remedy=entry.remedy,
        fixer=entry.fixer,
        retryable=entry.retryable,
        detail=context.detail,
        url=address_of(site, entry),
    )


def actor_view(site: Site, actor: Actor, keys: dict[str, str]) -> ActorView:
    """Answer an actor as a person would name them."""
    match actor.kind:
        case "person":
            title = keys.get(actor.id, actor.id)
        case "link":
            title = f"Connect link {actor.id}"
        case "source":
            title = site.providers.source.title
        case "target":
            title = site.providers.target.title
        case "effect" | "timer":
            title = "Syncline"
        case _:
            title = actor.kind
    return ActorView(kind=actor.kind, id=actor.id, via=actor.via, address=actor.address, title=title)


def hook_url(site: Site, integration: str) -> str:
    """Answer where an integration's signed events are sent to."""
    return f"{site.public_url}/hooks/{integration}/events"


def _why(site: Site, found: Found) -> Why | None:
    row = found.cause
    if row is None:
        return None
    kind = EVENTS.get(row.type)
    return Why(
        seq=row.seq,
        type=row.type,
        title=site.title(kind.title) if kind else row.type,
        actor=actor_view(site, row.actor, found.keys),
        at=row.at,
        disposition=row.disposition,
    )


def _waiting(site: Site, row: EffectRow) -> Waiting:
    kind = EFFECTS.get(row.name)
    return Waiting(
        effect=row.name,
        title=site.title(kind.title) if kind else row.name,
        status="running" if row.status == "running" else "pending",
        attempts=row.attempts,
        due_at=row.due_at,
        last_error=row.last_error,
    )


def _source(site: Site, state: str, stored: dict[str, Any]) -> SourceView:
    source = site.providers.source
    wanted = (state, "credentials.saved") in site.engine.rules.chart.rules or not stored.get(documents.GRANT)
    guide = source.app_guide(site.redirect_uri) if wanted else {}
    return SourceView(
        title=source.title,
        login_host=stored.get(documents.SETTINGS, {}).get("login_host", ""),
        redirect_uri=site.redirect_uri,
        scopes=source.scopes,
        identity=stored.get(documents.IDENTITY),
        grant=stored.get(documents.GRANT),
        objects=source.objects,
        app_guide={
            kind: tuple(Step(title=step.title, text=step.text, values=step.values) for step in steps)
            for kind, steps in guide.items()
        },
    )


def _checks(site: Site, stored: dict[str, Any] | None) -> dict[str, Any] | None:
    """Answer the last run of the checks, each result with what to do about it, and who can."""
    if stored is None:
        return None
    results = []
    for result in stored["results"]:
        entry = site.catalogue.get(result["problem"])
        mend = (entry.remedy, entry.fixer) if entry else ("", "")
        results.append({**result, "remedy": mend[0], "fixer": mend[1]})
    return {**stored, "results": results}


def _objects(site: Site, stored: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    names = (documents.OBJECT_SYNC + name for name in site.providers.source.objects)
    return tuple(stored[name] for name in names if name in stored)
