"""Who goes with the letters: a task that looks for what is due, and one more for each addressee who is being called.

Law: an addressee is called by one at a time, and none waits for another; what is on its way when the world ends is
given up, and remains where it is kept.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from syncline_sim.letters import Letters

if TYPE_CHECKING:
    from syncline_sim.world import World

#: The clock of the world can be moved, so that no sleep could last until the next thing is due.
_PULSE = 0.05


class Desk(Protocol):
    """Where one vendor keeps what it has to send."""

    def due(self) -> Iterable[int]:
        """Answer the numbers of the addressees for whom there is something now."""

    async def send(self, letters: Letters, addressee: int) -> bool:
        """Send the next thing, and answer whether to come again at once."""


class Errands:
    """Sends what is due until the world ends."""

    def __init__(self, world: "World", letters: Letters, *desks: Desk) -> None:
        self._world = world
        self._letters = letters
        self._desks = desks
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._go())
        self._task.add_done_callback(_complain)

    async def stop(self) -> None:
        """Give up what is on its way; an error of the task comes out here."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _go(self) -> None:
        under_way: dict[tuple[Desk, int], asyncio.Task[None]] = {}
        resets = self._world.resets
        async with asyncio.TaskGroup() as group:
            while True:
                if resets != self._world.resets:  # What is under way belongs to a world that is no more.
                    resets = self._world.resets
                    for sending in under_way.values():
                        sending.cancel()
                under_way = {one: sending for one, sending in under_way.items() if not sending.done()}
                for desk in self._desks:
                    for addressee in desk.due():
                        if (desk, addressee) not in under_way:
                            under_way[desk, addressee] = group.create_task(self._send(desk, addressee))
                await asyncio.sleep(_PULSE)

    async def _send(self, desk: Desk, addressee: int) -> None:
        while await desk.send(self._letters, addressee):
            pass


def _complain(task: asyncio.Task[None]) -> None:
    """Say at once that the task has broken down: nobody waits for it before the end of the world."""
    if not task.cancelled() and (error := task.exception()):
        context = {"message": "the simulated vendors send nothing any longer", "exception": error, "task": task}
        task.get_loop().call_exception_handler(context)
