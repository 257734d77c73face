"""Keeps the search index of the log up to date, on a thread of its own and never for long at a time."""

import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog

from syncline.store.index import SearchIndex, has_fts5

#: Between two looks when there was nothing to do, in seconds.
_PAUSE = 1.0
#: After a failure, such as a full disk.
_LONG_PAUSE = 60.0
#: How long it rests after a batch, in times of what the batch took: while the service has little to do, and while it
#: is busy, since events come first.
_REST, _LONG_REST = 1.0, 80.0
#: The longest rest, in seconds: a batch that took long since the machine stood still would be rested from for minutes.
_MOST_REST = 5.0
#: The processor time of everything else in this process, in shares of one processor, from which on it is busy.
_BUSY = 0.3

_log = structlog.get_logger()


class Indexer:
    """Takes new rows into the index, and makes it anew when it is missing, broken or that of another log."""

    def __init__(self, index: SearchIndex) -> None:
        """Take the index; nothing runs yet."""
        self._index = index
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="audit-index")
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; without FTS5 in SQLite there will be no index, and searches look through the log itself."""
        if has_fts5():
            self._running = asyncio.create_task(self._run(), name="indexer")
        else:
            _log.warning("audit_index.impossible", reason="SQLite was built without FTS5; searches of the log are slow")

    async def stop(self) -> None:
        """End after the batch that is under way; the rest is taken in at the next start."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})
        await asyncio.get_running_loop().run_in_executor(self._thread, self._index.close)
        self._thread.shutdown()

    async def _run(self) -> None:
        while True:
            try:
                await self._keep_up()
            except (sqlite3.Error, OSError) as error:
                _log.warning("audit_index.cannot_write", error=type(error).__name__)
                await asyncio.sleep(_LONG_PAUSE)

    async def _keep_up(self) -> None:
        """Take rows in until the index turns out to be broken."""
        on_thread = partial(asyncio.get_running_loop().run_in_executor, self._thread)
        if self._index.broken:
            await on_thread(self._index.discard)
            _log.warning("audit_index.made_anew", reason="it could not be read")
        if not await on_thread(self._index.open):
            _log.warning("audit_index.made_anew", reason="it was not readable, or not of this log and version")
        last = (time.perf_counter(), time.process_time())
        while not self._index.broken:
            begun = time.perf_counter()
            try:
                count, own = await on_thread(self._advance)
            except sqlite3.Error as error:
                if not self._index.blame(error):
                    raise
                return
            now = (time.perf_counter(), time.process_time())
            busy = now[1] - last[1] - own > _BUSY * (now[0] - last[0])
            last = now
            rest = min(_MOST_REST, (_LONG_REST if busy else _REST) * (now[0] - begun))
            await asyncio.sleep(rest if count else _PAUSE)

    def _advance(self) -> tuple[int, float]:
        """Take in a batch; answers how many rows it was and what it cost of the processor, in seconds."""
        begun = time.thread_time()
        count = self._index.advance()
        return count, time.thread_time() - begun
