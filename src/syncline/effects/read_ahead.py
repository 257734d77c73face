"""Reading one page ahead, so that the source works while the target does."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def read_ahead(pages: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """Yield what an iterator yields, with the next item already on its way."""
    reading = asyncio.create_task(next_of(pages))
    try:
        while (page := await reading) is not None:
            reading = asyncio.create_task(next_of(pages))
            yield page
    finally:
        await end_reading(reading, pages)


async def next_of(pages: AsyncIterator[T]) -> T | None:
    """Answer the next item, None at the end."""
    return await anext(pages, None)


async def end_reading(reading: asyncio.Task[T | None], pages: AsyncIterator[T]) -> None:
    """Call off the reading of the next item, and close what it is read from."""
    reading.cancel()
    # Whatever it comes to now, nobody wants it any more.
    with suppress(asyncio.CancelledError, Exception):
        await reading
    if isinstance(pages, AsyncGenerator):
        await pages.aclose()
