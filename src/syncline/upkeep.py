"""What has to be looked after now and then, whatever state an integration is in.

A grant that is used is refreshed on the way. One that is not (paused, waiting for a person) would fall to the source's
idle policy, commonly 30 days; so each is refreshed before it is a week old.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from syncline.config import Settings
from syncline.core.event import Actor, Event
from syncline.errors import SynclineError
from syncline.store.integrations import integration
from syncline.store.record import Outcome
from syncline.store.secrets import old_grants
from syncline.store.transaction import Store

_ACTOR = Actor("timer", "upkeep", via="schedule")
_SECOND = 1_000_000
#: Between two looks.
_PAUSE_SECONDS = 3600.0
#: Grants in one look: what is left waits an hour, so that a long stop is not followed by a flood of calls.
_MOST = 1000

_log = structlog.get_logger()


class Upkeep:
    """Looks around once at the start and every hour after that."""

    def __init__(
        self,
        store: Store,
        handle: Callable[[Event], Awaitable[Outcome]],
        settings: Settings,
        now: Callable[[], int],
    ) -> None:
        """Take what it reads and where its events go; nothing runs yet."""
        self._store, self._handle, self._settings, self._now = store, handle, settings, now
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._running = asyncio.create_task(self._run(), name="upkeep")

    async def stop(self) -> None:
        """End at once; there is nothing to be finished."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def look(self) -> int:
        """Send word of every grant that is due for a refresh; answers how many there were."""
        age = int(self._settings.renewal_interval * _SECOND)
        due = await self._store.read(partial(old_grants, before=self._now() - age, most=_MOST))
        for name in due:
            found = await self._store.read(partial(integration, id=name))
            generation = found.context.generation
            hour = self._now() // int(_PAUSE_SECONDS * _SECOND)
            key = f"renewal:{generation}:{hour}"
            data = {"generation": generation}
            # What a timer begins is a story of its own.
            event = Event(name, "grant.renewal_due", key, _ACTOR, self._now(), data, request=f"upkeep:{hour}")
            await self._handle(event)
        return len(due)

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except SynclineError as error:
                _log.warning("upkeep.cannot_look", code=error.code)
            except Exception as error:  # noqa: BLE001  the next look may find what this one could not
                _log.error("upkeep.crashed", error=type(error).__name__)
            await asyncio.sleep(_PAUSE_SECONDS)
