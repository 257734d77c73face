"""The worker: on time, under a lease, patient with outages, and gone within its grace."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syncline.core.effect import EFFECTS
from syncline.core.event import Actor
from syncline.effects import RUNNERS
from syncline.effects.failure import backoff
from syncline.effects.perform import perform
from syncline.effects.work import Work
from syncline.errors import RejectedError, UnavailableError, UnreachableError
from syncline.store.effects import claim, next_due
from tests.effects.world import World, build, until

PROBING = "app_registered.probing_credentials"
DOWN = UnreachableError("source.down", "it is down")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world with nothing in it."""
    made = await build(tmp_path)
    yield made
    await made.close()


async def has_state(world: World, state: str) -> bool:
    """Whether the integration is there."""
    return await world.state() == state


def test_every_effect_of_the_chart_has_a_runner() -> None:
    """The table and the names that the chart may use are the same, but for the timers."""
    assert set(RUNNERS) == {name for name, kind in EFFECTS.items() if not kind.timer}


def test_backoff_doubles_with_full_jitter_up_to_five_minutes() -> None:
    """The pause lies between nothing and the doubled one, and never under what the provider asked for."""
    for attempt, longest in ((1, 1), (2, 2), (5, 16), (30, 300)):
        pauses = [backoff(attempt, 1.0, None) for _ in range(300)]
        assert 0 <= min(pauses) < longest * 0.2
        assert longest * 0.8 < max(pauses) <= longest
    assert backoff(1, 1.0, 42.0) == 42.0
    assert backoff(1, 1.0, 10**9) == 3600.0
    assert 0 <= backoff(10**6, 1.0, None) <= 300


async def test_runs_what_an_event_asks_for(world: World) -> None:
    """From the saved credentials to the next wait for a person, without a nudge from outside."""
    await world.work()
    await world.reach_probing()
    await until(partial(has_state, world, "credentials_saved.ready"))


async def test_finds_what_was_left_before_it_started(world: World) -> None:
    """Effects that waited while no worker ran are run at the start."""
    await world.reach(PROBING)
    await world.work()
    await until(partial(has_state, world, "credentials_saved.ready"))


async def test_takes_over_from_a_dead_process(world: World) -> None:
    """An effect that was running when the process died runs again; the attempt counts."""
    await world.reach(PROBING)
    await world.claim()
    await world.work()
    await until(partial(has_state, world, "credentials_saved.ready"))
    assert (await world.effects())[0].attempts == 2


async def test_what_takes_the_process_with_it_is_buried(world: World) -> None:
    """An effect that has killed the process as often as it may be tried is not tried again."""
    world.configure(effect_attempts=1)
    await world.reach(PROBING)
    await world.claim()
    await world.work()
    await until(partial(has_state, world, "app_registered.probe_failed"))
    assert world.source.calls == []
    assert (await world.now()).context.problem == "effect.crashed"


async def test_settles_the_refresh_of_a_dead_process(world: World) -> None:
    """A refresh without a result counts as a lost reply at the start of the next process."""
    await world.reach("authorized.awaiting_confirmation")
    await world.say("grant.refresh_started", actor=Actor("effect", "in_1.0.0"), generation=1)
    await world.work()
    assert (await world.now()).context.problem == "grant.reply_lost"


async def test_a_timer_turns_into_its_event(world: World) -> None:
    """A login that nobody finishes ends by itself, and says why."""
    start = world.tools.now
    await world.reach("credentials_saved.ready")
    await world.say("login.started")
    worker = await world.work()
    object.__setattr__(world.tools, "now", lambda: start() + 601_000_000)
    worker.nudge()
    await until(partial(has_state, world, "credentials_saved.login_failed"))
    expired = (await world.log("timer.login_expired"))[0]
    assert (expired.actor.kind, expired.actor.via) == ("timer", "schedule")
    assert (await world.now()).context.problem == "login.expired"


async def test_a_timer_of_a_state_that_was_left_does_nothing(world: World) -> None:
    """Whoever comes back in time is not thrown out."""
    await world.reach("credentials_saved.ready")
    await world.login()
    assert next(e.status for e in await world.effects() if e.name == "expire_login") == "cancelled"


async def test_a_timer_that_was_ringing_when_its_state_was_left_is_stale(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody starts another login at that very moment: the state has the same name, but the timer is not its own."""
    await world.reach("credentials_saved.ready")
    await world.say("login.started")
    ringing = await world.claim()
    check = Work.check_wanted

    async def check_and_be_late(work: Work) -> None:
        await check(work)
        await world.say("login.started")

    monkeypatch.setattr(Work, "check_wanted", check_and_be_late)
    await perform(ringing)
    late = (await world.log("timer.login_expired"))[0]
    assert (late.disposition, late.to) == ("stale", "credentials_saved.awaiting_login")
    assert await world.state() == "credentials_saved.awaiting_login"
    assert (await world.effect(ringing.effect.id)).status not in {"pending", "running"}
    assert [effect.status for effect in await world.effects() if effect.name == "expire_login"].count("pending") == 1


async def test_an_outage_is_waited_out(world: World) -> None:
    """The same effect is tried until it works."""
    await world.reach(PROBING)
    world.source.fail("probe", DOWN, DOWN, DOWN)
    await world.work()
    await until(partial(has_state, world, "credentials_saved.ready"))
    assert world.source.count("probe") == 4
    assert (await world.effects())[0].attempts == 4


async def test_retry_after_is_honoured(world: World) -> None:
    """The next try is due no earlier than the provider asked."""
    await world.reach(PROBING)
    world.source.fail("probe", UnreachableError("source.busy", "later", retry_after=120))
    effect = await world.run()
    assert effect.due_at - world.tools.now() > 119_000_000
    assert effect.last_error == "source.busy: later"


async def test_gives_up_after_so_many_tries(world: World) -> None:
    """The dead letter is an event with the last error's code, and the state says what to do."""
    world.configure(effect_attempts=3)
    await world.reach(PROBING)
    world.source.fail("probe", *[DOWN] * 9)
    await world.work()
    await until(partial(has_state, world, "app_registered.probe_failed"))
    assert world.source.count("probe") == 3
    buried = (await world.log("effect.exhausted"))[0]
    assert buried.data == {"problem": "source.down", "detail": "it is down", "effect": "probe_credentials"}
    effect = (await world.effects())[0]
    assert (effect.status, effect.last_error) == ("dead", "source.down: it is down")


async def test_a_refusal_nobody_expected_is_not_repeated(world: World) -> None:
    """What has no event of its own is buried at once."""
    await world.reach("authorized.checking")
    await world.say("disconnect.requested")
    world.source.fail("revoke", RejectedError("source.no"))
    await world.run()
    assert await world.state() == "disconnected.revocation_failed"
    assert world.source.count("revoke") == 1


async def test_an_unexpected_error_is_logged_without_its_words(world: World) -> None:
    """It is tried again like an outage; its text may hold anything, so only its type and place are logged."""
    await world.reach(PROBING)
    world.source.fail("probe", ValueError("s3cr3t"))
    with capture_logs() as logs:
        effect = await world.run()
    assert (effect.status, effect.last_error) == ("pending", "effect.crashed: ValueError")
    assert any(entry["event"] == "effect.crashed" for entry in logs)
    assert "s3cr3t" not in repr(logs)


async def test_a_long_effect_keeps_its_lease(world: World) -> None:
    """Work that takes longer than a lease is not done twice."""
    world.configure(lease=0.2)
    await world.reach(PROBING)
    world.source.fail("probe", partial(asyncio.sleep, 0.7))
    await world.work()
    await until(partial(has_state, world, "credentials_saved.ready"))
    assert world.source.count("probe") == 1
    assert (await world.effects())[0].attempts == 1


async def test_work_stops_when_its_lease_is_lost(world: World) -> None:
    """Another worker holds the effect: ours is cancelled and sends nothing."""
    world.configure(lease=0.3)
    await world.reach(PROBING)
    stopped = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    world.source.fail("probe", hang)
    await world.work()
    await until(partial(world.source.reached, "probe"))
    far = world.tools.now() + 10**9
    taken = await world.store.write(partial(claim, now=far, lease="thief", lease_until=2 * far, limit=1))
    assert taken
    await asyncio.wait_for(stopped.wait(), 5)
    assert await world.state() == PROBING
    assert world.source.count("probe") == 1


async def test_stop_lets_work_finish_within_its_grace(world: World) -> None:
    """What is nearly done is done, and nothing new is begun."""
    await world.reach(PROBING)
    world.source.fail("probe", partial(asyncio.sleep, 0.2))
    worker = await world.work()
    await until(partial(world.source.reached, "probe"))
    await worker.stop(5)
    assert await world.state() == "credentials_saved.ready"


async def test_stop_gives_back_what_does_not_finish(world: World) -> None:
    """The effect is as if it had not been claimed, and the next process runs it."""
    await world.reach(PROBING)
    world.source.fail("probe", partial(asyncio.sleep, 60))
    worker = await world.work()
    await until(partial(world.source.reached, "probe"))
    begun = time.monotonic()
    await worker.stop(0.1)
    assert time.monotonic() - begun < 20  # The work itself would last for a minute.
    effect = (await world.effects())[0]
    assert (effect.status, effect.attempts) == ("pending", 0)
    await world.work()
    await until(partial(has_state, world, "credentials_saved.ready"))


async def test_stopped_twice_or_before_it_started(world: World) -> None:
    """An orderly end needs no order."""
    worker = await world.work()
    await worker.stop(0.1)
    await worker.stop(0.1)


@pytest.mark.slow
async def test_sleeps_when_nothing_is_due(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An effect that waits for another of its integration does not keep the worker busy."""
    await world.reach("syncing.initial_sync")
    world.source.records["Lead"] = [{"Id": "L1", "Stamp": "2026-01-01T00:00:01", "FirstName": "Ada", "Score__c": 1}]
    gate = asyncio.Event()
    world.target.fail("upsert", gate.wait)
    worker = await world.work()
    await until(partial(world.target.reached, "upsert"))
    await world.say("disconnect.requested")
    looks = 0
    look = worker._look

    async def counted() -> float:
        nonlocal looks
        looks += 1
        return await look()

    monkeypatch.setattr(worker, "_look", counted)
    await asyncio.sleep(0.3)
    assert looks <= 2
    gate.set()
    await until(partial(has_state, world, "disconnected.closed"))
    assert world.source.revoked == ["refresh-1", "access-1"]


async def test_survives_a_store_that_is_away(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker looks again instead of dying."""
    monkeypatch.setattr("syncline.worker._AFTER_FAILURE", 0.01)
    await world.reach(PROBING)
    read, failures = world.store.read, [UnavailableError("store.unavailable")] * 3

    async def stumble(operation: object) -> object:
        if operation is next_due and failures:
            raise failures.pop()
        return await read(operation)  # type: ignore[arg-type]

    monkeypatch.setattr(world.store, "read", stumble)
    await world.work()
    await until(partial(has_state, world, "credentials_saved.ready"))
    assert not failures


async def test_the_whole_way_to_a_running_sync(world: World) -> None:
    """With the worker running, a person's steps alone lead from the first to the last milestone."""
    world.source.records["Lead"] = [
        {"Id": f"L{n}", "Stamp": f"2026-01-01T00:00:{n:02}", "FirstName": "Ada", "Score__c": n} for n in range(30)
    ]
    await world.work()
    await world.reach_probing()
    for state, step in (
        ("credentials_saved.ready", world.login),
        ("authorized.awaiting_confirmation", world.confirm),
        ("verified.awaiting_field_sync", partial(world.say, "field_sync.requested")),
        ("fields_synced.mapping_open", partial(world.say, "sync.start_requested")),
    ):
        await until(partial(has_state, world, state))
        await step()
    await until(partial(has_state, world, "syncing.waiting"))
    assert len(world.target.people) == 30
