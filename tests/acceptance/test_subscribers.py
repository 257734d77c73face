"""Subscribers of a real service: killed again and again it tells everything, in order, and it stops in time."""

import asyncio
import random
import time
from collections import defaultdict

import pytest
from standardwebhooks.webhooks import Webhook

from tests.acceptance.syncs import until
from tests.acceptance.world import World
from tests.deliveries.receivers import Call, Receiver, receiving

_ROUNDS, _EACH = 6, 5
_LONGEST_STOP = 10


async def subscribed(world: World, origin: str, receiver: Receiver) -> tuple[str, Webhook]:
    """Start the service anew so that it may call an endpoint, and subscribe that; answers the id and who verifies."""
    await world.stop()
    await world.start(allow_destinations=origin)
    made = await world.api("POST", "/api/subscriptions", {"name": "killed", "url": f"{origin}/one"})
    assert made["test"]["answered"]
    receiver.calls.clear()
    return made["id"], Webhook(made["secret"])


async def live(world: World, number: int) -> str:
    """Let an integration begin and end; answers its id."""
    id_: str = await world.create(f"Number {number}")
    await world.send(id_, "app.registered")
    await world.send(id_, "disconnect.requested")
    return id_


async def all_told(world: World, subscription: str, integrations: list[str]) -> bool:
    """Whether every integration has ended and nothing waits to be told."""
    states = [(await world.api("GET", f"/api/integrations/{id_}"))["state"] for id_ in integrations]
    if set(states) != {"disconnected.closed"}:
        return False
    found = await world.api("GET", f"/api/subscriptions/{subscription}")
    return bool(found["waiting"] == 0 and found["sequence"] >= len(integrations) * 5)


def first_of_each(calls: list[Call]) -> dict[int, Call]:
    """Answer the messages by their numbers, each as it came first; a repetition has to be the same, byte by byte."""
    firsts: dict[int, Call] = {}
    for call in calls:
        first = firsts.setdefault(call.body["sequence"], call)
        assert (first.name, first.raw) == (call.name, call.raw)
    return firsts


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_kills_lose_no_message_and_keep_the_order(world: World) -> None:
    """Numbers without a gap, states that follow one another, and a last message after the secrets are erased."""
    dice = random.Random(7)  # noqa: S311  only when to kill
    async with receiving() as (origin, receivers):
        one = receivers["one"]
        id_, library = await subscribed(world, origin, one)
        integrations: list[str] = []
        for number in range(_ROUNDS):
            integrations += [await live(world, number * _EACH + each) for each in range(_EACH)]
            await asyncio.sleep(dice.uniform(0, 0.3))  # Somewhere between the commit and the last message.
            await world.kill()
            await world.start()

        async def told() -> bool:
            return await all_told(world, id_, integrations)

        await until(told, "not everything was told", deadline=120)
    firsts = first_of_each(one.calls)
    assert sorted(firsts) == list(range(1, len(firsts) + 1))
    states: dict[str, list[tuple[str, str]]] = defaultdict(list)
    seqs: dict[str, list[int]] = defaultdict(list)
    for call in firsts.values():  # In the order in which they came first.
        facts = call.body["data"]
        seqs[facts["integration"]].append(facts["seq"])
        if call.body["type"] == "integration.state_changed":
            states[facts["integration"]].append((facts.get("from", ""), facts["to"]))
    assert set(states) == set(integrations)
    for integration in integrations:
        assert seqs[integration] == sorted(seqs[integration])
        moves = states[integration]
        assert moves[0][0] == ""
        assert moves[-1][1] == "disconnected.closed"
        assert [after for after, _ in moves[1:]] == [before for _, before in moves[:-1]]
    last = one.calls[-1]
    library.verify(last.raw, last.headers)


@pytest.mark.slow
async def test_stop_in_mid_delivery_is_orderly_and_the_message_comes_again(world: World) -> None:
    """An endpoint that does not answer does not hold the stop; what it may not have got is sent under the same id."""
    async with receiving() as (origin, receivers):
        one = receivers["one"]
        id_, _ = await subscribed(world, origin, one)
        one.stuck = asyncio.Event()
        integration = await world.create("Stuck")

        async def called() -> bool:
            return bool(one.calls)

        await until(called, "nobody was called")
        begun = time.monotonic()
        assert await world.stop() == 0
        assert time.monotonic() - begun < _LONGEST_STOP
        one.stuck.set()
        one.stuck = None
        await world.start()

        async def told() -> bool:
            found = await world.api("GET", f"/api/subscriptions/{id_}")
            return bool(found["sequence"] == 1 and found["waiting"] == 0)

        await until(told, "it was not told again")
    assert [call.name for call in one.calls] == [f"msg_{id_}_1"] * 2
    assert {call.body["data"]["integration"] for call in one.calls} == {integration}
