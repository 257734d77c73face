"""Bayeux 1.0 over long polling: as much of it as one subscriber of Salesforce's Streaming API needs.

Source: docs.cometd.org, "The Bayeux Protocol Specification 1.0"; Streaming API Developer Guide, "Bayeux Protocol,
CometD, and Long Polling" and "Streaming API Error Codes". Not a library: the one for asyncio has had no release since
February 2024, logs in by itself, opens sessions of its own and puts no bound on what a server may answer.

Law: one call at a time, each bounded in time and in size. An answer is judged by its form before anything in it is
believed, and no error has what was sent.
"""

import asyncio
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from itertools import count
from typing import Any

import msgspec
from multidict import MultiMapping
from pydantic import SecretStr

from syncline.errors import UnreachableError
from syncline.wire import MEBIBYTE, Reply, Wire, WireError, without

_POLLING = "long-polling"
#: An event has at most one megabyte (Change Data Capture Developer Guide), and an answer has several.
_LIMIT = 16 * MEBIBYTE
_OK, _CALLER, _SERVER = 200, 400, 500
#: Faults of the moment, though their numbers are those of a caller's faults.
_PASSING = frozenset({408, 425, 429})
#: Salesforce lets a call hang for 110 seconds; no server makes us wait much longer for nothing.
_POLL_SECONDS, _LONGEST_POLL = 110.0, 120.0
_LONGEST_INTERVAL = 30.0
_MOST_COOKIES = 32
_LONGEST_TEXT = 200
_MILLISECONDS = 1000

Message = Mapping[str, Any]


class BayeuxError(Exception):
    """The server refused a message: its code, its words, and what it advises (`retry`, `handshake`, `none`, '')."""

    def __init__(self, code: int, text: str, advice: str = "") -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text, self.advice = code, text, advice


class Bayeux:
    """One client from its handshake to its end."""

    def __init__(self, wire: Wire, url: str, token: SecretStr) -> None:
        """Take the address, such as `https://acme.my.salesforce.com/cometd/66.0`, and the token to show."""
        self._wire, self._url, self._token = wire, url, token
        self._client = ""
        self._cookies: dict[str, str] = {}
        self._numbers = count(1)
        self._told: list[Message] = []
        self._poll, self._interval = _POLL_SECONDS, 0.0

    async def handshake(self) -> None:
        """Become a client; raises `BayeuxError` and `UnreachableError`, as all of this."""
        answer = await self._ask(
            "/meta/handshake", version="1.0", minimumVersion="1.0", supportedConnectionTypes=[_POLLING]
        )
        client = answer.get("clientId")
        if not isinstance(client, str) or not client:
            raise _outage("answered a handshake without naming the client")
        self._client = client

    async def subscribe(self, channel: str, replay: int) -> None:
        """Ask for the events of a channel that come after `replay`; -1: for new ones only, -2: for all there are."""
        await self._ask("/meta/subscribe", subscription=channel, ext={"replay": {channel: replay}})

    async def connect(self) -> list[Message]:
        """Wait for events and answer them, none when the server's patience was over."""
        if self._interval:
            await asyncio.sleep(self._interval)
        answer = await self._ask("/meta/connect", patience=self._poll, connectionType=_POLLING)
        advice = _advice(answer)
        if advice.get("reconnect") in {"handshake", "none"}:
            raise BayeuxError(403, "the server has ended the connection", str(advice["reconnect"]))
        self._poll = _seconds(advice.get("timeout"), self._poll, _LONGEST_POLL)
        self._interval = _seconds(advice.get("interval"), self._interval, _LONGEST_INTERVAL)
        told, self._told = self._told, []
        return told

    async def disconnect(self) -> None:
        """Let the server forget the client at once, where it is one."""
        if self._client:
            await self._ask("/meta/disconnect")

    async def _ask(self, channel: str, *, patience: float = 0.0, **members: object) -> Message:
        """Send a message and answer what was said to it; what else was told is kept for `connect`."""
        known = {"clientId": self._client} if self._client else {}
        message = {"channel": channel, "id": str(next(self._numbers)), **known, **members}
        reply = await self._post(message, patience)
        answer = self._sort(reply, message)
        if answer is None:
            if _CALLER <= reply.status < _SERVER and reply.status not in _PASSING:
                raise BayeuxError(reply.status, f"status {reply.status}")
            wait = reply.retry_after()
            raise UnreachableError(
                "salesforce.unreachable", f"Salesforce answered {reply.status} without an event", retry_after=wait
            )
        if answer.get("successful") is not True:
            raise _refusal(answer)
        return answer

    async def _post(self, message: Message, patience: float) -> Reply:
        token = self._token.get_secret_value()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Accept": "application/json"}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        body = msgspec.json.encode([message])
        timeout = self._wire.timeout + patience
        try:
            reply = await self._wire.call("POST", self._url, headers=headers, body=body, limit=_LIMIT, timeout=timeout)
        except WireError as error:
            raise _outage(str(error)) from None
        self._keep_cookies(reply)
        return reply if reply.status == _OK else without(reply, token)

    def _keep_cookies(self, reply: Reply) -> None:
        """Remember what the server wants to see again; a client is tied to one of its machines by that."""
        if not isinstance(reply.headers, MultiMapping):
            return
        for line in reply.headers.getall("Set-Cookie", []):
            try:
                found = {name: morsel.coded_value for name, morsel in SimpleCookie(line).items()}
            except CookieError:
                continue
            self._cookies = dict([*(self._cookies | found).items()][-_MOST_COOKIES:])

    def _sort(self, reply: Reply, message: Message) -> Message | None:
        """Keep the events of an answer, and answer what was said to our message, None when nothing was."""
        try:
            document = reply.document()
        except WireError:
            return None
        said = [part for part in document if isinstance(part, dict)] if isinstance(document, list) else []
        if reply.status == _OK:
            self._told += [part for part in said if "data" in part and not str(part.get("channel")).startswith("/meta")]
        for part in said:
            if part.get("channel") == message["channel"] and part.get("id", message["id"]) == message["id"]:
                return part
        return None


def _refusal(answer: Message) -> BayeuxError:
    """Read `403::Unknown client`; of a handshake, the reason that is given beside it says more."""
    text = str(answer.get("error") or "refused without a word")
    ext = answer.get("ext")
    sfdc = ext.get("sfdc") if isinstance(ext, dict) else None
    reason = sfdc.get("failureReason") if isinstance(sfdc, dict) else None
    code, _, words = str(reason or text).partition("::")
    number = int(code) if code.isascii() and code.isdecimal() and len(code) == len("403") else 0
    return BayeuxError(number, (words or text)[:_LONGEST_TEXT], str(_advice(answer).get("reconnect") or ""))


def _advice(answer: Message) -> Mapping[str, Any]:
    advice = answer.get("advice")
    return advice if isinstance(advice, dict) else {}


def _seconds(said: object, otherwise: float, longest: float) -> float:
    """Answer a time that was advised in milliseconds, within bounds."""
    if isinstance(said, bool) or not isinstance(said, int | float):
        return otherwise
    return min(max(said / _MILLISECONDS, 0.0), longest)


def _outage(words: str) -> UnreachableError:
    return UnreachableError("salesforce.unreachable", f"Salesforce {words}")
