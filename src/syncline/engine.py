"""The one door through which an integration changes.

Law: everything that changes an integration is an event, and every event comes through `Engine.handle`.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import cast

from syncline.core.event import Event
from syncline.core.rules import Rules
from syncline.store.record import Outcome
from syncline.store.recording import Recording, Seal, as_it_is
from syncline.store.transaction import Store

Watcher = Callable[[Outcome], None]


class Engine:
    """Decides and records events; tells those who watch what became of them."""

    def __init__(self, store: Store, rules: Rules, seal: Seal = as_it_is) -> None:
        """Take the store to write to, the rules that decide, and what seals the personal data of an event."""
        self._store = store
        self._seal = seal
        self.rules = rules
        self._watchers: tuple[Watcher, ...] = ()

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` after each commit, with its outcome; answers how to stop that."""
        self._watchers = (*self._watchers, watcher)
        return partial(self._forget, watcher)

    async def handle(self, event: Event) -> Outcome:
        """Decide what an event means and record it, in one transaction; raises `NotFoundError`, `UnavailableError`."""
        outcome = await self._store.write(Recording(event, self.rules, self._seal))
        # Only now: no effect may start and nobody be told before the cause is durable.
        for watcher in self._watchers:
            watcher(outcome)
        return outcome

    async def handle_in_order(self, events: Iterable[Event]) -> list[Outcome]:
        """Handle events that arrived together, in their order; raises the first error, after all have been tried.

        They wait for the disk together. Each is handed to the store before it waits for anything; the store keeps
        the order in which it was asked.
        """
        handled = await asyncio.gather(*map(self.handle, events), return_exceptions=True)
        for one in handled:
            if isinstance(one, BaseException):
                raise one
        return cast("list[Outcome]", handled)

    def _forget(self, watcher: Watcher) -> None:
        watchers = list(self._watchers)
        watchers.remove(watcher)
        self._watchers = tuple(watchers)
