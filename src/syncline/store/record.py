"""The operation behind `engine.handle`: one event, all or nothing.

Law: the deduplication key, the new state, the audit row, whatever the event consumed or brought, and the effects to
run are written in the one transaction that this function is given. It makes no call that could leave the process.
"""

from collections.abc import Mapping

import msgspec

import syncline
from syncline.core import audit
from syncline.core.chart import Chart
from syncline.core.context import Context
from syncline.core.decide import ACCEPTED, Decision, Disposition, Snapshot, decide
from syncline.core.effect import due_at
from syncline.core.event import BIRTH, Event, SettledEffect, SpentAttempt
from syncline.errors import NotFoundError
from syncline.store.brought import keep, settle, spend
from syncline.store.transaction import Transaction


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of an event, as its sender may know it."""

    integration: str
    seq: int
    type: str
    disposition: Disposition
    origin: str
    to: str
    reason: str = ""
    #: The row that had the key first, when this one repeats it.
    repeats: int = 0
    #: What became of that first one.
    first: Disposition | None = None
    effects: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the event did what it was sent for, now or when it came first."""
        return self.disposition in ACCEPTED or (self.disposition == "duplicate" and self.first in ACCEPTED)


class Rules(msgspec.Struct, frozen=True):
    """What decides: the compiled chart and the delays of its timers, in seconds."""

    chart: Chart
    delays: Mapping[str, float]

    @property
    def chart_name(self) -> str:
        """The chart as a row names it."""
        return f"{self.chart.name}@{self.chart.version}#{self.chart.digest[:12]}"


class _Head(msgspec.Struct, frozen=True):
    """The integration as the transaction found it."""

    snapshot: Snapshot
    since: int
    hash: bytes


def record(tx: Transaction, event: Event, *, rules: Rules) -> Outcome:
    """Decide what an event means and write down all that follows; raises `NotFoundError` without an integration."""
    head = _find(tx, event, rules)
    digest = audit.payload_digest(event)
    if owner := tx.find_owner(integration=event.integration, key=event.key):
        return _repeat(tx, event, head, digest, owner, rules)
    decision = _decide(tx, event, head, rules)
    seq = head.snapshot.seq + 1
    state_seq = seq if decision.entered else head.snapshot.state_seq
    effects = tuple(f"{event.integration}.{seq}.{number}" for number, _ in enumerate(decision.effects))
    if decision.disposition in ACCEPTED:
        for brought in event.brings:
            keep(tx, event, brought, seq)
    if decision.entered:
        tx.cancel_left_effects(integration=event.integration, state_seq=state_seq, now=event.at)
    for effect, name in zip(effects, decision.effects, strict=True):
        tx.add_effect(
            id=effect,
            integration=event.integration,
            name=name,
            seq=seq,
            state_seq=state_seq,
            due_at=due_at(name, event.at, event.data, rules.delays),
            created_at=event.at,
        )
    _append(tx, event, head, decision, rules, digest=digest, effects=effects, state_seq=state_seq)
    return Outcome(
        event.integration,
        seq,
        event.type,
        decision.disposition,
        head.snapshot.state,
        decision.to,
        reason=decision.reason,
        effects=effects,
    )


def _find(tx: Transaction, event: Event, rules: Rules) -> _Head:
    found = tx.find_snapshot(integration=event.integration)
    if found is None:
        if event.type != BIRTH:
            raise NotFoundError("integration.unknown", "there is no such integration")
        tx.add_integration(
            id=event.integration,
            name=event.data["name"],
            state="",
            since=event.at,
            context="{}",
            chart=rules.chart_name,
        )
        return _Head(Snapshot(event.integration, "", 0, 0, Context()), event.at, audit.GENESIS)
    state, seq, state_seq, since, context, head = found
    memory = msgspec.json.decode(context, type=Context)
    return _Head(Snapshot(event.integration, state, seq, state_seq, memory), since, head)


def _decide(tx: Transaction, event: Event, head: _Head, rules: Rules) -> Decision:
    """Consume what the event consumes, then ask the chart; a lost race is a refusal, not an error."""
    snapshot = head.snapshot
    for brought in event.brings:
        if isinstance(brought, SettledEffect) and not settle(tx, event, brought):
            reason = "the lease of its effect was lost to another worker"
            return Decision("stale", snapshot.state, snapshot.context, reason=reason)
        if isinstance(brought, SpentAttempt) and not spend(tx, event, brought):
            reason = "the login attempt is unknown, expired or was used before"
            return Decision("refused", snapshot.state, snapshot.context, reason=reason)
    if event.type == BIRTH and not snapshot.seq:
        return Decision("transitioned", rules.chart.initial, snapshot.context, entered=True)
    return decide(rules.chart, snapshot, event)


def _repeat(
    tx: Transaction,
    event: Event,
    head: _Head,
    digest: bytes,
    owner: tuple[int, bytes, Disposition, str, str, str],
    rules: Rules,
) -> Outcome:
    """Answer as before and do nothing; a key that comes again with another payload is refused."""
    seq, first_digest, first, origin, target, _ = owner
    same = digest == first_digest
    decision = Decision(
        "duplicate" if same else "refused",
        head.snapshot.state,
        head.snapshot.context,
        reason="" if same else f"the key was used by seq {seq} with another payload",
    )
    _append(tx, event, head, decision, rules, digest=digest, state_seq=head.snapshot.state_seq, repeats=seq)
    return Outcome(
        event.integration,
        head.snapshot.seq + 1,
        event.type,
        decision.disposition,
        origin if same else head.snapshot.state,
        target if same else head.snapshot.state,
        reason=decision.reason,
        repeats=seq,
        first=first if same else None,
    )


def _append(
    tx: Transaction,
    event: Event,
    head: _Head,
    decision: Decision,
    rules: Rules,
    *,
    digest: bytes,
    state_seq: int,
    effects: tuple[str, ...] = (),
    repeats: int = 0,
) -> None:
    """Write the row and move the integration's head, with its version as the fence."""
    before = head.snapshot
    seq = before.seq + 1
    brought = event.brings if decision.disposition in ACCEPTED else ()
    row = audit.Row(
        integration=event.integration,
        seq=seq,
        at=event.at,
        type=event.type,
        key=event.key,
        disposition=decision.disposition,
        origin=before.state,
        to=decision.to,
        actor=event.actor,
        chart=rules.chart_name,
        software=syncline.__version__,
        data=event.data,
        brought=tuple(audit.describe(item) for item in brought),
        effects=effects,
        state_seq=state_seq,
        context=decision.context,
        reason=decision.reason,
        cause=event.cause,
        request=event.request,
        repeats=repeats,
    )
    content = audit.encode(row)
    link = audit.chain(head.hash, content)
    tx.add_audit_row(
        integration=event.integration,
        seq=seq,
        at=event.at,
        type=event.type,
        key=event.key,
        owns_key=0 if repeats else 1,
        digest=digest,
        disposition=decision.disposition,
        origin=before.state,
        target=decision.to,
        content=content,
        hash=link,
    )
    _advance(tx, head, decision, seq=seq, link=link, state_seq=state_seq, at=event.at, chart=rules.chart_name)


def _advance(
    tx: Transaction,
    head: _Head,
    decision: Decision,
    *,
    seq: int,
    link: bytes,
    state_seq: int,
    at: int,
    chart: str,
) -> None:
    before = head.snapshot
    if not decision.entered and decision.context == before.context:
        moved = tx.advance(integration=before.integration, old_seq=before.seq, seq=seq, head=link)
    else:
        moved = tx.move(
            integration=before.integration,
            old_seq=before.seq,
            seq=seq,
            head=link,
            state=decision.to,
            state_seq=state_seq,
            since=at if decision.entered else head.since,
            context=msgspec.json.encode(decision.context).decode(),
            chart=chart,
        )
    if moved != 1:
        raise RuntimeError("the integration moved under its own transaction")
