"""A call to somebody else's server ends in time and within its size, whatever the other side does."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import quote

import aiohttp
import pytest

from syncline.wire import Reply, Wire, WireError, without
from tests.providers.stub import Stub, raw_server, stub_server

LIMIT = 100_000


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A wire with half a second of patience."""
    async with aiohttp.ClientSession() as http:
        yield Wire(http, 0.5)


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    """A server that answers what the test tells it."""
    async with stub_server() as made:
        yield made


async def test_an_answer_comes_back_whole(wire: Wire, stub: Stub) -> None:
    """Status, headers and body."""
    stub.on("/a", (201, {"b": 1}))
    reply = await wire.call("POST", f"{stub.origin}/a", headers={"X-Y": "z"}, body=b"c")
    assert (reply.status, reply.document()) == (201, {"b": 1})
    assert (stub.heard[0].body, stub.heard[0].headers["X-Y"]) == (b"c", "z")


@pytest.mark.case("oauth", 31)
async def test_a_redirect_is_an_answer_and_is_not_followed(wire: Wire, stub: Stub) -> None:
    """A token must not travel to where another server points."""
    stub.on("/a", lambda: aiohttp.web.Response(status=307, headers={"Location": "/b"}))
    reply = await wire.call("POST", f"{stub.origin}/a", body=b"secret")
    assert reply.status == 307
    assert stub.paths() == ["/a"]


async def _hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then: each read is quick, the whole is not."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a body that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


async def _claim_a_gigabyte(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    while True:
        writer.write(b"x" * 0x10000)
        await writer.drain()


async def _talk_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example.com ESMTP\r\n\r\n")
    await writer.drain()


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"access_')
    await writer.drain()


@pytest.mark.slow
@pytest.mark.case("oauth", 33)
@pytest.mark.parametrize("behave", [_hang, _drip, _flood, _claim_a_gigabyte, _talk_nonsense, _reset, _break_off])
@pytest.mark.parametrize("once", [False, True])
async def test_whatever_a_server_does_the_call_ends_as_a_lost_reply(wire: Wire, behave, once: bool) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001, FBT001  one of the functions above; a parameter of the test
    """In time, and without a word of what was sent."""
    started = time.monotonic()
    async with raw_server(behave) as origin:
        url = f"{origin}/token?code=s3cret"
        body = b"client_secret=s3cret"
        call = wire.call_once("POST", url, headers={}, body=body) if once else wire.call("POST", url, body=body)
        with pytest.raises(WireError) as caught:
            await call
    assert caught.value.sent
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert time.monotonic() - started < 15  # The servers above never end by themselves.


async def test_a_server_that_is_not_there_was_sent_nothing(wire: Wire) -> None:
    """So whatever would be spent by the call is not spent."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(WireError) as caught:
            await wire.call("POST", f"http://127.0.0.1:{port}/token", body=b"x")
    assert not caught.value.sent


async def test_a_name_that_does_not_exist_was_sent_nothing(wire: Wire) -> None:
    """A failed look-up is a failed connection."""
    with pytest.raises(WireError) as caught:
        await wire.call("GET", "http://nowhere.invalid/")
    assert not caught.value.sent


async def test_the_size_limit_is_exact(wire: Wire, stub: Stub) -> None:
    """A body of the limit passes, one byte more does not."""
    stub.on("/fits", (200, b"x" * LIMIT))
    stub.on("/not", (200, b"x" * (LIMIT + 1)))
    assert len((await wire.call("GET", f"{stub.origin}/fits", limit=LIMIT)).body) == LIMIT
    with pytest.raises(WireError, match="more than"):
        await wire.call("GET", f"{stub.origin}/not", limit=LIMIT)


async def test_a_compressed_body_is_measured_unpacked(wire: Wire, stub: Stub) -> None:
    """A small bomb does not get through."""

    def bomb() -> aiohttp.web.Response:
        response = aiohttp.web.Response(body=b"x" * (50 * LIMIT))
        response.enable_compression(aiohttp.web.ContentCoding.gzip)
        return response

    stub.on("/bomb", bomb)
    with pytest.raises(WireError):
        await wire.call("GET", f"{stub.origin}/bomb", limit=LIMIT)


async def test_a_kept_connection_that_died_does_not_look_like_a_lost_reply(stub: Stub) -> None:
    """`call_once` opens its own, whatever the session holds."""
    dead = asyncio.Event()

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        dead.set()
        await reader.readuntil(b"\r\n\r\n")  # and then close without an answer

    async with raw_server(answer_once) as origin, aiohttp.ClientSession() as http:
        wire = Wire(http, 2)
        assert (await wire.call("GET", f"{origin}/")).status == 200
        await dead.wait()
        assert (await wire.call_once("POST", f"{origin}/", headers={}, body=b"")).status == 200


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_json_is_no_document(body: bytes) -> None:
    """It is an outage, not a crash."""
    with pytest.raises(WireError, match="not JSON"):
        Reply(200, {}, body).document()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Tue, 24 Nov 2026 08:01:00 GMT", 60.0),
        ("Tue, 24 Nov 2026 07:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("9" * 400, None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str, seconds: float | None) -> None:
    """RFC 9110 §10.2.3; anything else is as if it were not there."""
    now = datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert Reply(503, {"Retry-After": text}, b"").retry_after(now) == seconds


def test_a_reply_does_not_show_its_body() -> None:
    """A body can hold tokens, and a repr can reach a log."""
    assert "t0ken" not in repr(Reply(200, {}, b"t0ken"))


@pytest.mark.case("oauth", 35)
def test_what_was_sent_in_confidence_is_struck_from_a_refusal() -> None:
    """As it is, in an address and in JSON; a short word is no secret."""
    secret = 'a/b"c&d=='
    body = f"no {secret} {quote(secret, safe='')} {json.dumps(secret)} code".encode()
    reply = without(Reply(400, {}, body), secret, "code")
    assert reply.body == b'no [redacted] [redacted] "[redacted]" code'


@pytest.mark.case("oauth", 35)
@pytest.mark.parametrize("letters", ["=", "/=+", "abc", '"a/b+c='])
def test_no_escape_of_json_hides_what_was_sent_in_confidence(letters: str) -> None:
    """Some servers escape `=` and `/`, and any letter may be (RFC 8259 §7)."""
    secret = 'a/b+c=="d'
    told = "".join(f"\\u{ord(letter):04x}" if letter in letters else json.dumps(letter)[1:-1] for letter in secret)
    body = f'{{"error": "x", "error_description": "no {told} here", "n": [1.5, null]}}'.encode()
    reply = without(Reply(400, {}, body), secret)
    assert reply.document() == {"error": "x", "error_description": "no [redacted] here", "n": [1.5, None]}
