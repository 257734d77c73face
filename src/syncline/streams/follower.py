"""Listens to the changes of one integration's source, for as long as it runs.

Law: what is heard becomes an event, and the place to go on from is written down in the transaction of that event. So
whatever ends the listening, nothing is lost: what was not written down is told again, and where it cannot be told
again (the source keeps it for some days only) the log says so and everything is read by the watermark.
"""

import asyncio
import random
import secrets
from contextlib import aclosing
from functools import partial
from typing import Any

import msgspec
import structlog

from syncline.core.brought import Document
from syncline.core.documents import CHANGES, ChangesDocument
from syncline.core.event import Actor, Event
from syncline.effects.failure import backoff
from syncline.effects.session import GrantSession, open_session
from syncline.effects.tools import Tools
from syncline.effects.work import Errand, MovedOnError
from syncline.errors import GrantLostError, RejectedError, SynclineError, UnreachableError
from syncline.providers.stream import Opened, Told
from syncline.store.integrations import Integration, documents, integration
from syncline.store.transaction import Transaction
from syncline.streams.gathering import gather

#: How such a change is called in rows, and in what it leads to.
PATH = "cdc"
#: Changes of one object are told to the chart no more often than this.
_SPACING_SECONDS = 1.0
#: An outage is shown after so many tries; before that it may be a hiccup.
_HICCUPS = 3
#: Whoever has listened for so long without a fault has not failed.
_STEADY_SECONDS = 60.0
#: In a row; the rest is told by their number.
_MOST_IDS = 20
#: So that not all who were refused at once ask again at once.
_SPREAD = 0.2

_dice = random.SystemRandom()
_log = structlog.get_logger("syncline.streams")


class Follower:
    """Goes on listening until it is cancelled; only the state that is left ends it."""

    def __init__(self, tools: Tools, id_: str, room: asyncio.Semaphore) -> None:
        """Take whom to listen for, and the room that all followers share."""
        self._tools, self._id, self._room = tools, id_, room
        self._errand = Errand(id_, Actor("service", "changes"), "follow_changes", f"changes:{secrets.token_hex(6)}")
        self._session: GrantSession | None = None
        self._known: ChangesDocument | None = None
        self._failures = 0

    async def run(self, delay: float = 0.0) -> None:
        """Listen, wait and listen again, for ever."""
        await asyncio.sleep(delay)
        while True:
            try:
                pause = await self._attempt()
            except Exception as error:  # noqa: BLE001  a fault of ours must not end the listening for good
                _log.error("changes.crashed", integration=self._id, error=type(error).__name__)
                self._failures += 1
                pause = backoff(self._failures, self._tools.settings.effect_backoff, None)
            await asyncio.sleep(pause)

    async def _attempt(self) -> float:
        """Listen until something is in the way; answers how many seconds to wait then."""
        began = asyncio.get_running_loop().time()
        settings = self._tools.settings
        try:
            if self._room.locked():
                await self._say_unavailable(SynclineError("changes.no_room"))
            async with self._room:
                await self._listen()
        except (GrantLostError, MovedOnError):
            self._session = None  # The state has moved on, or will; then this ends, or a fresh session is needed.
            self._failures += 1
            return backoff(self._failures, settings.effect_backoff, None)
        except RejectedError as error:
            await self._note(error)
            return settings.change_retry * _dice.uniform(1, 1 + _SPREAD)
        except SynclineError as error:
            steady = asyncio.get_running_loop().time() - began > _STEADY_SECONDS
            self._failures = 1 if steady else self._failures + 1
            if self._failures >= _HICCUPS:
                await self._note(error)
            asked = error.retry_after if isinstance(error, UnreachableError) else None
            return backoff(self._failures, settings.effect_backoff, asked)
        return settings.effect_backoff

    async def _listen(self) -> None:
        now, known = await self._tools.store.read(partial(_read, id_=self._id))
        self._known = known or ChangesDocument(0)
        self._session = self._session or await open_session(self._tools, self._errand)
        source = self._tools.providers.source
        stream = source.changes.follow(self._session, user=now.context.user_id, after=self._known.positions)
        async with aclosing(gather(stream, _SPACING_SECONDS)) as gathered:
            async for news in gathered:
                if isinstance(news, Opened):
                    await self._note_opening(news)
                else:
                    await self._tell(news)

    async def _note_opening(self, opened: Opened) -> None:
        """Say that the source tells of changes, if that is news; and what it cannot tell any more has to be read."""
        before = self._document
        kept = {name: place for name, place in before.positions.items() if name not in opened.anew}
        refused = dict(opened.refused)
        if (before.objects, before.refused, before.reason) != (opened.followed, refused, ""):
            self._known = ChangesDocument(self._tools.now(), opened.followed, refused, positions=before.positions)
            data = {"path": PATH, "objects": opened.followed, **({"refused": refused} if refused else {})}
            await self._send("changes.followed", data)
        for name in opened.anew:
            # From now on only: whatever has changed between the last run and this moment nobody will tell.
            kind = "expired" if name in before.positions else "begun"
            self._known = msgspec.structs.replace(self._document, positions=kept)
            await self._send_change(name, {"kind": kind})

    async def _tell(self, told: tuple[Told, ...]) -> None:
        """Send what was heard; what is only of our own doing moves the place, which is written down with the next."""
        for one in told:
            if one.position:
                positions = {**self._document.positions, one.object: one.position}
                self._known = msgspec.structs.replace(self._document, positions=positions)
            if one.matters:
                data: dict[str, Any] = {"count": one.count, "ids": one.ids[:_MOST_IDS], "replay": one.position}
                data |= {"kind": "gap"} if one.gap else {}
                await self._send_change(one.object, data)

    async def _send_change(self, name: str, data: dict[str, Any]) -> None:
        actor = Actor("source", "changes", via=PATH)
        await self._send("records.changed", {"object": name, "path": PATH, **data}, actor)

    async def _note(self, error: SynclineError) -> None:
        """Say why the source does not tell of changes; what cannot be said now is said with the next try."""
        _log.info("changes.unavailable", integration=self._id, code=error.code)
        try:
            await self._say_unavailable(error)
        except SynclineError as failure:
            _log.info("changes.unsaid", integration=self._id, code=failure.code)

    async def _say_unavailable(self, error: SynclineError) -> None:
        before = self._known
        if before is None:
            _, before = await self._tools.store.read(partial(_read, id_=self._id))
        before = before or ChangesDocument(0)
        if before.reason == error.code:
            return  # It is as it was; each try would be a row.
        self._known = ChangesDocument(
            self._tools.now(), reason=error.code, detail=error.detail, positions=before.positions
        )
        data = {"path": PATH, "reason": error.code, "detail": error.detail}
        await self._send("changes.unavailable", data)

    @property
    def _document(self) -> ChangesDocument:
        return self._known or ChangesDocument(0)

    async def _send(self, type_: str, data: dict[str, Any], actor: Actor | None = None) -> None:
        """Send an event with the document as it is by now; raises `MovedOnError` when nobody wants it any more.

        None is ever repeated under its key: what may not have been written down is told again by the source.
        """
        name = f"{self._errand.request}:{secrets.token_hex(6)}"
        outcome = await self._tools.handle(
            Event(
                self._id,
                type_,
                name,
                actor or self._errand.actor,
                self._tools.now(),
                data,
                request=name,
                brings=(Document(CHANGES, self._document),),
            )
        )
        if not outcome.accepted:
            raise MovedOnError("effect.moved_on", outcome.reason)


def _read(tx: Transaction, *, id_: str) -> tuple[Integration, ChangesDocument | None]:
    stored = documents(tx, integration=id_).get(CHANGES)
    return integration(tx, id=id_), msgspec.convert(stored, ChangesDocument) if stored else None
