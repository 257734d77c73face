"""From the log to a subscriber: signed, numbered, in order, and nothing lost."""

import asyncio
from functools import partial

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from syncline.core.event import SERVICE
from syncline.store.log import Filter, rows
from tests.deliveries.stage import Stage, checked, until

FAILED = ("checks.failed",)


async def test_what_happens_is_told_signed_and_numbered(stage: Stage) -> None:
    """A public library takes the signature; the body says what happened, with numbers, and no more."""
    one = stage.receiver()
    id_ = await stage.subscribe(one.url, types=FAILED)
    stage.run()
    await stage.happen(times=2)
    deliveries = await stage.settled(id_, 2)
    assert [each.status for each in deliveries] == ["delivered", "delivered"]
    for call in one.calls:
        stage.verify(id_, call)
    first = one.calls[0].body
    assert {name: first[name] for name in ("type", "subscription", "sequence")} == {
        "type": "checks.failed",
        "subscription": id_,
        "sequence": 1,
    }
    assert first["data"] == {
        "integration": "in_1",
        "seq": 8,
        "event": "checks.failed",
        "from": "authorized.checking",
        "to": "authorized.checks_failed",
        "problem": "a.b",
    }
    assert [call.name for call in one.calls] == [f"msg_{id_}_1", f"msg_{id_}_2"]
    assert deliveries[0].tries[0].status == 204
    stage.secrets["another"] = stage.secrets[id_].__class__("whsec_c2VjcmV0c2VjcmV0c2VjcmV0")
    with pytest.raises(WebhookVerificationError):
        stage.verify("another", one.calls[0])


async def test_log_says_that_secrets_are_opened_before_they_sign(stage: Stage) -> None:
    """Once for all that a lane sends, and again when they have changed."""
    id_ = await stage.subscribe(stage.receiver().url, types=FAILED)
    stage.run()
    await stage.happen(times=3)
    await stage.settled(id_, 3)
    await stage.keep((await stage.find(id_)).kept, name="other")
    await stage.happen()
    await stage.settled(id_, 4)
    log = await stage.store.read(partial(rows, wanted=Filter(SERVICE), limit=100))
    lent = [each.row for each in log if each.row.type == "secret.lent"]
    assert [row.data for row in lent] == [{"to": "deliver", "subscription": id_}] * 2
    assert [text.rpartition(":")[0] for text in lent[0].brought] == [
        f"lent:subscription.{id_}.address",
        f"lent:subscription.{id_}.key.1",
    ]


async def test_subscription_is_told_of_what_comes_after_it_only(stage: Stage) -> None:
    """What was before is in the log and in the feed."""
    await stage.happen()
    id_ = await stage.subscribe(stage.receiver().url, types=FAILED)
    stage.run()
    await stage.happen()
    assert [each.sequence for each in await stage.settled(id_)] == [1]


async def test_filters_choose_types_and_an_integration(stage: Stage) -> None:
    """Numbers have no gaps whatever is left out."""
    await checked(stage.engine, "in_2")
    everything = await stage.subscribe(stage.receiver("all").url)
    mine = await stage.subscribe(stage.receiver("mine").url, integration="in_2")
    some = await stage.subscribe(stage.receiver("some").url, types=FAILED)
    stage.run()
    await stage.happen("in_1")
    await stage.happen("in_2")
    for id_ in (everything, mine, some):
        deliveries = await stage.settled(id_, 6 if id_ == everything else 3 if id_ == mine else 2)
        assert [each.sequence for each in deliveries] == list(range(1, len(deliveries) + 1))
    changed = "integration.state_changed"
    told = [each.type for each in await stage.page(mine)]
    assert told == [changed, "checks.failed", changed]
    assert [each.type for each in await stage.page(everything)] == told * 2
    assert [each.integration for each in await stage.page(some)] == ["in_1", "in_2"]


async def test_events_while_nothing_ran_are_told_after_the_start(stage: Stage) -> None:
    """The log is the outbox: what was committed is told, whenever that is."""
    one = stage.receiver()
    id_ = await stage.subscribe(one.url, types=FAILED)
    await stage.happen(times=3)
    assert await stage.page(id_) == []
    stage.run()
    assert [each.status for each in await stage.settled(id_, 3)] == ["delivered"] * 3
    assert one.seen() == [1, 2, 3]


@pytest.mark.slow
async def test_stop_loses_nothing(stage: Stage) -> None:
    """Calls under way are cut off after the grace, and made again under their ids after the next start."""
    one = stage.receiver()
    one.stuck = asyncio.Event()
    id_ = await stage.subscribe(one.url, types=FAILED)
    running = stage.run()
    await stage.happen(times=3)
    await until(lambda: one.calls)

    async def all_there() -> bool:
        return len(await stage.page(id_)) == 3

    await until(all_there)
    async with asyncio.timeout(2):
        await running.stop(0.2)
    assert [each.status for each in await stage.page(id_)] == ["waiting"] * 3
    one.stuck.set()
    stage.run()
    await stage.settled(id_, 3)
    assert one.seen() == [1, 1, 2, 3]
    assert len({call.name for call in one.calls}) == 3


async def test_crash_between_the_call_and_its_result_tells_it_twice(stage: Stage) -> None:
    """At least once: what was sent and not written down comes again, under the same id and with the same body."""
    one = stage.receiver()
    id_ = await stage.subscribe(one.url, types=FAILED)
    stage.run()
    await stage.happen()
    await stage.settled(id_)
    (stored,) = await stage.page(id_)
    assert (await stage.replay(id_, stored.sequence)).accepted
    await until(lambda: len(one.calls) == 2)
    assert one.calls[0].name == one.calls[1].name
    assert one.calls[0].raw == one.calls[1].raw


@pytest.mark.case("webhooks", 40)
async def test_order_is_kept_per_integration(stage: Stage) -> None:
    """While the messages of one integration are refused, those of others go on; then all of its come, in order."""
    await checked(stage.engine, "in_2")
    one = stage.receiver()
    one.by_integration["in_1"] = 400
    id_ = await stage.subscribe(one.url, types=FAILED)
    stage.run()
    for _ in range(3):
        await stage.happen("in_1")
        await stage.happen("in_2")
    await until(lambda: len(one.seen("in_2")) == 3)
    assert one.seen("in_2") == [2, 4, 6]
    assert set(one.seen("in_1")) == {1}  # Nothing behind it has come.
    one.by_integration.clear()
    stage.clock.pass_(60)
    await stage.happen("in_2")  # Whoever waits looks again.
    await stage.settled(id_, 7)
    assert one.seen("in_1")[-3:] == [1, 3, 5]
    assert [call.body["data"]["seq"] for call in one.calls if call.body["data"]["integration"] == "in_1"][-3:] == [
        8,
        10,
        12,
    ]


async def test_nothing_is_read_while_nobody_subscribes(stage: Stage) -> None:
    """The hot path pays for subscribers only when there are some."""
    running = stage.run()
    await until(lambda: not running._changed)
    read: list[int] = []
    outbox = running._outbox.fill

    async def counted(subscriptions: list[object]) -> tuple[set[str], float | None]:
        read.append(len(subscriptions))
        return await outbox(subscriptions)  # type: ignore[arg-type]

    running._outbox.fill = counted  # type: ignore[method-assign,assignment]
    await stage.happen(times=5)
    assert not running._woken.is_set()
    assert read == []
