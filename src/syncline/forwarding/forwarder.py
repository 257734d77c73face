"""One destination's way out of the log: reads what is committed, delivers it in order, remembers what has arrived.

Law: a row is passed over by nothing. What has not been acknowledged is offered again, for as long as it takes, and rows
behind it wait. No other destination and nothing else in the service waits for it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog

from syncline.effects.failure import backoff
from syncline.errors import RejectedError, SynclineError, UnreachableError
from syncline.forwarding.carrier import BatchRefusedError, Carrier
from syncline.forwarding.destination import Destination
from syncline.forwarding.message import messages
from syncline.privacy import Privacy
from syncline.store.forwarding import acknowledge, rows_from, standing
from syncline.store.log import LogRow
from syncline.store.transaction import Store

#: Rows in a batch, and bytes of them as they lie in the log; OCSF makes two to three times as many of them.
_MOST_ROWS = 500
_MOST_BYTES = 512 * 1024
_SECOND = 1_000_000
_FIRST_PAUSE = 1.0
#: With the seventh failure the longest pause is reached, about a minute: then a destination that is back is noticed.
_MOST_ATTEMPTS = 7
#: Nothing is new for longer than this without a look, though every new row is told of.
_LONGEST_SLEEP = 30.0

_log = structlog.get_logger("syncline.forwarding")


@dataclass(slots=True)
class Trouble:
    """What stands in the way now; times are microseconds since the epoch."""

    code: str
    text: str
    since: int
    attempts: int = 0
    again_at: int = 0


class Forwarder:
    """Brings the log to one destination."""

    def __init__(
        self,
        destination: Destination,
        carrier: Carrier,
        store: Store,
        privacy: Privacy,
        now: Callable[[], int],
    ) -> None:
        """Take where to and from; nothing runs yet."""
        self.destination = destination
        #: None while all goes well.
        self.trouble: Trouble | None = None
        #: Since the start: rows that were delivered, some of them twice, and deliveries that failed.
        self.delivered = self.failures = 0
        self._carrier, self._store, self._now = carrier, store, now
        self._privacy = privacy if destination.reveal else None
        self._woken, self._stopping = asyncio.Event(), asyncio.Event()
        self._most = _MOST_ROWS
        self._after: int | None = None
        self._before_last = 0

    def wake(self) -> None:
        """Look now whether there is something new."""
        self._woken.set()

    def finish(self) -> None:
        """Send what is there and end; with a destination that is away, end at once."""
        self._stopping.set()
        self.wake()

    async def run(self) -> None:
        """Forward until told to finish, or cancelled."""
        try:
            while await self._step():
                pass
        finally:
            await self._carrier.close()

    async def _step(self) -> bool:
        """Deliver a batch, or rest when there is none; answers whether to go on."""
        self._woken.clear()
        try:
            rows = await self._read()
            if rows:
                await self._deliver(rows)
                return True
        except SynclineError as error:
            await self._fail(error)
        except Exception as error:  # noqa: BLE001  the store may be away for a while; this outlives it
            await self._fail(SynclineError("service.unexpected", type(error).__name__))
        else:
            if not self._stopping.is_set():
                await self._rest()
                return True
        return not self._stopping.is_set()

    async def _read(self) -> list[LogRow]:
        if self._after is None:
            found = await self._store.read(partial(standing, destination=self.destination.name))
            self._after = self._before_last = found.acknowledged
        return await self._store.read(partial(rows_from, after=self._after, most=self._most, size=_MOST_BYTES))

    async def _deliver(self, rows: list[LogRow]) -> None:
        name, last = self.destination.name, rows[-1].position
        try:
            await self._carrier.deliver(await messages(rows, self.destination.form, self._privacy))
        except BatchRefusedError as error:
            self._most = max(1, len(rows) // 2)
            if len(rows) > 1:
                return
            row = rows[0].row
            named = f"row {row.seq} of {row.integration} (position {last})"
            raise RejectedError(error.code, f"{error.detail} to {named}") from None
        await self._store.write(partial(acknowledge, destination=name, position=last, now=self._now()))
        self._before_last, self._after = rows[0].position - 1, last
        self.delivered += len(rows)
        # Back to more only little by little: what was too large is so again, and each try is a batch sent in vain.
        self._most = min(_MOST_ROWS, self._most + max(1, self._most // 16))
        if self.trouble is not None:
            _log.info("forwarding.restored", destination=name, attempts=self.trouble.attempts)
            self.trouble = None

    async def _fail(self, error: SynclineError) -> None:
        """Note what stands in the way, and wait before the next try."""
        self.failures += 1
        if self.trouble is None or (self.trouble.code, self.trouble.text) != (error.code, error.detail):
            since = self._now() if self.trouble is None else self.trouble.since
            attempts = 0 if self.trouble is None else self.trouble.attempts
            self.trouble = Trouble(error.code, error.detail, since, attempts)
            _log.warning("forwarding.stuck", destination=self.destination.name, code=error.code, detail=error.detail)
        if self._carrier.doubtful:
            self._after = self._before_last
        self.trouble.attempts += 1
        asked = error.retry_after if isinstance(error, UnreachableError) else None
        pause = backoff(min(self.trouble.attempts, _MOST_ATTEMPTS), _FIRST_PAUSE, asked)
        self.trouble.again_at = self._now() + int(pause * _SECOND)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), pause)

    async def _rest(self) -> None:
        """Wait for a new row, and then a little for its followers."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), _LONGEST_SLEEP)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), self.destination.pause)
