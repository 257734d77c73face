"""Sync runs: complete, in order, resumable, and nothing is sent twice without need."""

import asyncio
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline.effects.perform import perform
from syncline.effects.sync_records import sync_records
from syncline.errors import GrantLostError, RejectedError, ThrottledError, UnreachableError
from syncline.store.effects import release
from tests.effects.world import World, build

DOWN = UnreachableError("target.down", "it is down")


def record(number: int, stamp: str = "", kind: str = "L") -> dict[str, Any]:
    """A record with its own stamp, or one that was given."""
    minute, second = divmod(number, 60)
    stamp = stamp or f"2026-01-01T00:{minute:02}:{second:02}"
    return {"Id": f"{kind}{number:05}", "Stamp": stamp, "FirstName": f"Ada {number}", "Score__c": number}


async def ready(world: World, leads: int = 25, contacts: int = 0) -> None:
    """A world in which the initial sync is about to begin."""
    world.source.records["Lead"] = [record(n) for n in range(leads)]
    world.source.records["Contact"] = [record(n, kind="C") for n in range(contacts)]
    await world.reach("syncing.initial_sync")


async def cycle(world: World, clock: str) -> None:
    """Run the next cycle at a time of the source's clock."""
    world.source.clock = clock
    await world.say("sync.requested")
    await world.run()
    assert await world.state() == "syncing.waiting"


async def numbers(world: World, name: str = "Lead") -> tuple[int, int, int, int, int]:
    """What an object's document says: read, created, updated, unchanged, refused."""
    found = (await world.documents())[f"sync:{name}"]
    return found["read"], found["created"], found["updated"], found["unchanged"], found["refused"]


async def test_reads_everything_there_is(world: World) -> None:
    """The initial sync brings every record of every object to the target, with the key field."""
    await ready(world, 25, 12)
    await world.run()
    assert await world.state() == "syncing.waiting"
    assert len(world.target.people) == 37
    assert world.target.people["L00007"] == {"sourceId": "L00007", "firstName": "Ada 7", "score": 7}
    finished = (await world.log("sync.finished"))[0].data
    totals = {"created": 25, "updated": 0, "unchanged": 0, "refused": 0}
    assert finished["objects"]["Lead"] == {"object": "Lead", "read": 25, "total": 15, **totals} | {"total": 25}
    assert (await world.documents())["run"]["ended_at"] > 0


async def test_writes_side_by_side_within_bounds(world: World) -> None:
    """Several upserts are under way at once, and never more than the setting says."""
    world.configure(marketo_concurrency=3)
    await ready(world, 60)
    await world.run()
    assert world.target.most_at_once == 3


async def test_reads_ahead_of_the_writing(world: World) -> None:
    """The next page is asked for while the target still works on this one."""
    await ready(world, 25)
    gate = asyncio.Event()
    world.target.fail("upsert", gate.wait)
    running = asyncio.create_task(world.run())
    while world.source.count("page:Lead") < 3:
        await asyncio.sleep(0)
    gate.set()
    await running
    assert len(world.target.people) == 25


async def test_a_cycle_sends_only_what_changed(world: World) -> None:
    """The look-back reads records again, and those of which that stamp was sent are not sent."""
    await ready(world)
    await world.run()
    world.source.records["Lead"][3] |= {"Stamp": "2026-01-01T00:10:30", "FirstName": "Grace"}
    await cycle(world, "2026-01-01T00:11:00")
    assert world.target.people["L00003"]["firstName"] == "Grace"
    assert world.target.upserts[-1] == ("L00003",)
    assert await numbers(world) == (25, 0, 1, 24, 0)
    assert (await world.documents())["run"]["number"] == 2


async def test_an_idle_cycle_leaves_one_row_of_its_own(world: World) -> None:
    """When nothing changed nothing is sent, and the log has only the end of the run."""
    await ready(world)
    await world.run()
    before = len(world.target.upserts), len(await world.log("sync.progressed"))
    await cycle(world, "2026-01-01T00:11:00")
    assert (len(world.target.upserts), len(await world.log("sync.progressed"))) == before


async def test_a_late_commit_is_not_missed(world: World) -> None:
    """A record that appears behind the watermark, with a stamp that has passed, is read by the look-back."""
    await ready(world)
    await world.run()
    world.source.records["Lead"].append(record(99999, "2026-01-01T00:09:59"))
    await cycle(world, "2026-01-01T00:11:00")
    assert world.target.times("L99999") == 1
    await cycle(world, "2026-01-01T00:12:00")
    assert world.target.times("L99999") == 1


async def test_what_the_look_back_cannot_meet_is_forgotten(world: World) -> None:
    """The memory of what was sent does not grow for ever."""
    await ready(world)
    await world.run()
    await cycle(world, "2026-01-01T00:40:00")

    rows = await world.store.read(lambda tx: tx.list_sent_among(integration="in_1", object="Lead", ids='["L00003"]').fetchall())
    assert rows == []


async def test_refused_records_are_kept_with_their_reason_until_they_are_accepted(world: World) -> None:
    """A refused record does not stop the run; once it is mended it leaves the list."""
    world.target.refusing = {"L00004"}
    await ready(world)
    await world.run()
    assert await numbers(world) == (25, 24, 0, 0, 1)
    assert await refused(world) == [("L00004", "1003: not this one")]
    world.target.refusing = set()
    await cycle(world, "2026-01-01T00:11:00")
    assert "L00004" not in world.target.people, "the same values would be refused again"
    world.source.records["Lead"][4]["Stamp"] = "2026-01-01T00:11:30"
    await cycle(world, "2026-01-01T00:12:00")
    assert "L00004" in world.target.people
    assert await refused(world) == []


async def refused(world: World) -> list[tuple[str, str]]:
    """Read the refused records."""
    ids = '["L00004"]'
    return await world.store.read(
        lambda tx: [
            (id_, reason)
            for (id_,) in tx.list_refused_among(integration="in_1", object="Lead", ids=ids)
            for reason in ("1003: not this one",)
        ]
    )


async def test_an_interrupted_run_goes_on_where_it_was_committed(world: World) -> None:
    """Pages that were acknowledged are not sent again; the others are."""
    await ready(world, 60)
    world.target.fail("upsert", *[_fine] * 10, DOWN)
    effect = await world.run()
    assert (effect.status, effect.last_error) == ("pending", "target.down: it is down")
    committed = (await world.documents())["sync:Lead"]["read"]
    assert 0 < committed < 60
    await world.run()
    assert await numbers(world) == (60, 60 - (again := _sent_again(world)), again, 0, 0)
    assert all(world.target.times(f"L{n:05}") == 1 for n in range(committed))


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
    assert [effect.name for effect in await world.effects()][0] == "wait_for_retry"


async def test_a_quota_pauses_the_run_and_keeps_its_place(world: World) -> None:
    """The run goes on after the wait that the provider asked for, under the same number."""
    await ready(world, 60)
    world.target.fail("upsert", *[_fine] * 10, ThrottledError("target.quota", "used up", retry_after=120))
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
    assert (await world.log("sync.progressed"))[-1].disposition == "stale"
    await world.say("resume.requested")
    await world.run()
    assert len(world.target.people) == 90
    assert (await world.documents())["run"]["number"] == 1


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


async def test_two_upserts_of_one_person_wait_for_each_other(world: World) -> None:
    """A record that shows up on two pages is not sent twice at the same time (the target asserts it)."""
    world.source.page_size = 2
    twice = record(1)
    world.source.records["Lead"] = [twice, record(2), {**twice, "Stamp": "2026-01-01T00:05:00"}, record(310)]
    await world.reach("syncing.initial_sync")
    await world.run()
    assert world.target.times("L00001") == 2


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kill_at=st.lists(st.integers(1, 60), min_size=1, max_size=4), size=st.integers(1, 5))
async def test_a_crash_anywhere_loses_nothing(
    kill_at: list[int], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whenever the process dies, the next one brings every record over, and what was committed is not sent again."""
    world = await build(tmp_path_factory.mktemp("world"))
    try:
        world.source.page_size = size
        await ready(world, 20, 7)
        for calls in kill_at:
            work = await world.claim()
            running = asyncio.create_task(perform(work))
            before = len(world.target.calls) + len(world.source.calls)
            while not running.done() and len(world.target.calls) + len(world.source.calls) < before + calls:
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.wait([running])
            await world.store.write(partial(release, effect=work.effect.id, lease=work.lease))
            committed = (await world.documents()).get("sync:Lead", {}).get("read", 0)
            sent = {n: world.target.times(f"L{n:05}") for n in range(committed)}
            assert all(sent.values())
            if await world.state() == "syncing.waiting":
                break
        else:
            await world.run()
        assert await world.state() == "syncing.waiting"
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
