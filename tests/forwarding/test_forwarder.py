"""The way of rows out of the log: in order, none passed over, each destination for itself, known after a restart."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from syncline.engine import Engine
from syncline.errors import RejectedError, SynclineError, UnavailableError, UnreachableError
from syncline.forwarding import Forwarding, forwarder
from syncline.forwarding.carrier import BatchRefusedError
from syncline.forwarding.destination import read_destinations
from syncline.forwarding.forwarder import Forwarder
from syncline.forwarding.message import Message
from syncline.key_ring import KeyFile
from syncline.privacy import Privacy
from syncline.store.forwarding import standing
from syncline.store.sqlite import open_store
from syncline.store.transaction import Operation, Store
from syncline.vault import Vault
from tests.store.events import NOW, RULES, event

T = TypeVar("T")
DOWN = UnreachableError("forwarding.unreachable", "down")
SECONDS = 10.0


@dataclass
class Hand:
    """A carrier that a test holds: it keeps what it is given, or fails as it is told to."""

    doubtful: bool = False
    got: list[int] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    fails: list[SynclineError | None] = field(default_factory=list)
    #: The position of a row with which no batch is taken.
    bad: int = 0
    closed: int = 0

    async def deliver(self, batch: Sequence[Message]) -> None:
        """Keep a batch."""
        error = self.fails.pop(0) if self.fails else None
        if error is not None:
            raise error
        if self.bad in [message.position for message in batch]:
            raise BatchRefusedError("forwarding.refused", "answered 422")
        self.batches.append(len(batch))
        self.got += [message.position for message in batch]

    async def close(self) -> None:
        """Be let go of."""
        self.closed += 1


class House:
    """A store with rows in it, and forwarders out of it."""

    def __init__(self, store: Store, folder: Path) -> None:
        """Begin with no row."""
        self.store = store
        self.engine = Engine(store, RULES)
        self.privacy = Privacy(store, Vault(KeyFile(folder).read()))
        self._count = 0

    async def happen(self, count: int) -> None:
        """Add rows."""
        for _ in range(count):
            self._count += 1
            await self.engine.handle(
                event("integration.created", integration=f"in_{self._count}", data={"name": "A"}, at=NOW)
            )

    def forwarder(self, carrier: Hand, name: str = "siem", store: Store | None = None) -> Forwarder:
        """One way out."""
        (destination,) = read_destinations([f"https://siem.example.com/{name}#name={name}&pause=0"])
        return Forwarder(destination, carrier, store or self.store, self.privacy, lambda: NOW)

    async def acknowledged(self, name: str = "siem") -> int:
        """How far a destination has got, as the database says."""
        return (await self.store.read(partial(standing, destination=name))).acknowledged


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A house with nothing in it."""
    store = await open_store(tmp_path / "test.sqlite3")
    yield House(store, tmp_path)
    await store.close()


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a destination asks for is waited for, nothing else."""

    def asked_only(_attempt: int, _first: float, asked: float | None) -> float:
        return asked or 0.0

    monkeypatch.setattr(forwarder, "backoff", asked_only)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(SECONDS):
        while not await condition():  # noqa: ASYNC110  it looks at what has no event to wait for
            await asyncio.sleep(0.005)


async def drain(made: Forwarder) -> None:
    """Let it send all that is there, and end."""
    made.finish()
    await asyncio.wait_for(made.run(), SECONDS)


async def test_rows_go_in_order_and_what_has_arrived_is_remembered(house: House) -> None:
    """A second life goes on where the first ended; nothing is sent twice that was acknowledged."""
    await house.happen(7)
    first, second = Hand(), Hand()
    await drain(house.forwarder(first))
    assert first.got == [1, 2, 3, 4, 5, 6, 7]
    assert first.closed == 1
    await house.happen(2)
    await drain(house.forwarder(second))
    assert second.got == [8, 9]
    assert await house.acknowledged() == 9


async def test_new_rows_follow_when_it_is_told_of_them(house: House) -> None:
    """Without being asked for."""
    hand = Hand()
    made = house.forwarder(hand)
    running = asyncio.create_task(made.run())
    for count in (1, 2, 5):
        await house.happen(count)
        made.wake()

        async def arrived(count: int = house._count) -> bool:
            return hand.got == list(range(1, count + 1))

        await until(arrived)
    made.finish()
    await asyncio.wait_for(running, SECONDS)


async def test_what_was_not_acknowledged_is_offered_again_and_nothing_overtakes_it(house: House) -> None:
    """An outage and a refusal alike: a row is passed over by nothing."""
    await house.happen(3)
    hand = Hand(fails=[DOWN, RejectedError("forwarding.refused", "answered 401"), DOWN])
    made = house.forwarder(hand)
    running = asyncio.create_task(made.run())

    async def over() -> bool:
        return hand.got == [1, 2, 3] and made.trouble is None

    await until(over)
    assert made.failures == 3
    made.finish()
    await asyncio.wait_for(running, SECONDS)


async def test_trouble_is_told_while_it_lasts(house: House) -> None:
    """What stands in the way, since when, how often it was tried, and when it is tried again."""
    await house.happen(1)
    hand = Hand(fails=[UnreachableError("forwarding.unreachable", "answered 503", retry_after=3000.0)])
    made = house.forwarder(hand)
    running = asyncio.create_task(made.run())

    async def stuck() -> bool:
        return made.trouble is not None and made.trouble.again_at > 0

    await until(stuck)
    assert made.trouble is not None
    assert (made.trouble.code, made.trouble.text) == ("forwarding.unreachable", "answered 503")
    assert (made.trouble.since, made.trouble.attempts, made.trouble.again_at) == (NOW, 1, NOW + 3000 * 10**6)
    made.finish()  # It does not wait for somebody who is away.
    await asyncio.wait_for(running, SECONDS)
    assert await house.acknowledged() == 0


async def test_batch_that_is_too_large_is_halved_until_it_fits(house: House) -> None:
    """A row that does not fit alone stays the next one; it is not left out."""
    await house.happen(10)
    too_large = BatchRefusedError("forwarding.refused", "answered 413")
    hand = Hand(fails=[too_large, too_large, None])
    await drain(house.forwarder(hand))
    assert hand.got == list(range(1, 11))
    assert hand.batches == [2, 3, 4, 1]
    await house.happen(2)
    stuck = Hand(fails=[too_large] * 9)
    made = house.forwarder(stuck)
    made.finish()
    await asyncio.wait_for(made.run(), SECONDS)
    assert stuck.got == []
    assert made.trouble is not None
    assert await house.acknowledged() == 10


@pytest.mark.parametrize("bad", [1, 7, 10])
async def test_row_that_is_refused_is_found_and_named(house: House, bad: int) -> None:
    """All before it are delivered, none behind it; once it is taken they follow, in order."""
    await house.happen(10)
    hand = Hand(bad=bad)
    made = house.forwarder(hand)
    running = asyncio.create_task(made.run())

    async def stuck() -> bool:
        return made.trouble is not None

    await until(stuck)
    assert made.trouble is not None
    assert made.trouble.text == f"answered 422 to row 1 of in_{bad} (position {bad})"
    assert hand.got == list(range(1, bad))
    assert await house.acknowledged() == bad - 1
    hand.bad = 0

    async def over() -> bool:
        return await house.acknowledged() == 10 and made.trouble is None

    await until(over)
    assert hand.got == list(range(1, 11))
    made.finish()
    await asyncio.wait_for(running, SECONDS)


async def test_last_batch_goes_again_where_nobody_acknowledges(house: House) -> None:
    """A receiver of syslog may have died with what it had read: with the next failure the last batch is sent again."""
    hand = Hand(doubtful=True)
    made = house.forwarder(hand)
    await house.happen(2)
    running = asyncio.create_task(made.run())

    async def first() -> bool:
        return hand.got == [1, 2]

    await until(first)
    hand.fails = [DOWN, DOWN]
    await house.happen(1)
    made.wake()

    async def again() -> bool:
        return hand.got[2:] == [1, 2, 3]

    await until(again)
    made.finish()
    await asyncio.wait_for(running, SECONDS)
    assert await house.acknowledged() == 3


class Moody:
    """A store that cannot be written to or read from at times."""

    def __init__(self, store: Store) -> None:
        """Be content at first."""
        self._store = store
        self.fails = 0

    async def write(self, operation: Operation[T]) -> T:
        """Write, unless it fails."""
        return await self._store.write(operation)

    async def read(self, operation: Operation[T]) -> T:
        """Read, unless it fails."""
        if self.fails:
            self.fails -= 1
            raise UnavailableError("store.unavailable", "locked")
        return await self._store.read(operation)


async def test_store_that_is_away_is_outlived(house: House) -> None:
    """The task does not end with an error that passes."""
    await house.happen(2)
    moody, hand = Moody(house.store), Hand()
    moody.fails = 3
    made = house.forwarder(hand, store=moody)
    running = asyncio.create_task(made.run())

    async def over() -> bool:
        return hand.got == [1, 2]

    await until(over)
    made.finish()
    await asyncio.wait_for(running, SECONDS)


async def test_destinations_do_not_wait_for_each_other(house: House) -> None:
    """One that hangs and one that is down hold up neither the third nor the end of the service."""
    await house.happen(3)
    texts = [
        "https://siem.example.com/in#name=hangs",
        "syslog+tcp://localhost:9#name=away",
        "http://localhost/#name=ok",
    ]
    forwarding = Forwarding(read_destinations(texts), house.store, house.privacy, lambda: NOW + 5_000_000)
    hangs, away, ok = forwarding._forwarders
    good = Hand()

    class Hanging(Hand):
        async def deliver(self, _batch: Sequence[Message], /) -> None:
            await asyncio.Event().wait()

    hanging = Hanging()
    for made, carrier in ((hangs, hanging), (away, Hand(fails=[DOWN] * 10**6)), (ok, good)):
        made._carrier = carrier
    forwarding.start(house.engine.watch)
    await house.happen(2)

    async def arrived() -> bool:
        return ok.delivered == 5

    await until(arrived)
    assert good.got == [1, 2, 3, 4, 5]
    states = {state.destination.name: state for state in await forwarding.states()}
    assert (states["ok"].standing.waiting, states["ok"].lag, states["ok"].delivered) == (0, 0.0, 5)
    assert (states["hangs"].standing.waiting, states["hangs"].lag) == (5, 5.0)
    assert states["away"].failures > 0
    await asyncio.wait_for(forwarding.stop(0.1), SECONDS)
    assert hanging.closed == 1
