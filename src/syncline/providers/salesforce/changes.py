"""Change Data Capture: what Salesforce tells of changes to whoever listens on a channel.

Source: Change Data Capture Developer Guide, "Change Event Message Structure" and "Gap Event Fields"; Streaming API
Developer Guide, "Message Durability": events are kept for 72 hours under a replay id. A stored replay id goes on behind
that event; -1 means new events only, -2 all that are kept. We never ask for -2: what was there before we listened is
read by the watermark, at no cost in events, and also where more than 72 hours are missing.

Each object has a channel of its own, so that nothing is delivered (and counted) that nobody here wants.
"""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from syncline.errors import ProviderError, RejectedError
from syncline.providers.port import Session
from syncline.providers.salesforce import ids
from syncline.providers.salesforce.api import VERSION, Api
from syncline.providers.salesforce.bayeux import Bayeux, BayeuxError, Message
from syncline.providers.stream import Opened, Told
from syncline.wire import Wire

#: As which we name ourselves to Salesforce where we write; `changeOrigin` has it.
CLIENT = "Syncline"
_NEW = -1
_REPLAY = re.compile(r"\d{1,19}", re.ASCII)
_UNAUTHORIZED, _FORBIDDEN, _BAD = 401, 403, 400
#: A server that answers at once with nothing is not asked faster than this, nor one that forgets us at once.
_PAUSE_SECONDS = 1.0
_FAREWELL_SECONDS = 1.0
_dice = random.SystemRandom()


class Changes:
    """Listens for whatever org a session is for."""

    title: str = "Change Data Capture"

    def __init__(self, wire: Wire, api: Api, objects: tuple[str, ...]) -> None:
        """Take a wire of its own, since each listener holds a connection, and the objects that are synced."""
        self._wire, self._api, self._objects = wire, api, objects

    async def follow(
        self, session: Session, *, user: str, after: Mapping[str, str]
    ) -> AsyncIterator[Opened | tuple[Told, ...]]:
        """Tell as the port says; raises `ProviderError`."""
        url = f"{self._api.origin(session)}/cometd/{VERSION.removeprefix('v')}"
        positions, excused = dict(after), False
        while True:
            token = await session.access_token()
            bayeux = Bayeux(self._wire, url, token)
            try:
                yield await self._open(bayeux, positions)
                async for parts in _listen(bayeux):
                    excused = False
                    told = self._read(parts, user)
                    positions |= {part.object: part.position for part in told if part.position}
                    yield told
            except BayeuxError as error:
                if excused or not _passes(error):
                    raise _failure(error) from None
                excused = True  # Once in a row; then it is not the token, and not a client that was away for too long.
                if error.code == _UNAUTHORIZED:
                    await session.renew(token)
                await asyncio.sleep(_dice.uniform(0, _PAUSE_SECONDS))
            finally:
                await _leave(bayeux)

    async def _open(self, bayeux: Bayeux, positions: Mapping[str, str]) -> Opened:
        """Become a client and subscribe to each object from where it stands."""
        await bayeux.handshake()
        followed: dict[str, bool] = {}
        refused: dict[str, str] = {}
        for name in self._objects:
            try:
                followed[name] = await _subscribe(bayeux, name, positions.get(name, ""))
            except BayeuxError as error:
                if _passes(error) or "limit" in error.text.lower():
                    raise
                refused[name] = error.text
        if not followed:
            raise RejectedError("salesforce.changes_unavailable", _said(*refused.values()))
        return Opened(tuple(followed), tuple(name for name, anew in followed.items() if anew), refused)

    def _read(self, parts: Sequence[Message], user: str) -> tuple[Told, ...]:
        """Sum up what came in one answer, by object, in order."""
        told: dict[str, Told] = {}
        for part in parts:
            name = next((name for name in self._objects if part.get("channel") == _channel(name)), "")
            if name:
                one = _read_one(name, part.get("data"), user)
                before = told.get(name, Told(name, ""))
                told[name] = Told(
                    name,
                    one.position or before.position,
                    before.count + one.count,
                    before.ids + one.ids,
                    before.gap or one.gap,
                )
        return tuple(told.values())


async def _listen(bayeux: Bayeux) -> AsyncIterator[list[Message]]:
    """Yield what each call brings, also when that is nothing."""
    clock = asyncio.get_running_loop().time
    while True:
        asked = clock()
        parts = await bayeux.connect()
        yield parts
        if not parts and clock() - asked < _PAUSE_SECONDS:
            await asyncio.sleep(_PAUSE_SECONDS)


async def _subscribe(bayeux: Bayeux, name: str, position: str) -> bool:
    """Subscribe to an object; answers whether that is only from now on, since there is no place to go on from."""
    channel = _channel(name)
    if _REPLAY.fullmatch(position):
        try:
            await bayeux.subscribe(channel, int(position))
        except BayeuxError as error:
            # Older than 72 hours, or from before the org was copied or restored.
            if error.code != _BAD or "replayid" not in error.text.lower():
                raise
        else:
            return False
    await bayeux.subscribe(channel, _NEW)
    return True


def _channel(name: str) -> str:
    return f"/data/{name}ChangeEvent"


def _read_one(name: str, data: object, user: str) -> Told:
    """Read a change event; one that cannot be read says at least that something has changed."""
    event, payload = (_member(data, key) for key in ("event", "payload"))
    header = _member(payload, "ChangeEventHeader")
    replay = event.get("replayId")
    position = str(replay) if _REPLAY.fullmatch(str(replay)) else ""
    kind, named = header.get("changeType"), header.get("recordIds")
    if not isinstance(kind, str) or kind.startswith("GAP_") or not isinstance(named, list):
        return Told(name, position, gap=True)
    if _is_ours(header, user):
        return Told(name, position)
    known = tuple(filter(None, (ids.full(str(record)) for record in named)))
    return Told(name, position, max(len(named), 1), known)


def _is_ours(header: Mapping[str, Any], user: str) -> bool:
    """Whether we have written it ourselves: under our name, or as our user by a program that gives none.

    The org's own pages write under a name too, so that what a person changes who logs in as our user still counts.
    """
    _, _, client = str(header.get("changeOrigin") or "").partition(";client=")
    if client.strip("/") == CLIENT:
        return True
    return not client and bool(user) and ids.full(str(header.get("commitUser") or "")) == ids.full(user)


def _member(document: object, name: str) -> Mapping[str, Any]:
    found = document.get(name) if isinstance(document, Mapping) else None
    return found if isinstance(found, dict) else {}


def _passes(error: BayeuxError) -> bool:
    """Whether another token, or another handshake, may do."""
    return error.code == _UNAUTHORIZED or error.advice == "handshake" or "unknown client" in error.text.lower()


def _failure(error: BayeuxError) -> ProviderError:
    """Answer a refusal that stays, in our words."""
    limit = "limit" in error.text.lower()
    code = "salesforce.changes_limit" if limit else "salesforce.changes_unavailable"
    return RejectedError(code, _said(f"{error.code} {error.text}"))


def _said(*words: str) -> str:
    return f"Salesforce said {'; '.join(dict.fromkeys(words))}"


async def _leave(bayeux: Bayeux) -> None:
    """Say goodbye, so that we do not count as a listener any longer; when nobody hears it, they forget us anyway."""
    with suppress(BayeuxError, ProviderError, TimeoutError):
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await bayeux.disconnect()
