"""What becomes of deliveries that fail: pauses, dead letters, an endpoint that is switched off, and the way back."""

import asyncio
import statistics
import time

import msgspec
import pytest

from syncline import credentials
from syncline.core.event import SERVICE
from syncline.core.subscription import GIVEN_UP_AFTER, RETRIED_FOR, Key, again_at
from syncline.deliveries.caller import judge, new_secret
from syncline.store.subscriptions import Subscription
from tests.deliveries.stage import PERSON, Stage, until

FAILED = ("checks.failed",)
_SECOND, _HOUR = 1_000_000, 3600 * 1_000_000


async def failing(stage: Stage, *answers: int | tuple[int, dict[str, str]]) -> str:
    """Subscribe with an endpoint that answers so, let something happen, and wait for the first call."""
    one = stage.receiver()
    one.answers = list(answers)
    id_ = await stage.subscribe(one.url, types=FAILED)
    stage.run()
    await stage.happen()
    await tried(stage, id_, 1)
    return id_


async def tried(stage: Stage, id_: str, times: int) -> None:
    """Wait until a delivery has so many tries, written down."""

    async def enough() -> bool:
        return any(len(each.tries) >= times for each in await stage.page(id_))

    await until(enough)


async def pass_until_tried(stage: Stage, id_: str, times: int) -> Subscription:
    """Let time pass to when it is tried next, and wait for that; answers the subscription."""
    found = await stage.find(id_)
    due = max([found.hold_until, *(each.due_at for each in await stage.page(id_, "waiting"))])
    stage.clock.ahead += max(0, due - stage.clock())
    stage.wake()
    await tried(stage, id_, times)
    return await stage.find(id_)


@pytest.mark.case("webhooks", 36)
def test_pauses_double_with_jitter_and_end_after_three_days() -> None:
    """From seconds to six hours, each times a half to one and a half; the last try is at the end of the time."""
    now = first = 10**15
    pauses: list[float] = []
    failures = 0
    while True:
        failures += 1
        moment = again_at(failures=failures, first_at=first, now=now, asked=None, dice=0.5)
        if moment is None:
            break
        pauses.append((moment - now) / _SECOND)
        now = moment
    assert now == first + RETRIED_FOR
    assert pauses[:5] == [5, 10, 20, 40, 80]
    assert max(pauses) == 6 * 3600
    assert 15 < failures < 40
    for dice in (0.0, 0.999):
        moment = again_at(failures=4, first_at=first, now=first, asked=None, dice=dice)
        assert moment is not None
        assert 20 <= (moment - first) / _SECOND <= 60


@pytest.mark.case("webhooks", 36)
async def test_endpoints_that_fail_together_are_not_called_together_again(stage: Stage) -> None:
    """A hundred subscribers of one broken server come back spread over the pause."""
    names = [f"r{number}" for number in range(30)]
    ids = []
    for name in names:
        receiver = stage.receiver(name)
        receiver.answers = [503]
        ids.append(await stage.subscribe(receiver.url, types=FAILED))
    stage.run()
    await stage.happen()
    for id_ in ids:
        await tried(stage, id_, 1)
    found = [await stage.find(id_) for id_ in ids]
    pauses = [(each.hold_until - (each.failed_at or 0)) / _SECOND / 2 ** (each.failures - 1) for each in found]
    assert all(2.4 < pause <= 7.5 for pause in pauses)
    assert statistics.pstdev(pauses) > 0.5


@pytest.mark.case("webhooks", 35)
@pytest.mark.parametrize("status", [429, 503, 500])
async def test_retry_after_is_honoured(stage: Stage, status: int) -> None:
    """The endpoint is left alone for as long as it asks, and so is all else that goes there."""
    id_ = await failing(stage, (status, {"Retry-After": "3600"}), 204)
    found = await stage.find(id_)
    assert 3590 * _SECOND < found.hold_until - stage.clock() <= 3600 * _SECOND
    await stage.happen()
    stage.clock.pass_(3500)
    stage.wake()
    assert len((await stage.page(id_))[0].tries) == 1
    stage.clock.pass_(101)
    stage.wake()
    assert [each.status for each in await stage.settled(id_, 2)] == ["delivered", "delivered"]
    assert stage.receiver().seen() == [1, 1, 2]


@pytest.mark.case("webhooks", 35)
async def test_nobody_puts_us_off_for_longer_than_a_day(stage: Stage) -> None:
    """A number without end is no way to end a subscription."""
    id_ = await failing(stage, (429, {"Retry-After": "99999999999"}))
    assert (await stage.find(id_)).hold_until - stage.clock() <= 24 * _HOUR


@pytest.mark.case("webhooks", 35)
async def test_gone_switches_the_subscription_off_at_once(stage: Stage) -> None:
    """410 asks never to be called again; the log says so, what waits is kept."""
    id_ = await failing(stage, 410)
    await until(lambda: stage.running[0]._lanes == {})
    found = await stage.find(id_)
    assert (found.kept.enabled, found.kept.reason, found.waiting) == (False, "destination.gone", 1)
    await stage.happen()
    stage.clock.pass_(86_400)
    stage.wake()
    await asyncio.sleep(0.1)  # Time in which it would be called, if it were.
    assert len(stage.receiver().calls) == 1
    stage.receiver().answers = [204]
    await stage.keep(found.kept, enabled=True, reason="")
    assert [each.status for each in await stage.settled(id_, 2)] == ["delivered", "delivered"]


@pytest.mark.parametrize(
    ("status", "told_to_wait", "expected"),
    [
        (200, False, ("taken", "")),
        (299, False, ("taken", "")),
        (301, False, ("refused", "destination.redirect")),
        (400, False, ("refused", "destination.refused")),
        (400, True, ("away", "destination.refused")),
        (410, True, ("gone", "destination.gone")),
        (429, False, ("away", "destination.refused")),
        (500, False, ("refused", "destination.refused")),
        (502, False, ("away", "destination.refused")),
        (199, False, ("refused", "destination.refused")),
    ],
)
def test_what_a_status_means(status: int, told_to_wait: bool, expected: tuple[str, str]) -> None:  # noqa: FBT001
    """Taken, refused by itself, or nobody there to take anything."""
    assert judge(status, told_to_wait=told_to_wait) == expected


@pytest.mark.case("webhooks", 37)
async def test_dead_letter_after_three_days_and_a_replay_that_keeps_its_id(stage: Stage) -> None:
    """What is refused for so long is given up, lets the next one go, and can be sent again under its own id."""
    id_ = await failing(stage, 400)
    await stage.happen()
    one = stage.receiver()
    times = 1
    while (await stage.page(id_))[0].status == "waiting":
        times += 1
        await pass_until_tried(stage, id_, times)
    first = (await stage.page(id_))[0]
    assert first.status == "dead"
    assert first.tries[-1].at - first.tries[0].at >= RETRIED_FOR
    assert {each.problem for each in first.tries} == {"destination.refused"}
    one.answers = [204]
    stage.clock.pass_(60)
    stage.wake()
    await stage.settled(id_, 2)
    assert (await stage.find(id_)).kept.enabled
    before = len(one.calls)
    assert (await stage.replay(id_, 1)).accepted
    await until(lambda: len(one.calls) == before + 1)
    assert (one.calls[-1].name, one.calls[-1].raw) == (one.calls[0].name, one.calls[0].raw)
    stage.verify(id_, one.calls[-1])
    assert (await stage.settled(id_))[0].status == "delivered"
    assert (await stage.replay(id_, 77)).disposition == "refused"


@pytest.mark.case("webhooks", 37)
async def test_endpoint_that_fails_for_five_days_is_switched_off_and_goes_on_where_it_was(stage: Stage) -> None:
    """With a row of the log that says why; switched on again, nothing that waited is missing."""
    id_ = await failing(stage, 503)
    one = stage.receiver()
    begun = stage.clock()
    while (await stage.find(id_)).kept.enabled:
        found = await stage.find(id_)
        stage.clock.ahead += max(0, found.hold_until - stage.clock()) + 1
        before = len(one.calls)
        if not [each for each in await stage.page(id_) if each.status == "waiting"]:
            await stage.happen()
        stage.wake()
        await until(lambda before=before: len(one.calls) > before)  # type: ignore[misc]
        await until(lambda: stage.running[0]._lanes == {} or not _busy(stage))
    assert stage.clock() - begun >= GIVEN_UP_AFTER
    found = await stage.find(id_)
    assert (found.kept.reason, found.failing_since is not None) == ("subscription.failing", False)
    one.answers = [204]
    await stage.keep(found.kept, enabled=True, reason="")
    await stage.happen()
    deliveries = await stage.settled(id_, found.sequence + 1)
    assert deliveries[-1].status == "delivered"
    assert [each.sequence for each in deliveries] == list(range(1, len(deliveries) + 1))


def _busy(stage: Stage) -> bool:
    """Whether a lane has results that are not written down."""
    return any(lane._writing is not None or lane._results for lane, _ in stage.running[0]._lanes.values())


async def test_endpoint_that_is_back_gets_everything_in_order(stage: Stage) -> None:
    """One delivery finds out; then all of them go."""
    id_ = await failing(stage, 503, 204)
    await stage.happen(times=20)
    assert (await stage.find(id_)).failures == 1
    await pass_until_tried(stage, id_, 2)
    assert {each.status for each in await stage.settled(id_, 21)} == {"delivered"}
    assert stage.receiver().seen() == [1, *range(1, 22)]
    found = await stage.find(id_)
    assert (found.failures, found.failing_since, found.waiting) == (0, None, 0)


@pytest.mark.case("webhooks", 38)
async def test_two_signatures_while_a_secret_rotates(stage: Stage) -> None:
    """A receiver with the old secret and one with the new one both take it; after the overlap only the new one."""
    one = stage.receiver()
    id_ = await stage.subscribe(one.url, types=FAILED)
    found = await stage.find(id_)
    safe = await credentials.open_safe(stage.store, stage.vault, SERVICE)
    stage.secrets["new"] = new_secret()
    sealed = safe.seal(f"subscription.{id_}.key.2", stage.secrets["new"])
    former = Key(found.kept.keys[0].field, found.kept.keys[0].fingerprint, stage.clock() + _HOUR)
    after = msgspec.structs.replace(found.kept, version=2, keys=(Key(sealed.field, sealed.fingerprint), former))
    assert (await stage.service_log.note("subscription.rotated", {}, sealed, after)).disposition == "refused"
    assert (await stage.service_log.note("subscription.rotated", {}, sealed, after, actor=PERSON)).accepted
    stage.run()
    await stage.happen()
    await stage.settled(id_)
    assert len(one.calls[0].headers["webhook-signature"].split(" ")) == 2
    stage.verify(id_, one.calls[0])
    stage.verify("new", one.calls[0])
    stage.clock.pass_(3601)
    await stage.happen()
    await until(lambda: len(one.calls) == 2)
    assert len(one.calls[1].headers["webhook-signature"].split(" ")) == 1


@pytest.mark.slow
@pytest.mark.case("webhooks", 39)
async def test_dead_endpoint_does_not_delay_the_others(stage: Stage) -> None:
    """Twenty that never answer and twenty that refuse, beside one that is quick: it is told as if it were alone."""
    free = asyncio.Event()
    for number in range(20):
        stuck = stage.receiver(f"stuck{number}")
        stuck.stuck = free
        await stage.subscribe(stuck.url, types=FAILED)
        refusing = stage.receiver(f"refusing{number}")
        refusing.answers = [500]
        await stage.subscribe(refusing.url, types=FAILED)
    quick = stage.receiver("quick")
    id_ = await stage.subscribe(quick.url, types=FAILED)
    stage.run()
    begun = time.monotonic()
    await stage.happen(times=50)
    await stage.settled(id_, 50)
    assert quick.seen() == list(range(1, 51))
    assert time.monotonic() - begun < 5  # A call to one that is stuck takes five seconds.
    free.set()  # Or the stage would wait for them when it closes.
