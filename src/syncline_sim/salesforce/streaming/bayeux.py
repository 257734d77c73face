"""The Bayeux protocol as the vendor speaks it: handshake, connect, subscribe, unsubscribe, disconnect.

Law: only one connect that comes alone is held, until there is something to tell; a second one of the same client lets
the first one go.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from syncline_sim.salesforce import access, limits, orgs, tokens
from syncline_sim.salesforce.bulk import usage
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.streaming import channels, events, payload, replies
from syncline_sim.salesforce.streaming.clients import Client, Clients
from syncline_sim.salesforce.streaming.replies import Message, Refused, Reply
from syncline_sim.salesforce.tokens import Login

if TYPE_CHECKING:
    from syncline_sim.world import World

_Answer = Callable[["Visit", Client, Login, Message], Awaitable[list[Reply]]]

LONG_POLLING = "long-polling"
#: How often a connect that is held looks whether anything was written; below what anyone takes for a delay.
_PULSE = 0.02
_AT_ONCE = 200
_MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class Visit:
    """What a request brings beside its messages."""

    token: str
    version: int
    browser: str  #: the cookie
    keeps_cookies: bool  #: it has to have the right one
    alone: bool  #: it brings one message only


class Bayeux:
    """The server of one world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._clients = Clients(world)
        world.listeners = self._clients.subscribed
        self._ended = False
        self._meta: Mapping[str, _Answer] = {
            "/meta/connect": self._connect,
            "/meta/subscribe": self._subscribe,
            "/meta/unsubscribe": self._unsubscribe,
            "/meta/disconnect": self._disconnect,
        }

    def end(self) -> None:
        """Let go of everybody who waits."""
        self._ended = True

    async def answer(self, visit: Visit, message: Message) -> tuple[list[Reply], str]:
        """Answer a message, and the cookie that belongs to a new client."""
        channel, name = str(message.get("channel") or ""), str(message.get("clientId") or "")
        try:
            if channel == "/meta/handshake":
                return self._handshake(visit, message)
            login = self._login(visit)
            client = self._client(visit, login, name)
            return await self._meta.get(channel, _publish)(visit, client, login, message), ""
        except Refused as error:
            known = "" if error.refusal.reconnect == "handshake" else name
            return [replies.refused(message, error.refusal, known)], ""

    def _handshake(self, visit: Visit, message: Message) -> tuple[list[Reply], str]:
        try:
            login = self._login(visit)
        except Refused as error:
            reason = f"{error.refusal.code}::{error.refusal.text}"
            raise Refused(replies.handshake_denied(reason)) from None
        kinds = message.get("supportedConnectionTypes")
        if not isinstance(kinds, list) or LONG_POLLING not in kinds:
            raise Refused(replies.no_connection_type(kinds))
        client = self._clients.open(login, visit.browser)
        self._extend(login)
        terms = {"version": "1.0", "minimumVersion": "1.0", "supportedConnectionTypes": [LONG_POLLING]}
        return [replies.accepted(message, client.id, **terms, ext=replies.EXTENSIONS)], client.browser

    def _login(self, visit: Visit) -> Login:
        if not visit.token:
            raise Refused(replies.NO_LOGIN)
        try:
            login = tokens.login(self._world, visit.token)
        except SalesforceError:
            raise Refused(replies.BAD_LOGIN) from None
        try:
            access.judge(self._world, login, "")
        except SalesforceError:
            raise Refused(replies.BAD_LOGIN) from None
        return login

    def _client(self, visit: Visit, login: Login, name: str) -> Client:
        if not name:
            raise Refused(replies.NO_HANDSHAKE)
        try:
            client = self._clients.find(name)
        except KeyError:
            raise Refused(replies.UNKNOWN_CLIENT) from None
        if visit.keeps_cookies and visit.browser != client.browser:
            raise Refused(replies.no_cookie(name))
        if client.user_id != login.user.id:
            raise Refused(replies.OTHER_USER)
        return client

    async def _connect(self, visit: Visit, client: Client, login: Login, message: Message) -> list[Reply]:
        if message.get("connectionType") != LONG_POLLING:
            raise Refused(replies.no_connection_type(message.get("connectionType")))
        self._extend(login)
        client.connects += 1
        # The first one is answered at once, to tell the client for how long the next ones are held.
        first = client.connects == 1
        patience = 0.0 if first or not visit.alone else self._patience(message)
        told = await self._wait(visit, client, patience)
        return [*told, replies.accepted(message, client.id, **({"advice": self._advice()} if first else {}))]

    async def _wait(self, visit: Visit, client: Client, patience: float) -> list[Reply]:
        """Wait until there is something to tell, and answer it."""
        clock, mine = asyncio.get_running_loop().time, client.connects
        until = clock() + patience
        client.waiting += 1
        try:
            while True:
                told, seen = self._news(visit, client), self._stirs(client)
                if told or clock() >= until:
                    return told
                while self._stirs(client) == seen and clock() < until:
                    await asyncio.sleep(_PULSE)
                    if self._ended or client.gone or client.connects != mine:
                        return []
        finally:
            client.waiting -= 1
            client.seen = self._world.now()

    def _stirs(self, client: Client) -> tuple[int, int]:
        """Answer numbers that stay the same as long as there can be nothing new."""
        return self._world.db.total_changes, client.subscribes

    def _news(self, visit: Visit, client: Client) -> list[Reply]:
        """Answer the next events of all channels, as the user sees them; raises `Refused` when the session is over."""
        self._login(visit)
        user, told = orgs.find_user(self._world.db, client.user_id), []
        for name, last in client.channels.items():
            rows = events.after(self._world, client.org_id, last, channels.readable(user, name), _AT_ONCE)
            told += [{"channel": name, "clientId": client.id, "data": payload.message(row, user)} for row in rows]
            if rows:
                usage.count(self._world, client.org_id, limits.DELIVERED, len(rows))
            client.channels[name] = rows[-1]["number"] if rows else last
        return told

    async def _subscribe(self, visit: Visit, client: Client, login: Login, message: Message) -> list[Reply]:
        names = _names(message)
        starts = {name: self._start(visit, login, name, channels.replay(message, name)) for name in names}
        limit = self._world.switches["salesforce"]["streaming_clients"]
        if not client.channels and self._clients.subscribed(client.org_id) >= limit:
            raise Refused(replies.TOO_MANY)
        client.channels |= starts
        client.subscribes += 1
        return [replies.accepted(message, client.id)]

    def _start(self, visit: Visit, login: Login, name: str, replay: object) -> int:
        channels.admit(self._world, login, visit.version, name)
        try:
            return events.start(self._world, login.org.id, channels.number(replay))
        except (events.ReplayError, ValueError):
            raise Refused(replies.bad_replay(replay)) from None

    async def _unsubscribe(self, _: Visit, client: Client, __: Login, message: Message) -> list[Reply]:
        for name in _names(message):
            client.channels.pop(name, None)
        return [replies.accepted(message, client.id)]

    async def _disconnect(self, _: Visit, client: Client, __: Login, message: Message) -> list[Reply]:
        self._clients.close(client)
        return [replies.accepted(message, client.id)]

    def _extend(self, login: Login) -> None:
        """Let the session live on: as long as a client is connected, it does not expire."""
        now, life = self._world.now(), self._world.switches["salesforce"]["session_lifetime"]
        query = "UPDATE salesforce_access_tokens SET expires_at = max(expires_at, ?) WHERE token = ?"
        self._world.db.execute(query, (now + life, login.token))

    def _advice(self) -> Mapping[str, Any]:
        timeout = int(self._world.switches["salesforce"]["streaming_timeout"] * _MILLISECONDS)
        return {"interval": 0, "timeout": timeout, "reconnect": "retry"}

    def _patience(self, message: Message) -> float:
        longest = float(self._world.switches["salesforce"]["streaming_timeout"])
        advice = message.get("advice")
        wish = advice.get("timeout") if isinstance(advice, dict) else None
        return min(max(wish / _MILLISECONDS, 0), longest) if isinstance(wish, int | float) else longest


async def _publish(_: Visit, __: Client, ___: Login, message: Message) -> list[Reply]:
    raise Refused(replies.NO_PUBLISHING if message.get("channel") else replies.NO_CHANNEL_NAME)


def _names(message: Message) -> Sequence[str]:
    said = message.get("subscription")
    names = [name for name in (said if isinstance(said, list) else [said]) if name and isinstance(name, str)]
    if not names:
        raise Refused(replies.NO_CHANNEL_NAME)
    if not all(name.startswith("/") for name in names):
        raise Refused(replies.NO_SLASH)
    return names
