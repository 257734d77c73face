"""A sync run may be interrupted at any moment: it goes on where it was committed, and loses nothing."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline.core.event import Event
from syncline.effects.perform import perform
from syncline.effects.sync_records import sync_records
from syncline.errors import GrantLostError, RejectedError, ThrottledError, UnavailableError, UnreachableError
from syncline.store.effects import release, release_all
from syncline.store.record import Outcome
from tests.effects.records import numbers, ready
from tests.effects.world import World, build, until

DOWN = UnreachableError("target.down", "it is down")


async def test_an_interrupted_run_goes_on_where_it_was_committed(world: World) -> None:
    """Pages that were acknowledged are not sent again; the others are."""
    world.configure(target_concurrency=1)  # the calls go in the order of the pages
    await ready(world, 60)
    world.target.fail("upsert", *[_fine] * 10, partial(_fail_after_a_page, world, DOWN))
    effect = await world.run()
    assert (effect.status, effect.last_error) == ("pending", "target.down: it is down")
    committed = (await world.documents())["sync:Lead"]["read"]
    assert 0 < committed < 60
    await world.run()
    assert await numbers(world) == (60, 60 - (again := _sent_again(world)), again, 0, 0)
    assert all(world.target.times(f"L{n:05}") == 1 for n in range(committed))


async def _fail_after_a_page(world: World, error: Exception) -> None:
    """Fail a call, but not before a page is committed, which happens beside the calls for the next pages."""

    async def committed() -> bool:
        return "sync:Lead" in await world.documents()

    await until(committed)
    raise error


def _sent_again(world: World) -> int:
    return sum(world.target.times(id_) > 1 for id_ in world.target.people)


async def test_progress_forgives_earlier_failures(world: World) -> None:
    """A long run does not die of blips that did not keep it from going on."""
    await ready(world, 200)
    world.configure(effect_attempts=2)
    for _ in range(5):
        world.target.fail("upsert", *[_fine] * 12, DOWN)
        assert (await world.run()).status == "pending"
        world.target._traps.clear()
    await world.run()
    assert await world.state() == "syncing.waiting"


async def test_an_outage_without_progress_fails_the_run(world: World) -> None:
    """After so many tries a person is told; the chart tries again by itself later."""
    world.configure(effect_attempts=2)
    await ready(world)
    world.target.fail("upsert", *[DOWN] * 50)
    await world.run()
    await world.run()
    now = await world.now()
    assert (now.state, now.context.problem) == ("syncing.sync_failed", "target.down")
    assert (await world.effects())[0].name == "wait_for_retry"


async def test_a_timer_is_never_given_up(world: World) -> None:
    """No transition leads on from a state whose timer is dead, so it rings at last, whatever was in its way."""
    world.configure(effect_attempts=2)
    await ready(world)
    await world.run()
    for _ in range(3):
        await world.claim()
        await world.store.write(release_all)  # As after a process that died with it.
    working = world.tools
    world.tools = replace(working, handle=_away)
    for _ in range(3):
        assert (await world.run()).status == "pending"
    world.tools = working
    assert (await world.run()).status == "done"
    assert await world.state() == "syncing.running_cycle"


async def _away(_event: Event) -> Outcome:
    raise UnavailableError("store.unavailable")


async def test_a_quota_pauses_the_run_and_keeps_its_place(world: World) -> None:
    """The run goes on after the wait that the provider asked for, under the same number."""
    world.configure(target_concurrency=1)  # the calls go in the order of the pages
    await ready(world, 60)
    used_up = ThrottledError("target.quota", "used up", retry_after=120)
    world.target.fail("upsert", *[_fine] * 10, partial(_fail_after_a_page, world, used_up))
    await world.run()
    assert await world.state() == "syncing.throttled"
    (timer, *_) = await world.effects()
    assert (timer.due_at - timer.created_at) == 120_000_000
    world.target._traps.clear()
    await world.say("sync.requested")
    await world.run()
    assert await world.state() == "syncing.waiting"
    assert (await world.documents())["run"]["number"] == 1
    assert all(world.target.times(f"L{n:05}") == 1 for n in range(10))


async def test_a_quota_without_a_time_waits_as_configured(world: World) -> None:
    """The setting stands in where the provider says nothing."""
    await ready(world)
    world.source.fail("now", ThrottledError("source.quota"))
    await world.run()
    (timer, *_) = await world.effects()
    assert (timer.due_at - timer.created_at) == 900_000_000


async def test_a_refusal_fails_the_run(world: World) -> None:
    """A person reads the provider's reason."""
    await ready(world)
    world.source.fail("page:Lead", RejectedError("source.field_gone", "no such field"))
    await world.run()
    assert (await world.now()).context.problem == "source.field_gone"


async def test_a_pause_stops_the_run_without_a_word(world: World) -> None:
    """What was on its way is not committed, and the run goes on after the pause from where it was."""
    await ready(world, 90)
    world.target.fail("upsert", *[_fine] * 8, partial(world.say, "pause.requested"))
    assert (await world.run()).status == "done"
    assert await world.state() == "syncing.paused"
    log = await world.log()
    paused = next(row.seq for row in log if row.type == "pause.requested")
    # Either the page found out when it was to be committed, or one of its batches before that.
    assert {row.disposition for row in log if row.seq > paused} <= {"stale"}
    await world.say("resume.requested")
    await world.run()
    assert len(world.target.people) == 90
    assert (await world.documents())["run"]["number"] == 1


async def test_a_run_that_is_over_does_not_hang_up_on_what_is_on_its_way(world: World) -> None:
    """Hanging up stops nothing at the target, and whoever sends the same people at once may make some of them twice."""
    await ready(world, 90)
    calls: list[str] = []

    async def take_long() -> None:
        calls.append("begun")
        await asyncio.sleep(0.05)
        calls.append("ended")

    # Two are on their way for sure when the pause comes, however slow the machine is; others may be.
    pause = partial(world.say, "pause.requested")
    world.target.fail("upsert", *[_fine] * 8, take_long, take_long, pause, *[take_long] * 20)
    await world.run()
    assert calls.count("begun") == calls.count("ended") > 1


async def test_a_grant_that_is_lost_ends_the_run(world: World) -> None:
    """The state says what a person has to do, and the run goes on after the login."""
    await ready(world, 60)
    world.source.fail("page:Lead", _fine, GrantLostError("source.user_inactive"))
    effect = await world.run()
    assert effect.status == "done"
    assert await world.state() == "reauthorization_required.awaiting_person"
    await world.login()
    await world.run()
    assert await world.state() == "syncing.initial_sync"
    await world.run()
    assert len(world.target.people) == 60


async def test_a_token_that_dies_during_a_run_is_renewed(world: World) -> None:
    """The run does not notice."""
    await ready(world, 60)

    async def expire() -> None:
        world.source.live_access.clear()

    world.target.fail("upsert", *[_fine] * 5, expire)
    await world.run()
    assert len(world.target.people) == 60
    assert world.source.count("refresh") == 1


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kill_at=st.lists(st.integers(1, 60), min_size=1, max_size=4), size=st.integers(1, 5))
async def test_a_crash_anywhere_loses_nothing(
    kill_at: list[int], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whenever the process dies, the next one brings every record over, and what was committed is not sent again."""
    world = await build(tmp_path_factory.mktemp("world"))
    acknowledged: dict[str, int] = {}
    try:
        world.source.page_size = size
        await ready(world, 20, 7)
        for calls in kill_at:
            work = await world.claim()
            running = asyncio.create_task(perform(work))
            await call_number(world, calls, running)
            running.cancel()
            await asyncio.wait([running])
            await world.store.write(partial(release, effect=work.effect.id, lease=work.lease))
            committed = (await world.documents()).get("sync:Lead", {}).get("read", 0)
            acknowledged |= {f"L{n:05}": world.target.times(f"L{n:05}") for n in range(committed)} | acknowledged
            if await world.state() == "syncing.waiting":
                break
        else:
            await world.run()
        assert await world.state() == "syncing.waiting"
        assert all(acknowledged.values())
        assert {id_: world.target.times(id_) for id_ in acknowledged} == acknowledged, "sent again after its commit"
        assert set(world.target.people) == {f"L{n:05}" for n in range(20)} | {f"C{n:05}" for n in range(7)}
        document = (await world.documents())["sync:Lead"]
        assert document["created"] + document["updated"] == document["read"] == 20
    finally:
        await world.close()


async def test_nothing_is_committed_under_a_lost_lease(world: World) -> None:
    """A run whose effect another worker holds now stops at its next commit."""
    await ready(world, 60)
    work = await world.claim()
    await world.store.write(partial(release, effect=work.effect.id, lease=work.lease))
    other = await world.claim()
    await perform(work)
    assert "sync:Lead" not in await world.documents()
    await sync_records(other)
    assert await world.state() == "syncing.waiting"


async def _fine() -> None:
    """Let a call pass."""


async def call_number(world: World, number: int, running: asyncio.Task[None]) -> None:
    """Let a run go on to its n-th call of either side, or to its end."""
    begun = len(world.target.calls) + len(world.source.calls)
    while not running.done():
        await asyncio.sleep(0)
        if len(world.target.calls) + len(world.source.calls) >= begun + number:
            return
