"""Reading one page ahead, so that the source works while the target does."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def read_ahead(pages: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """Yield what an iterator yields, with the next item already on its way."""
    reading = asyncio.create_task(_next(pages))
    try:
        while (page := await reading) is not None:
            reading = asyncio.create_task(_next(pages))
            yield page
    finally:
        reading.cancel()
        # Whatever it comes to now, nobody wants it any more.
        with suppress(asyncio.CancelledError, Exception):
            await reading
        if isinstance(pages, AsyncGenerator):
            await pages.aclose()


async def _next(pages: AsyncIterator[T]) -> T | None:
    return await anext(pages, None)
