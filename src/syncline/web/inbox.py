"""The inbox of the doors: what was turned away before it was an event, written down without its secrets.

What became an event is on the log already, with its bytes, and is not written twice. Of what was turned away the log
has a few rows a minute and a number, since anybody may send that; what there is to know goes here, bounded three ways:
sixty a minute of each kind one by one and the rest as a number, so many days, and so many megabytes.

Law: no signature, no code, no state and no secret is kept. A body is kept only when its sender has shown who they
are, and sealed; whatever asks for a 2xx waits until it is written, everything else is written a little later.
"""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from secrets import token_hex

import structlog
from aiohttp import web
from pydantic import SecretStr

from syncline.config import Settings
from syncline.credentials import open_safe
from syncline.errors import NotFoundError, SynclineError
from syncline.store import inbox as stored
from syncline.store.inbox import DoorName, NewRefused, Refused, Verdict
from syncline.store.transaction import Store
from syncline.vault import Vault

#: What the codes of the catalogue mean for the inbox. What has another code left a row on the log.
VERDICTS: dict[str, Verdict] = {
    "hook.unsigned": "bad_signature",
    "hook.bad_signature": "bad_signature",
    "hook.wrong_secret": "bad_signature",
    "hook.too_old": "too_old",
    "hook.malformed": "malformed",
    "request.media_type": "malformed",
    "request.too_large": "too_large",
    "hook.type_not_allowed": "not_allowed",
    "hook.foreign": "foreign",
    "hook.unknown": "unknown_integration",
    "integration.unknown": "unknown_integration",
    "login.unknown_state": "unknown_integration",
    "store.unavailable": "unavailable",
}
#: Of each verdict at each door, in a minute: what comes beyond is counted only.
ONE_BY_ONE = 60
_MINUTE = 60_000_000
_MOST_WAITING = 2000
_PAUSE_SECONDS = 0.5
_MEGABYTE = 1_000_000
_DAY = 86_400_000_000

_log = structlog.get_logger("syncline.web")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request that was turned away."""

    shown: Refused
    #: What a replay needs; None when nobody knows who has sent it.
    body: bytes | None


class Inbox:
    """Collects what was turned away and writes it down."""

    def __init__(self, store: Store, vault: Vault, settings: Settings, now: Callable[[], int]) -> None:
        """Take where it is written to, what seals, and the limits."""
        self._store, self._vault, self._settings, self._now = store, vault, settings, now
        self._waiting: list[Arrival] = []
        self._seen: Counter[tuple[DoorName, Verdict]] = Counter()
        self._beyond: Counter[tuple[int, DoorName, Verdict]] = Counter()
        self._minute = 0
        self._trimmed_in = 0
        self._noted = asyncio.Event()

    def note(self, one: Arrival) -> None:
        """Remember one, to be written soon; beyond a number it is only counted. What the log has is left out."""
        shown = one.shown
        if shown.problem not in VERDICTS:
            return
        minute = shown.at // _MINUTE
        if minute != self._minute:
            self._minute = minute
            self._seen.clear()
        kind = (shown.door, shown.verdict)
        self._seen[kind] += 1
        if self._seen[kind] > ONE_BY_ONE or len(self._waiting) >= _MOST_WAITING:
            self._beyond[minute, *kind] += 1
        else:
            self._waiting.append(one)
        self._noted.set()

    async def keep(self, *some: Arrival) -> None:
        """Write some down now; raises `UnavailableError` when that cannot be done."""
        await self._write([await self._seal(one) for one in some])

    async def flush(self, *, everything: bool = False) -> None:
        """Write down what waits; what was only counted when its minute is over, or with `everything`."""
        minute = self._now() // _MINUTE
        some = self._waiting[:]
        over = {key: count for key, count in self._beyond.items() if everything or key[0] < minute}
        self._take(some, over)
        try:
            rows = [await self._seal(one) for one in some] + [_counted(key, count) for key, count in over.items()]
            if rows:
                await self._write(rows)
        except SynclineError:  # The store does not answer now; what it was asked for meanwhile is told when it does.
            self._waiting = (some + self._waiting)[:_MOST_WAITING]
            self._beyond.update(over)
            self._noted.set()
            raise

    def _take(self, some: list[Arrival], over: dict[tuple[int, DoorName, Verdict], int]) -> None:
        del self._waiting[: len(some)]
        for key in over:
            del self._beyond[key]
        if not self._beyond:
            self._noted.clear()

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Write in the background for as long as the application runs, and the rest at its end."""
        writing = asyncio.create_task(self._write_on(), name="inbox")
        yield
        writing.cancel()
        await asyncio.wait({writing})
        with suppress(SynclineError):
            await self.flush(everything=True)

    async def _write_on(self) -> None:
        while True:
            await self._noted.wait()
            await asyncio.sleep(_PAUSE_SECONDS)
            try:
                await self.flush()
            except SynclineError as error:
                _log.warning("inbox.cannot_write", code=error.code)

    async def _write(self, rows: list[NewRefused]) -> None:
        await self._store.write(partial(stored.add, rows=rows))
        minute = self._now() // _MINUTE
        if minute != self._trimmed_in:
            self._trimmed_in = minute
            before = self._now() - int(self._settings.inbox_days * _DAY)
            most = int(self._settings.inbox_megabytes * _MEGABYTE)
            await self._store.write(partial(stored.trim, before=before, most=most))

    async def _seal(self, one: Arrival) -> NewRefused:
        if one.body is None:
            return NewRefused(one.shown)
        try:
            safe = await open_safe(self._store, self._vault, one.shown.integration)
        except NotFoundError:
            return NewRefused(one.shown)
        name = f"inbox_{token_hex(8)}"
        sealed = safe.seal(name, SecretStr(base64.b64encode(one.body).decode()))
        return NewRefused(one.shown, name, sealed.blob, sealed.key_id)


def _counted(key: tuple[int, DoorName, Verdict], count: int) -> NewRefused:
    """Answer the row that stands for many."""
    minute, door, verdict = key
    return NewRefused(
        Refused(
            id=0,
            at=minute * _MINUTE,
            door=door,
            integration="",
            known=False,
            verdict=verdict,
            problem="",
            detail=f"beyond the first {ONE_BY_ONE} of this minute, which are listed one by one",
            name="",
            address="",
            request="",
            media_type="",
            size=0,
            digest="",
            times=count,
            replayable=False,
        )
    )
