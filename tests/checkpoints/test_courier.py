"""Nothing that was signed is lost on its way to a place outside, wherever that stops; no place waits for another."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

import pytest

from syncline.checkpoints.courier import Courier
from syncline.core.proof import read_noted
from syncline.store.checkpoints import place_got
from syncline.store.transaction import Operation, Store
from tests.checkpoints.conftest import HandPlace, House, notes, until

T = TypeVar("T")


class Crash(BaseException):
    """The process is gone."""


class Dying:
    """A store that the process dies at, before or after something was asked of it."""

    def __init__(self, store: Store, step: int, *, after: bool) -> None:
        self._store, self._left, self._after = store, step, after

    async def write(self, operation: Operation[T]) -> T:
        """Pass on, or die."""
        return await self._step(self._store.write, operation)

    async def read(self, operation: Operation[T]) -> T:
        """Pass on, or die."""
        return await self._step(self._store.read, operation)

    async def _step(self, verb: Callable[[Operation[T]], Awaitable[T]], operation: Operation[T]) -> T:
        self._left -= 1
        if not self._left and not self._after:
            raise Crash
        answer = await verb(operation)
        if not self._left:
            raise Crash
        return answer


class Deadly(HandPlace):
    """A place that the process dies at."""

    def __init__(self, *, after: bool) -> None:
        super().__init__()
        self.after = after
        self.deadly = True

    async def put(self, lines: Sequence[bytes]) -> None:
        """Take the lines or not, then die; later it does what it should."""
        if not self.deadly or self.after:
            await super().put(lines)
        if self.deadly:
            self.deadly = False
            raise Crash


async def test_a_crash_between_any_two_steps_loses_nothing(house: House) -> None:
    """Whatever is asked of the database, in this order: which place it is, what it lacks, what it got, what else."""
    place = HandPlace()
    for step in range(1, 5):
        for after in (False, True):
            await live(house, Courier(place, Dying(house.store, step, after=after)))
    for after in (False, True):
        deadly = Deadly(after=after)
        deadly.lines = place.lines
        await live(house, Courier(deadly, house.store))
    last = Courier(place, house.store)
    await last.open()
    await _bring_all(last)
    signed = notes(await house.signed())
    assert len(signed) >= 8
    assert list(dict.fromkeys(place.notes)) == signed  # All of them, in order, some twice.
    assert len(place.notes) > len(signed)


async def live(house: House, courier: Courier) -> None:
    """Start, sign, and bring it to the place, until the process dies of it."""
    checkpoints = await house.open()

    async def go_on() -> None:
        await courier.open()
        await house.add()
        assert await checkpoints.sign()
        await _bring_all(courier)

    with pytest.raises(Crash):
        await go_on()
    await house.restart()


async def _bring_all(courier: Courier) -> None:
    while await courier.bring():
        pass


async def test_what_a_place_has_got_it_is_not_given_again(house: House) -> None:
    """Over restarts; and what was signed while there was no service to bring it comes after the next start."""
    place = HandPlace()
    for _ in range(3):
        checkpoints = await house.open(place)
        checkpoints.start()
        await house.add()
        await checkpoints.stop()
        await house.restart()
    assert place.notes == notes(await house.signed())
    assert len(place.notes) >= 3


async def test_a_place_that_is_away_delays_neither_the_signing_nor_another_place(house: House) -> None:
    """It is told apart in what the service says of itself, and gets all of it in order once it is back."""
    away, hangs, well = HandPlace("away"), HandPlace("hangs"), HandPlace("well")
    away.kind, hangs.kind = "url", "stdout"
    away.away = hangs.hangs = True
    checkpoints = await house.open(away, hangs, well)
    for courier in checkpoints.couriers:
        courier.start()
    for _ in range(5):
        await house.add()
        assert await checkpoints.sign()
    signed = notes(await house.signed())
    await until(lambda: well.notes == signed)
    await until(lambda: checkpoints.standing.places["url"][1] >= 3)
    assert away.notes == hangs.notes == []
    await until(lambda: checkpoints.standing.places["file"] == (0, 0, ""))
    assert checkpoints.standing.places["url"][0] == 5
    assert checkpoints.standing.attention == ["checkpoints do not reach url: is away"]
    away.away = False
    await until(lambda: away.notes == signed)
    await until(lambda: not checkpoints.standing.attention)


@pytest.mark.slow
async def test_a_place_that_hangs_does_not_keep_the_service_from_stopping(house: House) -> None:
    """The last checkpoint is signed all the same, and the others get it."""
    hangs, well = HandPlace("hangs"), HandPlace("well")
    hangs.hangs = True
    checkpoints = await house.open(hangs, well)
    checkpoints.start()
    await house.add()
    async with asyncio.timeout(5):
        await checkpoints.stop()
    assert well.notes == notes(await house.signed())
    assert well.notes


class Broken(HandPlace):
    """A place with a fault of the software in it, three times."""

    left = 3

    async def put(self, lines: Sequence[bytes]) -> None:
        """Take lines, once it has stopped to go wrong."""
        self.left -= 1
        if self.left >= 0:
            raise ZeroDivisionError
        await super().put(lines)


async def test_what_goes_wrong_inside_is_tried_again_too(house: House) -> None:
    """A courier never ends by itself."""
    place = Broken()
    checkpoints = await house.open(place)
    checkpoints.start()
    await until(lambda: place.notes)
    assert checkpoints.standing.places["file"][1] == 3


async def test_a_place_that_is_named_later_begins_with_the_newest(house: House) -> None:
    """It could not show what was before; what follows it gets whole."""
    checkpoints = await house.open()
    for _ in range(3):
        await house.add()
        assert await checkpoints.sign()
    await house.restart()
    place = HandPlace()
    checkpoints = await house.open(place)
    checkpoints.start()
    await until(lambda: place.notes)
    await house.add()
    await checkpoints.sign()
    await until(lambda: len(place.notes) == 2)
    assert len(await house.signed()) == 4
    assert place.notes == notes(await house.signed())[2:]


async def test_a_line_says_when_it_was_signed(house: House) -> None:
    """Microseconds, and the note as it is."""
    place = HandPlace()
    checkpoints = await house.open(place)
    signed = await checkpoints.sign()
    await _bring_all(checkpoints.couriers[0])
    noted = read_noted(place.lines[0])
    assert noted is not None
    assert signed is not None
    assert (noted.at, noted.checkpoint) == (signed.at, signed.note)
    assert await house.store.write(partial(place_got, place="hand")) == signed.number
