"""Who goes with what the vendors send: one at a time for each addressee, and not in silence when that breaks down."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from syncline_sim.errands import Errands
from syncline_sim.letters import Letters
from syncline_sim.world import World
from tests.sim.listener import until


class Desk:
    """Has something for everybody until it is told to break."""

    def __init__(self) -> None:
        self.under_way: list[int] = []
        self.most = 0
        self.broken = False

    def due(self) -> Iterable[int]:
        """Answer two addressees, always."""
        return (1, 2)

    async def send(self, letters: Letters, addressee: int) -> bool:
        """Take a moment, and count who is being called."""
        assert letters is not None
        if self.broken:
            raise RuntimeError("the desk is broken")
        self.under_way.append(addressee)
        self.most = max(self.most, self.under_way.count(addressee))
        await asyncio.sleep(0.02)
        self.under_way.remove(addressee)
        return False


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world in which nobody is called by itself."""
    made = World(seed=1)
    yield made
    made.close()


async def test_one_at_a_time(world: World) -> None:
    """Addressees are called side by side, and none by two at once."""
    desk = Desk()
    errands = Errands(world, Letters(), desk)
    errands.start()

    async def both() -> bool:
        return sorted(desk.under_way) == [1, 2]

    await until(both)
    await errands.stop()
    assert desk.most == 1


async def test_breakdown(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """An error is told at once, and comes out at the end."""
    desk = Desk()
    errands = Errands(world, Letters(), desk)
    errands.start()
    desk.broken = True

    async def told() -> bool:
        return "send nothing any longer" in caplog.text

    await until(told)
    with pytest.raises(ExceptionGroup, match="unhandled errors"):
        await errands.stop()


async def test_never_begun(world: World) -> None:
    """What has not begun can be ended."""
    await Errands(world, Letters(), Desk()).stop()
