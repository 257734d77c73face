"""Takes checkpoints to one place outside, each at least once, whatever happens to the place or to us.

Law: what a place has taken is noted after it has taken it. A courier knows of no other, so that a place which is slow
or away holds up neither the signing nor another place.
"""

import asyncio
from functools import partial

import structlog

from syncline.checkpoints.places import Place, PlaceError
from syncline.core.proof import Noted, write_noted
from syncline.errors import SynclineError
from syncline.store.checkpoints import note_got, place_got, signed_after
from syncline.store.transaction import Store

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0

_log = structlog.get_logger()


class Courier:
    """Brings one place what it has not got yet."""

    def __init__(self, place: Place, store: Store, first_pause: float = _FIRST_PAUSE) -> None:
        """Take the place, and where checkpoints and what was brought are noted; `first_pause` is in seconds."""
        self.kind = place.kind
        #: Why the last try failed; empty when it did not.
        self.failing = ""
        #: Tries that failed since the start.
        self.failures = 0
        #: The number of the last checkpoint that the place has taken.
        self.got = 0
        self._place, self._store, self._first_pause = place, store, first_pause
        self._pause = first_pause
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Find out what the place has got, and note one that is new.

        That comes before anything is signed: what is signed while a place is named is brought there, whatever happens.
        """
        self.got = await self._store.write(partial(place_got, place=self._place.id))

    def start(self) -> None:
        """Begin with what was left over."""
        self._running = asyncio.create_task(self._run(), name=f"checkpoints to {self.kind}")

    def nudge(self) -> None:
        """Say that there is something new."""
        self._idle.clear()
        self._news.set()

    async def finish(self) -> None:
        """Wait until the place has got everything."""
        await self._idle.wait()

    async def stop(self) -> None:
        """End at once; the rest is brought after the next start."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def bring(self) -> bool:
        """Bring the next few; answers whether there were any. Raises `PlaceError` when they were not taken."""
        found = await self._store.read(partial(signed_after, number=self.got, most=self._place.most))
        if not found:
            return False
        await self._place.put([write_noted(Noted(signed.at, signed.note)) for signed in found])
        number = found[-1].number
        await self._store.write(partial(note_got, place=self._place.id, number=number))
        self.got = number
        return True

    async def _run(self) -> None:
        while True:
            self._news.clear()
            try:
                more = await self.bring()
            except (PlaceError, SynclineError) as error:
                await self._wait_after(str(error))
            except Exception as error:  # noqa: BLE001  whatever it is, a later try may do better
                await self._wait_after(type(error).__name__)
            else:
                self._note_success()
                if not more:
                    if not self._news.is_set():
                        self._idle.set()
                    await self._news.wait()

    async def _wait_after(self, reason: str) -> None:
        self.failing, self.failures = reason, self.failures + 1
        _log.warning("checkpoint_not_delivered", place=self.kind, reason=reason, next_try_in=self._pause)
        await asyncio.sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _note_success(self) -> None:
        if self.failing:
            _log.info("checkpoints_delivered_again", place=self.kind)
        self.failing, self._pause = "", self._first_pause
