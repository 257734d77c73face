"""The hostile half of an authorization server, on real sockets: what is called by other servers.

It answers as it should, but for one misbehaviour at a time; `MISBEHAVIOURS` names what it can do to a token request.
What it heard is kept, byte for byte, so that a test can say what it must never have been told.
"""

import asyncio
import base64
import contextlib
import gzip
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ORG, USER = "00DHs0000000001MAA", "005Hs0000000001IAA"
OTHER_ORG, OTHER_USER = "00DHs0000000002MAA", "005Hs0000000002IAA"
ACCESS, REFRESH, CODE = "canary-access-token", "canary-refresh-token", "canary-authorization-code"
GIGABYTE = 2**30
_PIECE = 2**16


@dataclass(frozen=True, slots=True)
class Call:
    """One request, whole."""

    method: str
    path: str
    raw: bytes
    form: dict[str, str]


@dataclass
class Hostile:
    """The server: how it misbehaves now, what it has heard, and how much of an endless answer it got rid of."""

    misbehaviour: str = ""
    origin: str = ""
    heard: list[Call] = field(default_factory=list)
    flooded: int = 0
    #: Where redirects and replies lead to that should lead nowhere.
    thief: str = ""
    #: Handshakes and requests that were begun, finished or not.
    connections: int = 0
    #: Whether each reply has another refresh token; the access token always is another one.
    rotating: bool = False
    replies: int = 0

    def token_requests(self, grant: str = "authorization_code") -> list[Call]:
        """Answer the token requests of a grant type, but for probes, which offer a code that cannot exist."""
        asked = (call for call in self.heard if call.form.get("grant_type") == grant)
        return [call for call in asked if call.form.get("code") != "probe"]

    def reply(self, secret: str, **change: Any) -> bytes:  # noqa: ANN401  JSON
        """Answer a token reply that is signed as Salesforce signs it; what is changed to None is left out."""
        self.replies += 1
        plain: dict[str, Any] = {
            "access_token": f"{ACCESS}-{self.replies}",
            "refresh_token": f"{REFRESH}-{self.replies}" if self.rotating else REFRESH,
            "instance_url": self.origin,
            "id": f"{self.origin}/id/{ORG}/{USER}",
            "issued_at": "1795509639961",
            "scope": "api refresh_token id",
            "token_type": "Bearer",
        } | change
        signed = f"{plain['id']}{plain['issued_at']}".encode()
        made = base64.b64encode(hmac.digest(secret.encode(), signed, hashlib.sha256)).decode()
        whole = {"signature": made} | plain
        return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()


Behaviour = Callable[[Hostile, Call, asyncio.StreamWriter], Awaitable[None]]


async def _send(writer: asyncio.StreamWriter, status: int, body: bytes = b"", **headers: str) -> None:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)
    await writer.drain()


def _changed(**change: Any) -> Behaviour:  # noqa: ANN401  JSON
    """Reply with tokens, and with a few things wrong; `{thief}`, its `{host}` and `{origin}` are filled in."""

    async def behave(server: Hostile, call: Call, writer: asyncio.StreamWriter) -> None:
        filled = {
            name: value.format(thief=server.thief, host=urlsplit(server.thief).netloc, origin=server.origin)
            if isinstance(value, str)
            else value
            for name, value in change.items()
        }
        await _send(writer, 200, server.reply(call.form.get("client_secret", ""), **filled))

    return behave


def _redirect(status: int) -> Behaviour:
    async def behave(server: Hostile, call: Call, writer: asyncio.StreamWriter) -> None:
        await _send(writer, status, Location=f"{server.thief}{call.path}")

    return behave


def _echo(status: int) -> Behaviour:
    """Refuse in the words of the request: as it came, read, and with its letters escaped."""

    async def behave(server: Hostile, call: Call, writer: asyncio.StreamWriter) -> None:
        escaped = "".join(f"\\u{ord(letter):04x}" for value in call.form.values() for letter in value)
        body = json.dumps({"error": " ".join(call.form.values()), "error_description": "ESCAPED"})
        await _send(writer, status, body.replace("ESCAPED", escaped).encode())

    return behave


async def _confess(server: Hostile, call: Call, writer: asyncio.StreamWriter) -> None:
    """Reply with tokens, and with every secret once more among the scopes."""
    scope = " ".join(["api refresh_token id", *call.form.values(), f"{ACCESS}-{server.replies + 1}", REFRESH])
    await _send(writer, 200, server.reply(call.form.get("client_secret", ""), scope=scope))


def _refuse(error: str, description: str) -> Behaviour:
    async def behave(server: Hostile, call: Call, writer: asyncio.StreamWriter) -> None:
        await _send(writer, 400, json.dumps({"error": error, "error_description": description}).encode())

    return behave


async def _hang(server: Hostile, call: Call, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def _garbage(server: Hostile, call: Call, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example.com ESMTP\r\n\x00\xff\xfe\r\n\r\n")
    await writer.drain()


async def _page(server: Hostile, call: Call, writer: asyncio.StreamWriter) -> None:
    await _send(writer, 200, b"<html>Please come back later</html>", Content_Type="application/json")


async def _reset(server: Hostile, call: Call, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _break_off(server: Hostile, call: Call, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"access_token": "')
    await writer.drain()


async def _gigabyte(server: Hostile, call: Call, writer: asyncio.StreamWriter) -> None:
    writer.write(f'HTTP/1.1 200 OK\r\nContent-Length: {GIGABYTE}\r\n\r\n{{"access_token": "'.encode())
    while server.flooded < GIGABYTE:
        writer.write(b"x" * _PIECE)
        server.flooded += _PIECE
        await writer.drain()


async def _bomb(server: Hostile, call: Call, writer: asyncio.StreamWriter) -> None:
    """A gigabyte in a megabyte."""
    await _send(writer, 200, gzip.compress(b"x" * (GIGABYTE // 16)) * 16, Content_Encoding="gzip")


#: What becomes of a token request, by name.
MISBEHAVIOURS: dict[str, Behaviour] = {
    "redirects, keeping the method": _redirect(307),
    "redirects for good": _redirect(308),
    "redirects to a page": _redirect(302),
    "hangs": _hang,
    "talks nonsense": _garbage,
    "answers with a page": _page,
    "resets the connection": _reset,
    "breaks off": _break_off,
    "answers with a gigabyte": _gigabyte,
    "answers with a bomb": _bomb,
    "names a strange instance": _changed(instance_url="{thief}"),
    "names a strange instance behind a name": _changed(instance_url="https://login.salesforce.com@{host}"),
    "names an instance without encryption": _changed(instance_url="http://acme.my.salesforce.com"),
    "names no instance": _changed(instance_url=None),
    "names a strange identity service": _changed(id="{thief}/id/" + f"{ORG}/{USER}"),
    "does not sign": _changed(signature=None),
    "signs something else": _changed(signature="AAAA"),
    "gives a token of another type": _changed(token_type="mac"),
    "gives no refresh token": _changed(refresh_token=None),
    "gives fewer scopes": _changed(scope="id refresh_token"),
    "gives more scopes": _changed(scope="full web api refresh_token id"),
    "answers for another org": _changed(id="{origin}/id/" + f"{OTHER_ORG}/{USER}"),
    "answers for another user": _changed(id="{origin}/id/" + f"{ORG}/{OTHER_USER}"),
    "echoes the request in its scopes": _confess,
    "says that the token has expired": _refuse("invalid_grant", "expired access/refresh token"),
    "echoes the request": _echo(400),
    "echoes the request with 200": _echo(200),
    "echoes the request with 500": _echo(500),
}


async def _answer(server: Hostile, call: Call, writer: asyncio.StreamWriter) -> None:
    if call.path.endswith("/token") and call.form.get("code") == "probe":
        await _send(writer, 400, b'{"error": "invalid_grant", "error_description": "invalid authorization code"}')
    elif call.path.endswith("/token"):
        await MISBEHAVIOURS.get(server.misbehaviour, _changed())(server, call, writer)
    elif call.path.endswith("/revoke"):
        await _send(writer, 200)
    else:
        await _send(writer, 404)


async def _read(reader: asyncio.StreamReader) -> Call:
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:-2])
    body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
    method, target, _ = head.split(b" ", 2)
    form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return Call(method.decode(), urlsplit(target.decode()).path, head + body, form)


@asynccontextmanager
async def hostile_server(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[Hostile]:
    """Run the server on a free port, over TLS where a certificate is given."""
    server, running = Hostile(), set[asyncio.Task[None]]()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            call = await _read(reader)
            server.heard.append(call)
            await _answer(server, call, writer)
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    server.origin = f"{scheme}://{host}:{listening.sockets[0].getsockname()[1]}"
    server.thief = "http://127.0.0.1:9"
    try:
        yield server
    finally:
        listening.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
