"""The way to one subscription's address: sends what is due, in order per integration, and judges how it goes.

Law: no lane waits for another. Within one, what failed is tried again before anything behind it of the same
integration; while the endpoint itself is away, one delivery at a time finds out when it is back. What was sent and not
yet written down when the service stops is sent again, under the same id.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import msgspec
import structlog

from syncline.core.subscription import GIVEN_UP_AFTER, LONGEST_SILENCE, again_at
from syncline.deliveries.caller import Called, call, message_id
from syncline.deliveries.opening import Opened
from syncline.deliveries.tools import Tools
from syncline.errors import NotFoundError, SynclineError
from syncline.store import deliveries as stored
from syncline.store.deliveries import Due, Settled, Try
from syncline.store.subscriptions import Standing, Subscription, subscription

#: Deliveries that are taken up at a time, and calls at the same time.
_BATCH, _WIDTH = 100, 4
#: An endpoint that takes longer than this gets one call at a time, in milliseconds.
_SLOW = 2_000
_SECOND = 1_000_000
_PAUSE_SECONDS = 1.0
_LONGEST_SLEEP = 60.0

_dice = random.SystemRandom()
_log = structlog.get_logger("syncline.deliveries")


class Lane:
    """Sends to one subscription until it is told to finish, or the subscription is switched off or ended."""

    def __init__(self, id_: str, tools: Tools) -> None:
        """Take whose it is; nothing runs yet."""
        #: Whether there is nothing more to send than what it has taken up, so that more may be made.
        self.hungry = True
        self._id, self._tools = id_, tools
        self._woken, self._stopping = asyncio.Event(), asyncio.Event()
        self._opened: tuple[int, Opened] | None = None
        self._results: list[Settled] = []
        self._standing = Standing(0, 0, None, None, None)
        self._writing: asyncio.Task[None] | None = None
        self._halted = self._slow = self._gone = False

    def wake(self) -> None:
        """Look now for what is due."""
        self._woken.set()

    def feed(self) -> None:
        """There is something new: look for it before more is made."""
        self.hungry = False
        self._woken.set()

    def finish(self) -> None:
        """End after the calls that are under way."""
        self._stopping.set()
        self._woken.set()

    async def run(self) -> None:
        """Send what is due, again and again."""
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                if not await self._step():
                    return
            except SynclineError as error:
                _log.warning("deliveries.stuck", subscription=self._id, code=error.code)
                await self._rest(_PAUSE_SECONDS)
            except Exception as error:  # noqa: BLE001  the next look may find what this one could not
                _log.error("deliveries.crashed", subscription=self._id, error=type(error).__name__)
                await self._rest(_PAUSE_SECONDS)

    async def _step(self) -> bool:
        """Send a batch or rest; answers whether to go on."""
        store, now = self._tools.store, self._tools.now()
        try:
            of = await store.read(partial(subscription, id=self._id))
        except NotFoundError:
            return False
        if not of.kept.enabled:
            return False
        if of.hold_until > now:
            self.hungry = False
            await self._rest((of.hold_until - now) / _SECOND)
            return True
        most = 1 if of.failures else _BATCH
        batch = await store.read(partial(stored.due, subscription=self._id, now=now, most=most))
        self.hungry = len(batch) < most
        if self.hungry:
            self._tools.look_again()
        if not batch:
            moment = await store.read(partial(stored.next_due, subscription=self._id, now=now))
            await self._rest(_LONGEST_SLEEP if moment is None else (moment - now) / _SECOND)
            return True
        await self._send(of, batch, await self._open(of))
        return await self._judge(of)

    async def _send(self, of: Subscription, batch: Sequence[Due], opened: Opened) -> None:
        """Send a batch: one after the other within an integration, some integrations at the same time."""
        streams: defaultdict[str, list[Due]] = defaultdict(list)
        for delivery in batch:
            streams[delivery.integration].append(delivery)
        self._halted = self._gone = False
        self._standing = Standing(of.failures, of.hold_until, of.failing_since, of.failed_at, None)
        places = asyncio.Semaphore(1 if self._slow else _WIDTH)

        async def follow(stream: Sequence[Due]) -> None:
            for delivery in stream:
                async with places:
                    if self._halted or self._stopping.is_set():
                        return
                    at = self._tools.now()
                    keys, name = opened.keys(of.kept, at), message_id(self._id, delivery.sequence)
                    called = await call(self._tools.destinations, opened.address, keys, name, delivery.body, now=at)
                    taken = self._take(delivery, called, at)
                if not taken:
                    return

        try:
            async with asyncio.TaskGroup() as group:
                for stream in streams.values():
                    group.create_task(follow(stream))
        finally:
            while self._writing is not None:
                await asyncio.shield(self._writing)

    def _take(self, delivery: Due, called: Called, at: int) -> bool:
        """Note what came of a call; answers whether the next of its integration may go."""
        now = self._tools.now()
        self._slow = called.milliseconds > _SLOW or called.problem == "destination.slow"
        attempt = Try(at, called.status, called.problem, called.milliseconds)
        standing = self._standing
        if called.verdict == "taken":
            self._standing = Standing(0, 0, None, None, now)
            self._write(Settled(delivery, attempt, "delivered", now, 0))
            return True
        since = standing.failing_since
        if since is None or standing.failed_at is None or now - standing.failed_at > LONGEST_SILENCE:
            since = now
        away = called.verdict == "away"
        own = delivery.failures + (not away)
        failures = standing.failures + away
        moment = again_at(
            failures=failures if away else own,
            first_at=delivery.first_at or at,
            now=now,
            asked=called.retry_after,
            dice=_dice.random(),
        )
        hold = standing.hold_until
        if away:
            self._halted = True
            hold = max(hold, moment if moment is not None else now)
        self._halted |= called.verdict == "gone"
        self._gone |= called.verdict == "gone"
        self._standing = Standing(failures, hold, since, now, standing.delivered_at)
        status: stored.Status = "dead" if moment is None else "waiting"
        # While all is held, this one is no later than the rest.
        due_at = now if away or moment is None else moment
        self._write(Settled(delivery, attempt, status, due_at, own))
        return status == "dead"

    def _write(self, result: Settled) -> None:
        """Write a result soon, together with those that come meanwhile."""
        self._results.append(result)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_on())

    async def _write_on(self) -> None:
        try:
            while self._results:
                results, self._results = self._results, []
                settle = partial(
                    stored.settle,
                    subscription=self._id,
                    results=results,
                    standing=self._standing,
                    now=self._tools.now(),
                )
                await self._tools.store.write(settle)
        except SynclineError as error:  # They go out again, under the same ids.
            self._halted = True
            _log.warning("deliveries.not_written", subscription=self._id, code=error.code)
        finally:
            self._writing = None

    async def _judge(self, of: Subscription) -> bool:
        """Switch the subscription off when its endpoint is gone, or has failed for days; answers whether to go on."""
        since = self._standing.failing_since
        if self._gone:
            reason = "destination.gone"
        elif since is not None and self._tools.now() - since >= GIVEN_UP_AFTER:
            reason = "subscription.failing"
        else:
            return True
        off = msgspec.structs.replace(of.kept, version=of.kept.version + 1, enabled=False, reason=reason)
        await self._tools.switch_off(off)
        return False

    async def _open(self, of: Subscription) -> Opened:
        """Open the address and the secrets, once for each version of the subscription."""
        if self._opened is None or self._opened[0] != of.kept.version:
            self._opened = of.kept.version, await self._tools.open(of.kept)
        return self._opened[1]

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), min(seconds, _LONGEST_SLEEP))
