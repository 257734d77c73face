"""What the doors have refused, put on the log, and bounded, since anybody may knock.

Law: a refusal leaves a row, and a flood of them fills no disk. Of each sender, and at each chain, the first ten of a
minute are a row each; what comes after them in that minute is one row with their number, at its end or when the
service stops. A sender is an address, and whoever has shown to be there: many may come from one address. Where more of
them knock than are told apart, the rest share one such minute.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
import structlog

from syncline.core.event import SERVICE, Actor, Event
from syncline.errors import SynclineError
from syncline.store.record import Outcome

Handle = Callable[[Event], Awaitable[Outcome]]
_Place = tuple[str, str, str, str]

#: Rows of one sender, at one chain and of one kind, within a minute.
ROWS = 10
#: Minutes that are under way at the same time, each of another sender, chain or kind.
_MOST = 1024
_MINUTE = 60 * 1_000_000

_log = structlog.get_logger("syncline.web")


@dataclass(slots=True)
class _Minute:
    """What came from one place since a moment."""

    ends: int  #: microseconds since the epoch
    rows: int = 0
    left: int = 0
    first_at: int = 0
    #: The last of those that were only counted.
    last: Event | None = None


class Refusals:
    """Writes refusals down."""

    def __init__(self, handle: Handle, now: Callable[[], int]) -> None:
        """Take the way to the log; nothing is counted yet."""
        self._handle, self._now = handle, now
        self._minutes: dict[_Place, _Minute] = {}
        self._ending: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def note(
        self,
        type_: str,
        actor: Actor,
        why: str,
        detail: str,
        *,
        integration: str = SERVICE,
        request: str = "",
        **of: str,
    ) -> None:
        """Put a refusal on a log, or count it; `why` is a catalogue code or a word of ours, `of` says more."""
        data = {"why": why, **{name: value for name, value in of.items() if value}}
        event = Event(integration, type_, _key(), actor, self._now(), data, request=request, refusal=detail or why)
        place = (integration, type_, actor.address, actor.id)
        await self._end(self._now())
        minute = self._minutes.get(place)
        if minute is None and len(self._minutes) >= _MOST:
            place = (integration, type_, "", "")  # All the others, whoever they are.
            minute = self._minutes.get(place)
        if minute is None:
            minute = self._minutes[place] = _Minute(event.at + _MINUTE)
        if minute.rows < ROWS:
            minute.rows += 1
            await self._handle(event)
            return
        minute.first_at = minute.first_at or event.at
        minute.left, minute.last = minute.left + 1, event
        if self._ending is None:
            self._ending = asyncio.get_running_loop().call_later(_MINUTE / 1_000_000, self._end_soon)

    async def close(self) -> None:
        """Write down what was only counted; nothing is noted after this."""
        await self._end(2**62)
        if self._ending is not None:
            self._ending.cancel()

    def _end_soon(self) -> None:
        self._ending = None
        task = asyncio.create_task(self._end_by_itself())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end_by_itself(self) -> None:
        try:
            await self._end(self._now())
        except SynclineError as error:
            _log.warning("refusals.cannot_write", code=error.code)  # The next minute tries again.

    async def _end(self, now: int) -> None:
        """Forget the minutes that are over, each with a row of what was only counted in it."""
        over = [(place, minute) for place, minute in self._minutes.items() if minute.ends <= now]
        for place, _ in over:
            del self._minutes[place]
        try:
            while over:
                _, minute = over[-1]
                if minute.last is not None:
                    await self._handle(_counted(minute, minute.last))
                over.pop()
        finally:
            for place, minute in over:  # What could not be written keeps its number.
                self._minutes.setdefault(place, minute)
            if self._ending is None and any(minute.left for minute in self._minutes.values()):
                self._ending = asyncio.get_running_loop().call_later(_MINUTE / 1_000_000, self._end_soon)


def _counted(minute: _Minute, last: Event) -> Event:
    detail = f"{minute.left} more within a minute; the last of them: {last.refusal}"
    data = {**last.data, "count": minute.left, "first_at": minute.first_at, "last_at": last.at}
    return msgspec.structs.replace(last, key=_key(), data=data, refusal=detail)


def _key() -> str:
    return f"refused:{secrets.token_hex(16)}"
