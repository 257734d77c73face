"""How far the log has been forwarded: remembered per destination, never taken back; and the rows that come next."""

from functools import partial

from syncline.engine import Engine
from syncline.store.forwarding import Standing, acknowledge, last_position, rows_from, standing
from syncline.store.transaction import Store
from tests.store.events import NOW, RULES, event

HERE, THERE = "https://siem.example.com/in", "syslog+tls://log.example.com:6514"


async def test_destination_that_is_new_has_everything_before_it(store: Store) -> None:
    """It begins with the first row, however old the log is."""
    engine = Engine(store, RULES)
    for number in range(3):
        await engine.handle(
            event("integration.created", integration=f"in_{number}", data={"name": "A"}, at=NOW + number)
        )
    found = await store.read(partial(standing, destination=HERE))
    assert (found.acknowledged, found.acknowledged_at, found.last, found.waiting) == (0, None, 3, 3)
    assert found.oldest_waiting == NOW


async def test_acknowledgement_is_kept_per_destination_and_never_goes_back(store: Store) -> None:
    """A late word about an earlier batch does not make rows be sent again for ever."""
    engine = Engine(store, RULES)
    for number in range(3):
        await engine.handle(
            event("integration.created", integration=f"in_{number}", data={"name": "A"}, at=NOW + number)
        )
    await store.write(partial(acknowledge, destination=HERE, position=2, now=5))
    await store.write(partial(acknowledge, destination=HERE, position=1, now=6))
    await store.write(partial(acknowledge, destination=THERE, position=3, now=7))
    here = await store.read(partial(standing, destination=HERE))
    assert (here.acknowledged, here.acknowledged_at, here.waiting, here.oldest_waiting) == (2, 5, 1, NOW + 2)
    there = await store.read(partial(standing, destination=THERE))
    assert (there.acknowledged, there.waiting, there.oldest_waiting) == (3, 0, None)


def test_rows_that_were_let_go_are_not_waited_for() -> None:
    """A destination that is new to an old log begins with the first row that is left."""
    assert Standing(0, None, 257, 300, NOW).waiting == 44
    assert Standing(280, 1, 257, 300, NOW).waiting == 20
    assert Standing(300, 1, 257, 300, None).waiting == 0
    assert Standing(0, None, 1, 0, None).waiting == 0


async def test_rows_come_in_order_and_bounded(store: Store) -> None:
    """By number and by bytes; one that is larger than the bound comes alone, and is not left out."""
    engine = Engine(store, RULES)
    for number in range(5):
        name = "x" * (5000 if number == 2 else 5)
        await engine.handle(event("integration.created", integration=f"in_{number}", data={"name": name}))
    assert await store.read(last_position) == 5

    async def positions(after: int, most: int, size: int) -> list[int]:
        return [row.position for row in await store.read(partial(rows_from, after=after, most=most, size=size))]

    assert await positions(0, 3, 10**6) == [1, 2, 3]
    assert await positions(0, 9, 3000) == [1, 2]
    assert await positions(2, 9, 3000) == [3]
    assert await positions(3, 9, 3000) == [4, 5]
    assert await positions(5, 9, 3000) == []
