"""One event, one transaction: what is written, what is answered, and that half of it never is."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from syncline.core import audit
from syncline.core.brought import Document, Erasure, SealedSecret, SettledEffect
from syncline.core.event import BIRTH, Event
from syncline.engine import Engine
from syncline.errors import NotFoundError
from syncline.store import effects, integrations, log
from syncline.store.record import record
from syncline.store.tail import Tail
from syncline.store.transaction import Store, Transaction
from tests.store.events import NOW, RULES, birth, event, picture, walk


class BreakingTransaction(Transaction):
    """Passes queries on until the one with the given number, which fails."""

    def __init__(self, inner: Transaction, fails_at: int) -> None:
        self.heads = {}
        self.tail = Tail(self)
        self._inner = inner
        self._left = fails_at

    def __getattr__(self, name: str) -> Callable[..., Any]:
        run: Callable[..., Any] = getattr(self._inner, name)

        def counted(*rows: object, **parameters: object) -> object:
            self._left -= 1
            if self._left == 0:
                raise OSError("the disk is gone")
            return run(*rows, **parameters)

        return counted


async def read_log(store: Store) -> list[audit.Row]:
    """Answer the rows of the whole log."""
    return [entry.row for entry in await store.read(partial(log.rows, wanted=log.Filter(), limit=1000))]


async def test_a_birth_starts_the_log(store: Store, engine: Engine) -> None:
    """The first event makes the integration and is its row number one."""
    outcome = await engine.handle(birth())
    assert (outcome.seq, outcome.disposition, outcome.origin, outcome.to) == (1, "transitioned", "", "unconfigured")
    found = await store.read(partial(integrations.integration, id="in_1"))
    assert (found.name, found.state, found.seq, found.state_seq) == ("The in_1", "unconfigured", 1, 1)
    assert found.chart == RULES.chart_name


async def test_an_event_for_nobody_leaves_nothing(store: Store, engine: Engine) -> None:
    """An unknown integration is an error, and no row is written for it."""
    with pytest.raises(NotFoundError) as raised:
        await engine.handle(event("app.registered", integration="in_0"))
    assert raised.value.code == "integration.unknown"
    assert await read_log(store) == []


async def test_a_transition_moves_the_state_and_starts_its_effects(store: Store, engine: Engine) -> None:
    """State, head, row and effect say the same."""
    await walk(engine, "app_registered.awaiting_credentials")
    outcome = await engine.handle(event("credentials.saved", at=NOW))
    found = await store.read(partial(integrations.integration, id="in_1"))
    (effect,) = await store.read(partial(effects.effects, integration="in_1"))
    assert (found.state, found.seq, found.state_seq) == (outcome.to, 3, 3)
    assert found.state_since == NOW
    assert (effect.name, effect.seq, effect.state_seq, effect.due_at) == ("probe_credentials", 3, 3, NOW)
    assert outcome.effects == (effect.id,) == ("in_1.3.0",)


async def test_a_timer_is_due_after_its_delay(store: Store, engine: Engine) -> None:
    """Entering a state that waits notes when the wait is over."""
    await walk(engine, "credentials_saved.ready")
    await engine.handle(event("login.started", at=NOW))
    waiting = await store.read(partial(effects.effects, integration="in_1"))
    assert [(e.name, e.due_at) for e in waiting if e.status == "pending"] == [("expire_login", NOW + 600_000_000)]


async def test_leaving_a_state_cancels_what_waits_for_it(store: Store, engine: Engine) -> None:
    """An effect that nobody has begun is called off when its state is left."""
    await walk(engine, "credentials_saved.awaiting_login")
    await engine.handle(event("login.returned"))
    rows = await store.read(partial(effects.effects, integration="in_1"))
    assert {e.name: e.status for e in rows if e.name != "probe_credentials"} == {
        "expire_login": "cancelled",
        "exchange_code": "pending",
    }


@pytest.mark.parametrize(
    ("what", "disposition"),
    [
        (event("app.registered"), "transitioned"),
        (event("account.saved"), "handled"),
        (event("app.registered", sender="hook"), "refused"),
        (event("sync.finished"), "unexpected"),
        (event("app.registered", state_seq=7), "stale"),
        (event(BIRTH, key="another", data={"name": "again"}), "unexpected"),
        (birth(), "duplicate"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.type,
)
async def test_every_event_leaves_a_row(store: Store, engine: Engine, what: Event, disposition: str) -> None:
    """Whatever becomes of an event, the log says so, and only a transition moves the state."""
    await engine.handle(birth())
    outcome = await engine.handle(what)
    last = (await read_log(store))[-1]
    assert outcome.disposition == last.disposition == disposition
    assert last.seq == 2
    found = await store.read(partial(integrations.integration, id="in_1"))
    assert (found.seq, found.state_seq) == (2, 2 if disposition == "transitioned" else 1)
    assert found.state == last.to


async def test_a_repetition_is_answered_as_the_first_and_does_nothing(store: Store, engine: Engine) -> None:
    """The same key with the same payload is a row of its own and nothing else."""
    await walk(engine, "app_registered.awaiting_credentials")
    first = await engine.handle(event("credentials.saved", key="once"))
    await engine.handle(event("credentials.rejected"))
    again = await engine.handle(event("credentials.saved", key="once"))
    assert (again.disposition, again.first, again.repeats) == ("duplicate", "transitioned", first.seq)
    assert (again.origin, again.to) == (first.origin, first.to)
    assert again.accepted
    found = await store.read(partial(integrations.integration, id="in_1"))
    assert found.state == "app_registered.credentials_rejected"
    assert len(await store.read(partial(effects.effects, integration="in_1"))) == 1


async def test_a_key_with_another_payload_is_refused(store: Store, engine: Engine) -> None:
    """A key stands for one payload for ever; the refusal is on the log."""
    await walk(engine, "unconfigured")
    first = await engine.handle(event("account.saved", key="once", data={"url": "https://a.example"}))
    other = await engine.handle(event("account.saved", key="once", data={"url": "https://b.example"}))
    assert (other.disposition, other.repeats, other.accepted) == ("refused", first.seq, False)
    assert "another payload" in other.reason
    again = await engine.handle(event("account.saved", key="once", data={"url": "https://a.example"}))
    assert again.disposition == "duplicate"


async def test_a_key_belongs_to_one_integration(store: Store, engine: Engine) -> None:
    """Two integrations may use the same key."""
    await walk(engine, "unconfigured")
    await walk(engine, "unconfigured", "in_2")
    for integration in ("in_1", "in_2"):
        outcome = await engine.handle(event("app.registered", integration=integration, key="same"))
        assert outcome.disposition == "transitioned"


async def test_a_refused_event_owns_its_key_too(store: Store, engine: Engine) -> None:
    """What was refused once stays refused under its key, also when the chart would accept it now."""
    await walk(engine, "unconfigured")
    assert (await engine.handle(event("credentials.saved", key="early"))).disposition == "unexpected"
    await engine.handle(event("app.registered"))
    again = await engine.handle(event("credentials.saved", key="early"))
    assert (again.disposition, again.first, again.accepted) == ("duplicate", "unexpected", False)


async def test_of_many_with_the_same_key_one_is_accepted(store: Store, engine: Engine) -> None:
    """Fifty at once: one transition, 49 repetitions, and a log without a gap."""
    await walk(engine, "unconfigured")
    outcomes = await asyncio.gather(*(engine.handle(event("app.registered", key="once")) for _ in range(50)))
    assert sorted(o.disposition for o in outcomes) == ["duplicate"] * 49 + ["transitioned"]
    assert [row.seq for row in await read_log(store)] == list(range(1, 52))


async def test_of_many_that_race_one_moves_the_state(store: Store, engine: Engine) -> None:
    """Fifty different clicks at once: one transition, the others find another state."""
    await walk(engine, "unconfigured")
    outcomes = await asyncio.gather(*(engine.handle(event("app.registered")) for _ in range(50)))
    assert sorted(o.disposition for o in outcomes) == ["transitioned"] + ["unexpected"] * 49
    assert sorted(o.seq for o in outcomes) == list(range(2, 52))


async def test_the_fence_holds(store: Store, engine: Engine) -> None:
    """An integration that moved under its own transaction, as only a fault could do it, is not written to."""
    await walk(engine, "unconfigured")
    before = await picture(store)

    def collide(tx: Transaction) -> None:
        class Colliding(BreakingTransaction):
            def __getattr__(self, name: str) -> Callable[..., Any]:
                if name == "move":
                    return lambda **_: 0
                run: Callable[..., Any] = getattr(tx, name)
                return run

        record(Colliding(tx, 0), event("app.registered"), rules=RULES)

    with pytest.raises(RuntimeError, match="moved under its own transaction"):
        await store.write(collide)
    assert await picture(store) == before


async def test_the_rows_are_chained(store: Store, engine: Engine) -> None:
    """Each hash is that of the hash before it and the row's bytes, from 32 zero bytes on, per integration."""
    await walk(engine, "verified.previewing_fields")
    await walk(engine, "verified.previewing_fields", "in_2")
    for integration in ("in_1", "in_2"):
        head = audit.GENESIS
        for entry in await store.read(partial(log.rows, wanted=log.Filter(integration=integration))):
            head = audit.chain(head, entry.content)
            assert entry.hash == head


async def test_what_comes_with_an_event_is_on_the_log_by_name(store: Store, engine: Engine) -> None:
    """The row names a secret by its fingerprint; neither the sealed bytes nor a document's body are in it."""
    await engine.handle(birth())
    secret = SealedSecret("client_secret", b"sealed bytes", "dk_1", "fingerprint01")
    await engine.handle(event("account.saved", secret, Document("settings", {"target_url": "https://t.example"})))
    last = (await store.read(partial(log.latest, wanted=log.Filter(), limit=1)))[0]
    assert last.row.brought[0] == "secret:client_secret:fingerprint01"
    assert last.row.brought[1].startswith("document:settings:sha256=")
    assert b"sealed bytes" not in last.content
    assert b"t.example" not in last.content


async def test_nothing_is_kept_of_what_a_refused_event_brought(store: Store, engine: Engine) -> None:
    """Secrets and documents come in with an accepted event only."""
    await engine.handle(birth())
    secret = SealedSecret("client_secret", b"sealed", "dk_1", "fingerprint01")
    refused = await engine.handle(event("account.saved", secret, Document("settings", {}), sender="hook"))
    assert refused.disposition == "refused"
    now = await picture(store)
    assert (now["secrets"], now["documents"]) == ({}, {})


async def test_half_an_event_is_never_written(store: Store, engine: Engine) -> None:
    """Whichever statement of the richest event fails, the store stands as before; without a failure all is there."""
    await walk(engine, "credentials_saved.exchanging_code")
    (claimed,) = await store.write(partial(effects.claim, now=NOW * 2, lease="mine", lease_until=NOW * 3, limit=9))
    what = event(
        "code.exchanged",
        SealedSecret("access_token", b"sealed", "dk_1", "f1"),
        SealedSecret("refresh_token", b"sealed", "dk_1", "f2"),
        Document("grant", {"generation": 1}),
        Erasure(("code", "verifier")),
        SettledEffect(claimed.id, "mine"),
        data={"org_id": "00D1", "user_id": "0051"},
    )
    before = await picture(store)
    for number in range(1, 100):

        def fail(tx: Transaction, number: int = number) -> object:
            return record(BreakingTransaction(tx, number), what, rules=RULES)

        try:
            await store.write(fail)
        except OSError:
            assert await picture(store) == before, f"after a failure of statement {number}"
        else:
            break
    assert number > 9
    assert await picture(store) != before


async def test_several_events_can_share_an_operation(store: Store, engine: Engine) -> None:
    """Two events in one operation are both written, or neither."""
    await engine.handle(birth())

    def both(tx: Transaction) -> None:
        record(tx, event("app.registered"), rules=RULES)
        record(tx, event("credentials.saved"), rules=RULES)

    await store.write(both)
    assert [row.to for row in await read_log(store)][-1] == "app_registered.probing_credentials"


async def test_what_a_sender_says_cannot_spoil_the_memory(store: Store, engine: Engine) -> None:
    """Values of any kind where texts are expected leave an integration that can still be read and moved."""
    await walk(engine, "syncing.waiting")
    await engine.handle(event("pause.requested", data={"problem": 5, "detail": ["a"], "org_id": None}))
    outcome = await engine.handle(event("resume.requested"))
    assert outcome.disposition == "transitioned"
