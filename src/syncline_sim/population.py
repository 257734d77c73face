"""What a fresh world holds: orgs with users and records on one side, fields and an API user on the other.

Law: the first records are made at once, so that a small world is whole when it begins; those of a large one are made
between other calls, and whoever asks for records before all of them are there waits until they are.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from syncline_sim.marketo import app as marketo
from syncline_sim.salesforce import orgs, record_tables, seeding
from syncline_sim.salesforce.gate import plain_path

if TYPE_CHECKING:
    from syncline_sim.world import World

#: So many records take a twentieth of a second.
_AT_ONCE = 500
_SALESFORCE = ("/services/data/", "/services/async/", "/services/Soap/")
_CONTROL = ("/records", "/page/records")
_OF_RECORDS = {"salesforce": _SALESFORCE, "control": _CONTROL}


class Population:
    """The records of one world, which are all there or on their way."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._task: asyncio.Task[None] | None = None

    def begin(self, *, leads: int, contacts: int) -> None:
        """Fill an empty world, or go on with one that ended before it was whole."""
        db, fresh = self._world.db, self._world.empty
        if fresh:
            orgs.populate(self._world)
            marketo.create(self._world)
            db.execute("INSERT INTO salesforce_seedings VALUES (?, ?)", (leads, contacts))
        row = db.execute("SELECT leads, contacts FROM salesforce_seedings").fetchone()
        if row is None:
            return
        if not fresh:
            record_tables.drop(db)
        steps, made = seeding.steps(self._world, *row), 0
        while made < _AT_ONCE:
            done = next(steps, None)
            if done is None:
                self._finish()
                return
            made += done
        self._task = asyncio.create_task(self._go_on(steps))

    async def whole(self) -> None:
        """Wait until all records are there; raises the error that keeps them from coming."""
        while (task := self._task) is not None:
            # Not the task itself: what begins anew meanwhile is waited for too.
            await asyncio.wait([task])
            if self._task is task and not task.cancelled():
                task.result()

    def guard(self, door: str) -> Middleware:
        """Answer the middleware that lets calls about records wait at a door."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            if plain_path(request).startswith(_OF_RECORDS[door]):
                await self.whole()
            return await handler(request)

        return middleware

    def give_up(self) -> "asyncio.Task[None] | None":
        """Let the records that are not there yet be, for another world or for none; answer the task that made them."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        return task

    async def stop(self) -> None:
        """Give up what is not there yet; an error of the task comes out here."""
        task = self.give_up()
        if task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _go_on(self, steps: Iterator[int]) -> None:
        for _ in steps:
            await asyncio.sleep(0)
        self._finish()

    def _finish(self) -> None:
        self._world.db.execute("DELETE FROM salesforce_seedings")
        self._task = None
