"""Subscriptions and deliveries as they lie in the database: judged by it, numbered without gaps, kept for a while."""

from functools import partial
from typing import Any

import msgspec
import pytest

from syncline.core.announcement import body_of
from syncline.core.event import SERVICE, SERVICE_BIRTH, Actor, Event
from syncline.core.subscription import EndedSubscription, KeptSubscription, SubscriptionChange
from syncline.engine import Engine
from syncline.errors import NotFoundError
from syncline.store import deliveries, subscriptions
from syncline.store.deliveries import NewDelivery, Settled, Try
from syncline.store.record import Outcome
from syncline.store.subscriptions import MOST, Standing, Subscription
from syncline.store.transaction import Store
from tests.store.events import walk

KEPT = KeptSubscription("sub_1", 1, "pager", "", ("checks.passed",), "https://a.example", "f", True, "", ())  # noqa: FBT003
FINE = Standing(0, 0, None, None, 5)


async def change(engine: Engine, what: SubscriptionChange, type_: str = "subscription.changed") -> Outcome:
    """Make or change a subscription, as an event of a person."""
    key = f"key:{msgspec.json.encode(what).hex()[:400]}"
    return await engine.handle(Event(SERVICE, type_, key, Actor("person", "ak"), 1, {}, brings=(what,)))


@pytest.fixture(autouse=True)
async def born(engine: Engine) -> None:
    """The service has a log."""
    await engine.handle(Event(SERVICE, SERVICE_BIRTH, "birth", Actor("service", "s"), 1, {"name": SERVICE}))


async def find(store: Store, id_: str = "sub_1") -> Subscription:
    """Answer a subscription."""
    return await store.read(partial(subscriptions.subscription, id=id_))


async def fill(store: Store, of: Subscription, *, reach: int = 1000, most: int = 100) -> list[NewDelivery]:
    """Turn what comes next in the log into deliveries."""
    through, told = await store.read(partial(deliveries.told, after=of.scanned, reach=reach, most=most))
    wanted = [each.announcement for each in told]
    new = [NewDelivery(each, n, body_of(each, of.id, n)) for n, each in enumerate(wanted, of.sequence + 1)]
    assert await store.write(partial(deliveries.add, of=of, scanned=through, new=new, now=1))
    return new


async def settle(store: Store, status: deliveries.Status, *, now: int, **due: Any) -> None:  # noqa: ANN401  a column
    """End the first delivery that is due."""
    (first, *_) = await store.read(partial(deliveries.due, subscription="sub_1", now=now, most=1))
    result = Settled(first, Try(now, 500, "a.b", 3), status, due.get("due_at", now), 1)
    write = partial(deliveries.settle, subscription="sub_1", results=[result], standing=FINE, now=now)
    await store.write(write)


async def test_a_change_has_to_follow_the_one_before(store: Store, engine: Engine) -> None:
    """Of two that meet, the second is refused; whoever made the first loses nothing."""
    assert (await change(engine, KEPT, "subscription.made")).accepted
    second = msgspec.structs.replace(KEPT, version=2, name="b")
    assert (await change(engine, second)).accepted
    late = await change(engine, msgspec.structs.replace(KEPT, version=2, name="c"))
    assert (late.disposition, late.reason) == ("refused", subscriptions.CHANGED)
    assert (await find(store)).kept == second
    assert (await change(engine, EndedSubscription("sub_1"), "subscription.ended")).accepted
    gone = await change(engine, EndedSubscription("sub_2"), "subscription.ended")
    assert gone.reason == subscriptions.UNKNOWN
    with pytest.raises(NotFoundError):
        await find(store)


async def test_there_is_an_end_to_their_number(store: Store, engine: Engine) -> None:
    """Each has a sender of its own."""
    for number in range(MOST):
        assert (await change(engine, msgspec.structs.replace(KEPT, id=f"sub_{number}"), "subscription.made")).accepted
    beyond = await change(engine, msgspec.structs.replace(KEPT, id="beyond"), "subscription.made")
    assert beyond.reason == subscriptions.TOO_MANY


async def test_a_subscription_of_nothing_is_refused(store: Store, engine: Engine) -> None:
    """An integration has to be there."""
    other = msgspec.structs.replace(KEPT, integration="in_none")
    assert (await change(engine, other, "subscription.made")).reason == subscriptions.UNKNOWN_INTEGRATION


async def test_rows_become_deliveries_once(store: Store, engine: Engine) -> None:
    """Whoever has read the log from an older place writes nothing; numbers have no gaps."""
    await change(engine, KEPT, "subscription.made")
    before = await find(store)
    await walk(engine, "syncing.waiting")
    made = await fill(store, before, most=3)
    assert len(made) == 3
    again = partial(deliveries.add, of=before, scanned=before.scanned + 1, new=made, now=1)
    assert not await store.write(again)
    await fill(store, await find(store))
    found = await find(store)
    stored = await store.read(partial(deliveries.page, subscription="sub_1", most=1000))
    assert [each.sequence for each in stored] == list(range(found.sequence, 0, -1))
    assert found.waiting == found.sequence == len(stored)
    assert [each.seq for each in reversed(stored)] == sorted(each.seq for each in stored)


async def test_what_is_put_off_keeps_its_integration_waiting(store: Store, engine: Engine) -> None:
    """And no other one; when its time has come, all of it is due, in order."""
    await change(engine, KEPT, "subscription.made")
    of = await find(store)
    await walk(engine, "credentials_saved.ready", "in_1")
    await walk(engine, "credentials_saved.ready", "in_2")
    await fill(store, of)
    await settle(store, "waiting", now=10, due_at=20)
    due = partial(deliveries.due, subscription="sub_1", most=100)
    assert {each.integration for each in await store.read(partial(due, now=11))} == {"in_2"}
    assert await store.read(partial(deliveries.next_due, subscription="sub_1", now=11)) == 20
    later = await store.read(partial(due, now=20))
    assert [each.sequence for each in later] == sorted(each.sequence for each in later)
    assert (later[0].integration, later[0].tries[0].status) == ("in_1", 500)


async def test_ended_deliveries_are_kept_for_a_while(store: Store, engine: Engine) -> None:
    """By age, by size, and with their subscription; what waits is never forgotten."""
    await change(engine, KEPT, "subscription.made")
    of = await find(store)
    await walk(engine, "syncing.waiting")
    made = await fill(store, of)
    for now in (10, 20, 30):
        await settle(store, "delivered", now=now)
    size, count = await store.read(deliveries.size)
    assert count == 3
    assert size > 3 * 200
    trim = partial(deliveries.trim, most=100)
    assert await store.write(partial(trim, before=11, beyond=0)) == 1
    assert await store.write(partial(trim, before=0, beyond=1)) == 1
    assert (await store.read(deliveries.size))[1] == 1
    left = await store.read(partial(deliveries.page, subscription="sub_1", most=1000))
    assert [each.status for each in left].count("waiting") == len(made) - 3 == (await find(store)).waiting
    assert await store.write(partial(trim, before=0, beyond=0)) == 0
    await change(engine, EndedSubscription("sub_1"), "subscription.ended")
    assert await store.write(partial(trim, before=0, beyond=0)) == len(left)


async def test_retention_waits_for_those_who_are_on(store: Store, engine: Engine) -> None:
    """A row goes when everybody was told of it; whoever is switched off is not waited for."""
    await change(engine, KEPT, "subscription.made")
    assert await store.read(lambda tx: tx.find_least_scanned()[0]) == (await find(store)).scanned == 2
    await walk(engine, "syncing.waiting")
    await fill(store, await find(store))
    assert await store.read(lambda tx: tx.find_least_scanned()[0]) == (await find(store)).scanned > 10
    await change(engine, msgspec.structs.replace(KEPT, version=2, enabled=False))
    assert await store.read(lambda tx: tx.find_least_scanned()[0]) is None
