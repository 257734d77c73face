"""The log decided again: every disposition comes out as it was recorded, and a changed row shows."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec
import pytest

from syncline.core import audit
from syncline.core.audit import Row
from syncline.core.brought import SettledEffect
from syncline.core.context import Context
from syncline.engine import Engine
from syncline.store import effects
from syncline.store.charts import charts, keep_charts
from syncline.store.replay import Replayed, replay_log, replay_rows
from syncline.store.transaction import Store, Transaction
from tests.store.events import NOW, RULES, event, walk

CHARTS = {one.reference: one for one in RULES.all}


async def rows(store: Store) -> list[Row]:
    """Answer the whole log."""

    def read(tx: Transaction) -> list[Row]:
        return [audit.decode(content) for (content,) in tx.scan_contents(after=0)]

    return await store.read(read)


async def live(engine: Engine, store: Store) -> None:
    """Bring about every disposition, and each fact that decides besides the chart."""
    await walk(engine, "syncing.waiting")
    again = event("pause.requested", key="twice", data={"a": 1})
    await engine.handle(again)
    await engine.handle(again)
    await engine.handle(msgspec.structs.replace(again, data={"a": 2}))
    await engine.handle(event("app.registered"))
    await engine.handle(event("sync.requested", sender="timer"))
    await engine.handle(msgspec.structs.replace(event("resume.requested"), refusal="the page is too old"))
    await engine.handle(event("resume.requested", state_seq=1))
    await engine.handle(event("resume.requested"))
    await engine.handle(event("timer.cycle_due"))
    (taken,) = await store.write(partial(effects.claim, now=2**60, lease="mine", lease_until=2**61, limit=1))
    await engine.handle(event("sync.progressed", SettledEffect(taken.id, "mine", done=False, lease_until=2**61)))
    await engine.handle(event("sync.finished", SettledEffect(taken.id, "another's")))
    await engine.handle(event("sync.finished", SettledEffect(taken.id, "mine"), state_seq=taken.state_seq))
    await engine.handle(event("grant.lost", data={"generation": 7}))
    await engine.handle(event("grant.lost", data={"generation": 1}))


async def test_every_decision_comes_out_again(engine: Engine, store: Store) -> None:
    """With the walk, a repetition, a reused key, refusals of door and guard, a timer of the past, a lost lease."""
    await live(engine, store)
    seen = {row.disposition for row in await rows(store)}
    assert seen == {"transitioned", "handled", "refused", "unexpected", "duplicate", "stale"}
    report = await store.read(partial(replay_log, charts=CHARTS))
    assert report == Replayed(len(await rows(store)), 0)
    assert (await store.read(partial(replay_log, charts=CHARTS, integration="in_1"))) == report


CHANGES: dict[str, dict[str, Any]] = {
    "disposition": {"disposition": "handled"},
    "to": {"to": "syncing.paused"},
    "reason": {"reason": "because"},
    "context": {"context": Context(generation=9)},
    "state_seq": {"state_seq": 1},
    "effects": {"effects": ("in_1.9.0", "in_1.9.1")},
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_row_that_says_otherwise_is_named(engine: Engine, store: Store, name: str) -> None:
    """The first one of its integration, and in what it differs."""
    await live(engine, store)
    log = await rows(store)
    changed = next(number for number, row in enumerate(log) if row.type == "checks.passed")
    log[changed] = msgspec.structs.replace(log[changed], **CHANGES[name])

    def owner(_integration: str, key: str) -> tuple[int, str] | None:
        return next(((row.seq, row.digest) for row in log if row.key == key and not row.repeats), None)

    report = replay_rows(map(audit.encode, log), CHARTS, owner)
    (difference,) = report.differences
    assert (difference.integration, difference.seq) == ("in_1", log[changed].seq)
    assert f"{name} is " in difference.what


async def test_rows_that_say_too_little_are_counted(engine: Engine, store: Store) -> None:
    """Rows of format 1 lack what the door and the store had against an event; they are passed over, not guessed."""
    await live(engine, store)

    def old() -> Iterator[bytes]:
        for row in log:
            yield audit.encode(msgspec.structs.replace(row, v=1, digest="", belongs=None, refusal="", bar=""))

    log = await rows(store)
    report = replay_rows(old(), CHARTS, lambda _integration, _key: None)
    assert (report.rows, report.passed_over, report.same) == (len(log), len(log), True)


async def test_a_chart_that_is_not_at_hand_is_a_difference(engine: Engine, store: Store) -> None:
    """Nothing is decided by another chart than that of the row's time."""
    await walk(engine, "app_registered.awaiting_credentials")
    report = await store.read(partial(replay_log, charts={}))
    assert not report.same
    assert "is not at hand" in report.differences[0].what


async def test_charts_are_kept_once(store: Store) -> None:
    """By the name that rows give them; a start with the same charts adds nothing."""
    for moment in (NOW, NOW + 1):
        await store.write(partial(keep_charts, charts=RULES.all, now=moment))
    assert await store.read(charts) == {one.reference: one.content for one in RULES.all}
