"""Our own limits: never more calls in a window, never more at once, and nobody is forgotten."""

import asyncio
import time

from syncline.providers.marketo.pace import Pace


async def test_no_window_has_more_calls_than_the_rate() -> None:
    """Wherever it begins."""
    pace = Pace(rate=3, concurrency=10, window=0.2)
    starts: list[float] = []

    async def call() -> None:
        async with pace.lane():
            starts.append(time.monotonic())

    await asyncio.gather(*(call() for _ in range(10)))
    assert len(starts) == 10
    # A clock read after the wait is a little later, never earlier.
    assert all(later - earlier > 0.195 for earlier, later in zip(starts, starts[3:], strict=False))


async def test_no_more_calls_at_once_than_there_are_lanes() -> None:
    """However many come."""
    pace = Pace(rate=1000, concurrency=2)
    running = most = 0

    async def call() -> None:
        nonlocal running, most
        async with pace.lane():
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.01)
            running -= 1

    await asyncio.gather(*(call() for _ in range(8)))
    assert most == 2


async def test_who_gives_up_waiting_leaves_the_lane_to_others() -> None:
    """A cancelled effect must not block the instance."""
    pace = Pace(rate=1, concurrency=1, window=30)
    async with pace.lane():
        pass
    for _ in range(3):
        waiter = asyncio.create_task(pace.lane().__aenter__())
        await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
    assert not pace._turn.locked()
    assert not pace._lanes.locked()
