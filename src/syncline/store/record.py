"""The operation behind `engine.handle`: one event, all or nothing.

Law: the deduplication key, the new state, the audit row, whatever the event consumed or brought, and the effects to
run are written in the one transaction that this function is given. It makes no call that could leave the process.
"""

import msgspec

import syncline
from syncline.core import audit
from syncline.core.brought import SettledEffect
from syncline.core.change import Change
from syncline.core.context import Context
from syncline.core.decide import ACCEPTED, Decision, Disposition, Snapshot, decide
from syncline.core.effect import due_at
from syncline.core.event import Event, birth_of
from syncline.core.rules import Rules
from syncline.errors import NotFoundError
from syncline.store.brought import consume, keep, settle
from syncline.store.changes import changes
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


class _Head(msgspec.Struct, frozen=True):
    """The integration as the transaction found it."""

    snapshot: Snapshot
    since: int
    hash: bytes


class _Entry(msgspec.Struct, frozen=True):
    """All that a row of the log is made of."""

    event: Event
    digest: bytes  #: of the event's payload
    head: _Head
    decision: Decision
    seq: int
    state_seq: int
    effects: tuple[str, ...] = ()
    repeats: int = 0
    bar: str = ""  #: what the store found against the event
    changed: dict[str, Change] = msgspec.field(default_factory=dict)  #: what it has replaced


def record(tx: Transaction, event: Event, *, rules: Rules) -> Outcome:
    """Decide what an event means and write down all that follows; raises `NotFoundError` without an integration."""
    head = _find(tx, event, rules)
    digest = audit.payload_digest(event)
    if event.brings and tx.find_owner(integration=event.integration, key=event.key):
        return _repeat(tx, event, head, digest, rules)  # Before anything is consumed.
    decision, bar = _decide(tx, event, head, rules)
    seq = head.snapshot.seq + 1
    entry = _Entry(
        event,
        digest,
        head,
        decision,
        seq,
        state_seq=seq if decision.entered else head.snapshot.state_seq,
        effects=tuple([f"{event.integration}.{seq}.{number}" for number in range(len(decision.effects))]),
        bar=bar,
        changed=changes(tx, event) if event.brings and decision.disposition in ACCEPTED else {},
    )
    link = _append(tx, entry, rules)
    if not link:
        return _repeat(tx, event, head, digest, rules)
    if decision.disposition in ACCEPTED:
        for brought in event.brings:
            keep(tx, event, brought, seq)
        _plan(tx, entry, rules)
    _advance(tx, entry, link, rules)
    return Outcome(
        event.integration,
        seq,
        event.type,
        decision.disposition,
        head.snapshot.state,
        decision.to,
        reason=decision.reason,
        effects=entry.effects,
    )


def _find(tx: Transaction, event: Event, rules: Rules) -> _Head:
    known: _Head | None = tx.heads.get(event.integration)
    if known is not None:
        return known
    found = tx.find_snapshot(integration=event.integration)
    if found is None:
        if event.type != birth_of(event.integration):
            raise NotFoundError("integration.unknown", "there is no such integration")
        tx.add_integration(
            id=event.integration,
            name=event.data["name"],
            state="",
            since=event.at,
            context="{}",
            chart=rules.name_of(event.integration),
        )
        return _Head(Snapshot(event.integration, "", 0, 0, Context()), event.at, audit.GENESIS)
    state, seq, state_seq, since, context, head = found
    memory = msgspec.json.decode(context, type=Context)
    return _Head(Snapshot(event.integration, state, seq, state_seq, memory), since, head)


def _decide(tx: Transaction, event: Event, head: _Head, rules: Rules) -> tuple[Decision, str]:
    """Consume what the event consumes, then ask the chart; a lost race is a refusal, not an error.

    Answers also what the store found against the event, without which nobody could decide it again from its row.
    """
    snapshot = head.snapshot
    for brought in event.brings:
        if isinstance(brought, SettledEffect) and not settle(tx, event, brought):
            reason = "the lease of its effect was lost to another worker"
            return Decision("stale", snapshot.state, snapshot.context, reason=reason), reason
        if reason := consume(tx, event, brought):
            return Decision("refused", snapshot.state, snapshot.context, reason=reason), reason
    chart = rules.chart_of(event.integration)
    if not snapshot.seq:
        return Decision("transitioned", chart.initial, snapshot.context, entered=True), ""
    return decide(chart, snapshot, event), ""


def _plan(tx: Transaction, entry: _Entry, rules: Rules) -> None:
    """Call off what belongs to a state that was left, and note the effects that the decision asks for."""
    event = entry.event
    if entry.decision.entered:
        if _closes_links(entry, rules):
            tx.end_links(integration=event.integration, now=event.at, event=event.type)
        tx.cancel_left_effects(integration=event.integration, state_seq=entry.state_seq, now=event.at)
    for effect, name in zip(entry.effects, entry.decision.effects, strict=True):
        tx.add_effect(
            id=effect,
            integration=event.integration,
            name=name,
            seq=entry.seq,
            state_seq=entry.state_seq,
            due_at=due_at(name, event.at, event.data, rules.delays),
            created_at=event.at,
            request=event.request,
        )


def _closes_links(entry: _Entry, rules: Rules) -> bool:
    """Whether the part of the set-up was left that a connect link is for; the chart says where that is."""
    origin, to = [
        (state, "link.redeemed") in rules.chart.rules for state in (entry.head.snapshot.state, entry.decision.to)
    ]
    return origin and not to


def _repeat(tx: Transaction, event: Event, head: _Head, digest: bytes, rules: Rules) -> Outcome:
    """Answer as before and do nothing; a key that comes again with another payload is refused."""
    first_seq, first_digest, first, origin, target = tx.find_owner(integration=event.integration, key=event.key)
    before = head.snapshot
    same = digest == first_digest
    reason = "" if same else f"the key was used by seq {first_seq} with another payload"
    decision = Decision("duplicate" if same else "refused", before.state, before.context, reason=reason)
    seq = before.seq + 1
    entry = _Entry(event, digest, head, decision, seq, before.state_seq, repeats=first_seq)
    _advance(tx, entry, _append(tx, entry, rules), rules)
    return Outcome(
        event.integration,
        seq,
        event.type,
        decision.disposition,
        origin if same else before.state,
        target if same else before.state,
        reason=reason,
        repeats=first_seq,
        first=first if same else None,
    )


def _append(tx: Transaction, entry: _Entry, rules: Rules) -> bytes:
    """Write the row; answers its hash, or nothing when its key belongs to an earlier row."""
    event, decision, origin = entry.event, entry.decision, entry.head.snapshot.state
    brought = event.brings if decision.disposition in ACCEPTED else ()
    content = audit.encode(
        audit.Row(
            integration=event.integration,
            seq=entry.seq,
            at=event.at,
            type=event.type,
            key=event.key,
            disposition=decision.disposition,
            origin=origin,
            to=decision.to,
            actor=event.actor,
            chart=rules.name_of(event.integration),
            software=syncline.__version__,
            data=event.data,
            brought=tuple([audit.describe(item) for item in brought]),
            effects=entry.effects,
            state_seq=entry.state_seq,
            context=decision.context,
            reason=decision.reason,
            cause=event.cause,
            request=event.request,
            repeats=entry.repeats,
            v=audit.FORMAT,
            digest=entry.digest.hex(),
            belongs=event.state_seq,
            refusal=event.refusal,
            bar=entry.bar,
            changed=entry.changed,
        )
    )
    link = audit.chain(entry.head.hash, content)
    row = {
        "integration": event.integration,
        "seq": entry.seq,
        "at": event.at,
        "type": event.type,
        "key": event.key,
        "owns_key": 0 if entry.repeats else 1,
        "digest": entry.digest,
        "disposition": decision.disposition,
        "origin": origin,
        "target": decision.to,
        "content": content,
        "hash": link,
    }
    return link if tx.tail.append(row) else b""


def _advance(tx: Transaction, entry: _Entry, link: bytes, rules: Rules) -> None:
    """Move the integration's head, with its version as the fence."""
    before, decision = entry.head.snapshot, entry.decision
    since = entry.event.at if decision.entered else entry.head.since
    if not decision.entered and decision.context == before.context:
        moved = tx.tail.advance(before.integration, old_seq=before.seq, seq=entry.seq, head=link)
    else:
        moved = tx.move(
            integration=before.integration,
            old_seq=before.seq,
            seq=entry.seq,
            head=link,
            state=decision.to,
            state_seq=entry.state_seq,
            since=since,
            context=msgspec.json.encode(decision.context).decode(),
            chart=rules.name_of(before.integration),
        )
    if not moved:
        raise RuntimeError("the integration moved under its own transaction")
    after = Snapshot(before.integration, decision.to, entry.seq, entry.state_seq, decision.context)
    tx.keep_head(before.integration, _Head(after, since, link))
