"""Forwards the log to other systems, row by row in order of position, and remembers what each has got."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from syncline.forwarding.destination import Destination
from syncline.forwarding.forwarder import Forwarder, Trouble
from syncline.forwarding.post import Post
from syncline.forwarding.syslog import Syslog
from syncline.privacy import Privacy
from syncline.store.forwarding import Standing, standing
from syncline.store.record import Outcome
from syncline.store.transaction import Store

__all__ = ["Forwarding", "State", "Trouble"]

_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class State:
    """How one destination is doing."""

    destination: Destination
    standing: Standing
    #: None while all goes well.
    trouble: Trouble | None
    #: Since the start of the service.
    delivered: int
    failures: int
    #: How long the oldest row has waited that it has not got, in seconds.
    lag: float


class Forwarding:
    """All destinations, each with a task of its own."""

    def __init__(
        self, destinations: Sequence[Destination], store: Store, privacy: Privacy, now: Callable[[], int]
    ) -> None:
        """Take where to; nothing runs yet."""
        self._store, self._now = store, now
        self._forwarders = tuple(
            Forwarder(
                destination, Syslog(destination) if destination.is_syslog else Post(destination), store, privacy, now
            )
            for destination in destinations
        )
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the destinations, in the order of the settings."""
        return tuple(forwarder.destination.name for forwarder in self._forwarders)

    def start(self, watch: Callable[[Callable[[Outcome], None]], Callable[[], None]]) -> None:
        """Begin; `watch` is how one hears of new rows."""
        self._tasks = [
            asyncio.create_task(forwarder.run(), name=f"forwarding {forwarder.destination.name}")
            for forwarder in self._forwarders
        ]
        if self._tasks:
            watch(self._hear)

    async def stop(self, grace: float) -> None:
        """Let what is there go out within `grace` seconds; what does not is sent after the next start."""
        for forwarder in self._forwarders:
            forwarder.finish()
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=grace)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def states(self) -> tuple[State, ...]:
        """Answer how every destination is doing, in the order of the settings."""
        return tuple([await self._state(forwarder) for forwarder in self._forwarders])

    async def _state(self, forwarder: Forwarder) -> State:
        found = await self._store.read(partial(standing, destination=forwarder.destination.name))
        lag = 0.0 if found.oldest_waiting is None else max(0, self._now() - found.oldest_waiting) / _SECOND
        return State(
            destination=forwarder.destination,
            standing=found,
            trouble=forwarder.trouble,
            delivered=forwarder.delivered,
            failures=forwarder.failures,
            lag=lag,
        )

    def _hear(self, _outcome: Outcome) -> None:
        for forwarder in self._forwarders:
            forwarder.wake()
