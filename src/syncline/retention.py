"""Retention: rows of the log that are older than the operator wants are let go, and a signed record says which.

Law: a row goes only after its record is committed, and the record says where the fold of each chain goes on: what is
left proves as it did before. Only what a checkpoint covers may go, and only what every place that the log is sent to
has got.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from syncline.checkpoints.keys import known_keys
from syncline.config import Settings
from syncline.core.brought import Truncation
from syncline.core.truncation import Record
from syncline.errors import SynclineError
from syncline.service_log import ServiceLog
from syncline.store.checkpoints import root_of
from syncline.store.transaction import Store, Transaction
from syncline.store.truncations import bases_at, digest_of, drop_rows, find_cut, let_go

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_PAUSE_SECONDS = 3600.0
#: Rows that go with one statement, while everybody else waits.
_TOGETHER = 500

#: Signs a text of this log as a note.
Sign = Callable[[str], Awaitable[str]]

_log = structlog.get_logger()


class Retention:
    """Looks once an hour whether rows may go."""

    def __init__(
        self,
        store: Store,
        log: ServiceLog,
        sign: Sign,
        settings: Settings,
        now: Callable[[], int],
        destinations: tuple[str, ...] = (),
    ) -> None:
        """Take where the rows are, where it is told, who signs, and to where rows are forwarded; nothing runs yet."""
        self._store, self._log, self._sign, self._settings, self._now = store, log, sign, settings, now
        self._destinations = destinations
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; what an earlier process had announced and not finished goes first."""
        self._running = asyncio.create_task(self._run(), name="retention")

    async def stop(self) -> None:
        """End at once; what is left goes after the next start."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def look(self) -> int:
        """Let go what may go; answers how many rows went."""
        if self._settings.audit_retention:
            horizon = self._now() - int(self._settings.audit_retention * _DAY)
            through = await self._store.read(partial(find_cut, horizon=horizon, destinations=self._destinations))
            if through:
                await self._announce(through, horizon)
        return await self._drop()

    async def _announce(self, through: int, horizon: int) -> None:
        """Sign and record that the rows up to a position go; from then on the log starts behind it."""

        def read(tx: Transaction) -> tuple[int, bytes, str]:
            return let_go(tx), root_of(tx, size=through), digest_of(bases_at(tx, through=through))

        before, root, digest = await self._store.read(read)
        origin, _, _ = (await known_keys(self._store))[-1].key.partition("+")
        note = await self._sign(Record(origin, through, root, digest).text)
        data = {
            "through": through,
            "rows": through - before,
            "root": base64.b64encode(root).decode(),
            "bases": digest,
            "older_than": horizon,
        }
        outcome = await self._log.note("log.truncated", data, Truncation(through, note), name=f"truncated:{through}")
        _log.info("log_truncated", through=through, rows=through - before, disposition=outcome.disposition)

    async def _drop(self) -> int:
        """Remove rows that were let go, a few at a time."""
        gone = 0
        while dropped := await self._store.write(partial(drop_rows, most=_TOGETHER)):
            gone += dropped
            await asyncio.sleep(0)
        return gone

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except SynclineError as error:
                _log.warning("retention.cannot_look", code=error.code)
            except Exception as error:  # noqa: BLE001  the next look may find what this one could not
                _log.error("retention.crashed", error=type(error).__name__)
            await asyncio.sleep(_PAUSE_SECONDS)
