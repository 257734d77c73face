"""The one door through which an integration changes.

Law: everything that changes an integration is an event, and every event comes through `Engine.handle`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import cast

from syncline.core.event import Event
from syncline.core.rules import Rules
from syncline.store.record import Outcome, record
from syncline.store.transaction import Store

Watcher = Callable[[Outcome], None]


class Engine:
    """Decides and records events; tells those who watch what became of them."""

    def __init__(self, store: Store, rules: Rules, seal: Callable[[Event], Awaitable[Event]] | None = None) -> None:
        """Take the store to write to, the rules that decide, and what seals the personal data of an event."""
        self._store = store
        self._seal = seal
        self.rules = rules
        self._watchers: list[Watcher] = []

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` after each commit, with its outcome; answers how to stop that."""
        self._watchers.append(watcher)
        return partial(self._watchers.remove, watcher)

    async def handle(self, event: Event) -> Outcome:
        """Decide what an event means and record it, in one transaction; raises `NotFoundError`, `UnavailableError`."""
        return await self._record(await self._sealed(event))

    async def handle_in_order(self, events: Iterable[Event]) -> list[Outcome]:
        """Handle events that arrived together, in their order; raises the first error, after all have been tried.

        They wait for the disk together. All are sealed before the first is recorded: a key that has to be read for
        one of them would let the next one pass.
        """
        sealed = [await self._sealed(event) for event in events]
        handled = await asyncio.gather(*map(self._record, sealed), return_exceptions=True)
        for one in handled:
            if isinstance(one, BaseException):
                raise one
        return cast("list[Outcome]", handled)

    async def _sealed(self, event: Event) -> Event:
        return event if self._seal is None else await self._seal(event)

    async def _record(self, event: Event) -> Outcome:
        outcome = await self._store.write(partial(record, event=event, rules=self.rules))
        # Only now: no effect may start and nobody be told before the cause is durable.
        for watcher in tuple(self._watchers):
            watcher(outcome)
        return outcome
