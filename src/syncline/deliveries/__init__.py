"""Tells subscribers what happens: from the log to deliveries, from there to each address by a lane of its own."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import structlog

from syncline.config import Settings
from syncline.core.event import SERVICE, Actor
from syncline.core.subscription import KeptSubscription
from syncline.deliveries.lane import Lane
from syncline.deliveries.opening import open_subscription
from syncline.deliveries.outbox import Outbox
from syncline.deliveries.tools import Tools
from syncline.destinations import Destinations
from syncline.errors import SynclineError
from syncline.service_log import ServiceLog
from syncline.store import deliveries as stored
from syncline.store.record import Outcome
from syncline.store.subscriptions import subscriptions
from syncline.store.transaction import Store
from syncline.vault import Vault

_ACTOR = Actor("service", "deliveries")
_SECOND, _DAY, _MEGABYTE = 1_000_000, 86_400_000_000, 1_000_000
#: Nothing is looked after less often than this, though everything new is told of.
_LONGEST_SLEEP = 30.0
#: For more rows to come that can be read together.
_LINGER = 0.02
_TRIM_SECONDS = 300.0
#: What is forgotten in one transaction.
_PIECE = 1_000

_log = structlog.get_logger("syncline.deliveries")


class Deliveries:
    """The outbox and all lanes."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        service_log: ServiceLog,
        destinations: Destinations,
        settings: Settings,
        now: Callable[[], int],
    ) -> None:
        """Take what it works with; nothing runs yet."""
        self._store, self._service_log, self._settings, self._now = store, service_log, settings, now
        self._woken, self._stopping = asyncio.Event(), asyncio.Event()
        self._tools = Tools(
            store,
            destinations,
            now,
            self._woken.set,
            partial(open_subscription, store, vault, service_log, to="deliver"),
            self._switch_off,
        )
        self._outbox = Outbox(store, now)
        self._lanes: dict[str, tuple[Lane, asyncio.Task[None]]] = {}
        self._changed = True
        self._task: asyncio.Task[None] | None = None
        self._trim_at = 0
        self._unwatch: Callable[[], None] = _nothing

    def start(self, watch: Callable[[Callable[[Outcome], None]], Callable[[], None]]) -> None:
        """Begin; `watch` is how one hears of new rows."""
        self._unwatch = watch(self._hear)
        self._task = asyncio.create_task(self._run(), name="deliveries")

    async def stop(self, grace: float) -> None:
        """Let the calls that are under way end within `grace` seconds; the others are made after the next start."""
        self._unwatch()
        self._unwatch = _nothing
        self._stopping.set()
        self._woken.set()
        for lane, _ in self._lanes.values():
            lane.finish()
        tasks = {task for _, task in self._lanes.values()} | ({self._task} if self._task else set())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=grace)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    def _hear(self, outcome: Outcome) -> None:
        """Called after every commit: where nobody subscribes, it costs a comparison."""
        if outcome.integration == SERVICE:
            if outcome.type.startswith(("subscription.", "deliveries.")):
                self._changed = True
                self._woken.set()
        elif self._lanes and outcome.disposition == "transitioned":
            self._woken.set()

    async def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                again = await self._step()
            except SynclineError as error:
                _log.warning("deliveries.stuck", code=error.code)
                again = None
            except Exception as error:  # noqa: BLE001  the next look may find what this one could not
                _log.error("deliveries.crashed", error=type(error).__name__)
                again = None
            if again != 0.0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), _LONGEST_SLEEP if again is None else again)
                await asyncio.sleep(_LINGER)

    async def _step(self) -> float | None:
        """Look after the lanes, read on in the log; answers after how many seconds there is more to do."""
        changed, self._changed = self._changed, False
        known = await self._store.read(subscriptions)
        for id_ in [id_ for id_, (_, task) in self._lanes.items() if task.done()]:
            del self._lanes[id_]
        for each in known:
            if each.kept.enabled and each.id not in self._lanes and not self._stopping.is_set():
                lane = Lane(each.id, self._tools)
                task = asyncio.create_task(lane.run(), name=f"lane {each.id}")
                task.add_done_callback(self._look_again)
                self._lanes[each.id] = lane, task
        self._outbox.forget(known)
        hungry = [each for each in known if each.id in self._lanes and self._lanes[each.id][0].hungry]
        fed, again = await self._outbox.fill(hungry)
        for id_, (lane, _) in self._lanes.items():
            if id_ in fed:
                lane.feed()
            elif changed:
                lane.wake()
        if self._now() >= self._trim_at:
            self._trim_at = self._now() + int(_TRIM_SECONDS * _SECOND)
            await self._trim()
        return again

    def _look_again(self, _ended: asyncio.Task[None]) -> None:
        """A lane ends when its subscription is switched off; it may have been switched on again meanwhile."""
        self._woken.set()

    async def _trim(self) -> None:
        """Forget what has ended long ago, and the oldest of what takes too much room."""
        before = self._now() - int(self._settings.deliveries_days * _DAY)
        most = self._settings.deliveries_megabytes * _MEGABYTE
        size, count = await self._store.read(stored.size)
        beyond = int(count * (1 - most / size)) + 1 if size > most else 0
        while await self._store.write(partial(stored.trim, before=before, beyond=beyond, most=_PIECE)):
            beyond = max(0, beyond - _PIECE)
            await asyncio.sleep(0)

    async def _switch_off(self, off: KeptSubscription) -> None:
        """Say on the log that a subscription is switched off, and why; what a person did meanwhile stands."""
        data = {"subscription": off.id, "integration": off.integration, "origin": off.origin, "problem": off.reason}
        await self._service_log.note("subscription.disabled", data, off, actor=_ACTOR)


def _nothing() -> None:
    """Nobody is watched."""
