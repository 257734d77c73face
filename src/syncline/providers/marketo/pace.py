"""Our own limits towards one instance, below Marketo's: so many calls in 20 seconds, so many at the same time."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

WINDOW = 20.0


class Pace:
    """Lets calls to one instance through, in the order in which they came."""

    def __init__(self, *, rate: int, concurrency: int, window: float = WINDOW) -> None:
        """Allow `rate` calls in any `window` seconds and `concurrency` calls at once."""
        self._window = window
        self._starts: deque[float] = deque(maxlen=rate)
        self._rate = rate
        self._turn = asyncio.Lock()
        self._lanes = asyncio.Semaphore(concurrency)

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[None]:
        """Wait for room, then hold a lane for the length of one call."""
        async with self._lanes:
            async with self._turn:
                await self._wait_for_room()
            yield

    async def _wait_for_room(self) -> None:
        """The deque holds the last `rate` starts; when it is full, the oldest must be a window ago."""
        if len(self._starts) == self._rate:
            pause = self._starts[0] + self._window - time.monotonic()
            if pause > 0:
                await asyncio.sleep(pause)
        self._starts.append(time.monotonic())
