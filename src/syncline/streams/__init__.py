"""Listens to the sources of all integrations that sync, so that a change is fetched in seconds.

A task of its own and no effect: an effect ends, is tried again and gets a dead letter, and while it runs no other of
its integration may; listening has no end and stands in nobody's way. But the chart decides, as everywhere: where
`changes.followed` means something somebody listens, and where it does not nobody does.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from functools import partial

import structlog

from syncline.core.rules import Rules
from syncline.effects.tools import Tools
from syncline.errors import SynclineError
from syncline.store.integrations import integrations
from syncline.store.record import Outcome
from syncline.streams.follower import Follower

_EVENT = "changes.followed"
#: Of the integrations that are found at the start, so many begin in a second.
_STARTS_PER_SECOND = 50
_PAGE = 200
_AFTER_FAILURE = 1.0
_LAST_SECONDS = 0.5

_dice = random.SystemRandom()
_log = structlog.get_logger("syncline.streams")


class Streams:
    """One follower for each integration whose state is followed."""

    def __init__(self, tools: Tools, rules: Rules) -> None:
        """Take what followers work with, and the chart; nothing runs yet."""
        self._tools, self._rules = tools, rules
        self._room = asyncio.Semaphore(tools.settings.change_streams)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._left: set[str] = set()  #: while it is found out who is followed
        self._look: asyncio.Task[None] | None = None
        self._unwatch: Callable[[], None] = _nothing

    def start(self, watch: Callable[[Callable[[Outcome], None]], Callable[[], None]]) -> None:
        """Begin, unless the operator wants none; `watch` is how one hears of states that are entered and left."""
        if self._tools.settings.follow_changes:
            self._unwatch = watch(self._hear)
            self._look = asyncio.create_task(self._find(), name="streams")

    async def stop(self, grace: float) -> None:
        """End all listening within `grace` seconds; where it stood is written down already."""
        self._unwatch()
        self._unwatch = _nothing
        for id_ in tuple(self._tasks):
            self._end(id_)
        if self._look is not None:
            self._look.cancel()
        left = self._ending | ({self._look} if self._look else set())
        for patience in (grace, _LAST_SECONDS):
            if left:
                _, left = await asyncio.wait(left, timeout=patience)
            for task in left:
                task.cancel()  # Then without a goodbye.

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids of the integrations that are listened for."""
        return iter(tuple(self._tasks))

    def _hear(self, outcome: Outcome) -> None:
        """Called after every commit."""
        if outcome.disposition != "transitioned":
            return
        wanted = (outcome.to, _EVENT) in self._rules.chart.rules
        if wanted and outcome.integration not in self._tasks:
            self._begin(outcome.integration, 0.0)
        elif not wanted:
            if self._look is not None and not self._look.done():
                self._left.add(outcome.integration)
            if outcome.integration in self._tasks:
                self._end(outcome.integration)

    def _begin(self, id_: str, longest_delay: float) -> None:
        before = [task for task in self._ending if task.get_name() == _name(id_)]
        self._tasks[id_] = asyncio.create_task(self._follow(id_, longest_delay, before), name=_name(id_))

    async def _follow(self, id_: str, longest_delay: float, before: list[asyncio.Task[None]]) -> None:
        """Follow once whoever did so before has written down how far they came."""
        if before:
            await asyncio.wait(before)
        await Follower(self._tools, id_, self._room).run(_dice.uniform(0, longest_delay))

    def _end(self, id_: str) -> None:
        task = self._tasks.pop(id_)
        task.cancel()
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _find(self) -> None:
        """Begin for every integration that is in such a state now, spread out, so that a start is no stampede."""
        while True:
            try:
                self._left.clear()
                found = await self._followed()
            except SynclineError as error:
                _log.warning("streams.cannot_look", code=error.code)
                await asyncio.sleep(_AFTER_FAILURE)
                continue
            for id_ in found:
                if id_ not in self._tasks and id_ not in self._left:
                    self._begin(id_, len(found) / _STARTS_PER_SECOND)
            return

    async def _followed(self) -> list[str]:
        found: list[str] = []
        after = ""
        while page := await self._tools.store.read(partial(integrations, after=after, limit=_PAGE)):
            found += [one.id for one in page if (one.state, _EVENT) in self._rules.chart.rules]
            after = page[-1].id
        return found


def _name(id_: str) -> str:
    return f"follow {id_}"


def _nothing() -> None:
    """Nobody is watched."""
