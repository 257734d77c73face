"""Many small tellings made few: what comes within a while is told together."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from syncline.effects.read_ahead import end_reading, next_of
from syncline.providers.stream import Opened, Told

Batch = tuple[Told, ...]


async def gather(stream: AsyncIterator[Opened | Batch], spacing: float) -> AsyncGenerator[Opened | Batch, None]:
    """Yield what a stream yields, its changes summed up by object and no more often than every `spacing` seconds.

    The first comes at once. While it waits it goes on reading, so that a flood is told of by a few.
    """
    clock = asyncio.get_running_loop().time
    reading = asyncio.create_task(next_of(stream))
    heap: dict[str, Told] = {}
    due = clock()
    try:
        while True:
            await asyncio.wait({reading}, timeout=max(0.0, due - clock()) if heap else None)
            if reading.done():
                if (news := reading.result()) is None:
                    return
                reading = asyncio.create_task(next_of(stream))
                if isinstance(news, Opened):
                    yield news
                else:
                    for one in news:
                        heap[one.object] = add(heap[one.object], one) if one.object in heap else one
            if heap and clock() >= due:
                batch, heap = tuple(heap.values()), {}
                yield batch
                due = clock() + spacing
    finally:
        await end_reading(reading, stream)


def add(one: Told, next_: Told) -> Told:
    """Answer two tellings of an object, one after the other, as one."""
    return Told(
        one.object,
        next_.position or one.position,
        one.count + next_.count,
        one.ids + next_.ids,
        one.gap or next_.gap,
    )
