"""The worker: claims effects that are due and runs each as a task, outside any transaction.

Law: an effect is worked on only under a lease. The lease is kept alive while the work goes on, and the work stops
when the lease is lost. Nothing here knows what an effect does.
"""

import asyncio
import secrets
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import structlog

from syncline.core.event import Actor
from syncline.effects.perform import perform
from syncline.effects.session import settle_left_over
from syncline.effects.tools import Tools
from syncline.effects.work import Work
from syncline.engine import Engine
from syncline.errors import SynclineError
from syncline.store.effects import EffectRow, claim, extend, next_due, release, release_all
from syncline.store.integrations import refreshing
from syncline.store.record import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

_SECOND = 1_000_000
#: Nothing is due for longer than this without a look, in case the clock is set.
_LONGEST_SLEEP = 60.0
_AFTER_FAILURE = 1.0
#: What a cancelled effect may take to write down how far it came.
_FAREWELL_SECONDS = 1.5

_log = structlog.get_logger()


class Worker:
    """Runs what the chart asked for."""

    def __init__(self, tools: Tools, engine: Engine) -> None:
        """Take what effects need; the engine only to hear of new ones."""
        self._tools = tools
        self._engine = engine
        self._woken = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._held: dict[str, Work] = {}
        self._loop: asyncio.Task[None] | None = None
        self._stopping = False
        self._unwatch: Callable[[], None] | None = None

    async def start(self, *, request: str = "") -> None:
        """Take back what a dead process held, settle the refreshes it left open, and begin."""
        await self._tools.store.write(release_all)
        for integration in await self._tools.store.read(refreshing):
            await settle_left_over(self._tools, integration, Actor("service", "worker"), request=request)
        self._unwatch = self._engine.watch(self._hear)
        self._loop = asyncio.create_task(self._serve(), name="worker")

    def nudge(self) -> None:
        """Look now whether something is due."""
        self._woken.set()

    async def stop(self, grace: float) -> None:
        """Claim nothing more, let what runs finish within `grace` seconds, give back the rest."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self._loop is not None:
            # Not cancelled: what it is just claiming must be known to be given back.
            self._stopping = True
            self.nudge()
            await self._loop
            self._loop = None
        if self._running:
            await asyncio.wait(self._running.values(), timeout=grace)
        left = dict(self._held)
        await _end(list(self._running.values()))
        for work in left.values():
            await self._tools.store.write(partial(release, effect=work.effect.id, lease=work.lease))

    def _hear(self, outcome: Outcome) -> None:
        if outcome.effects:
            self.nudge()

    async def _serve(self) -> None:
        while not self._stopping:
            self._woken.clear()
            try:
                pause = await self._look()
            except Exception as error:  # noqa: BLE001  the store may be away for a while; the worker outlives that
                _log.warning("worker.cannot_look", error=type(error).__name__)
                pause = _AFTER_FAILURE
            if pause > 0 and not self._stopping:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), pause)

    async def _look(self) -> float:
        """Claim and begin what is due; answers how long to sleep, in seconds."""
        free = self._tools.settings.concurrency - len(self._running)
        if free <= 0:
            return _LONGEST_SLEEP  # The end of one that runs is a nudge.
        due, now = await self._tools.store.read(next_due), self._tools.now()
        if due is None:
            return _LONGEST_SLEEP
        if due > now:
            return min((due - now) / _SECOND, _LONGEST_SLEEP)
        lease, until = secrets.token_hex(8), now + self._lease
        claimed = await self._tools.store.write(partial(claim, now=now, lease=lease, lease_until=until, limit=free))
        for effect in claimed:
            await self._begin(effect, lease)
        return 0 if claimed else _AFTER_FAILURE

    @property
    def _lease(self) -> int:
        return int(self._tools.settings.lease * _SECOND)

    async def _begin(self, effect: EffectRow, lease: str) -> None:
        """Start the task; one of ours that still works on the same effect under an older lease is ended first."""
        if effect.id in self._running:
            await _end([self._running[effect.id]])
        task = asyncio.create_task(self._hold(Work(self._tools, effect, lease)), name=f"effect {effect.id}")
        self._running[effect.id] = task
        self._held[effect.id] = Work(self._tools, effect, lease)
        task.add_done_callback(partial(self._ended, effect.id))

    def _ended(self, effect: str, task: asyncio.Task[None]) -> None:
        if self._running.get(effect) is task:
            del self._running[effect], self._held[effect]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("effect.unsettled", effect=effect, error=type(error).__name__)
        self.nudge()

    async def _hold(self, work: Work) -> None:
        """Do the work and keep its lease alive meanwhile."""
        task = asyncio.create_task(perform(work))
        beat = asyncio.create_task(self._beat(work, task))
        try:
            await task
        except asyncio.CancelledError:
            await _end([task])
            raise
        finally:
            await _end([beat])

    async def _beat(self, work: Work, task: asyncio.Task[None]) -> None:
        """Extend the lease; when that fails because it is another's, or because its time ran out, stop the work."""
        alive_until = self._tools.now() + self._lease
        while True:
            await asyncio.sleep(self._tools.settings.lease / 3)
            until = self._tools.now() + self._lease
            try:
                kept = await self._tools.store.write(
                    partial(extend, effect=work.effect.id, lease=work.lease, lease_until=until)
                )
            except SynclineError:
                kept = self._tools.now() < alive_until
            else:
                alive_until = until
            if not kept and not task.done():
                _log.warning("effect.lease_lost", effect=work.effect.id, name=work.effect.name)
                task.cancel()
                return


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait for them, but not for ever."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_FAREWELL_SECONDS)
