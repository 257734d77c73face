"""What a server may do at the address of the streaming API: refuse, be down, talk nonsense, hang, never end."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from syncline.errors import UnreachableError
from syncline.providers.salesforce import bayeux
from syncline.providers.salesforce.bayeux import Bayeux, BayeuxError
from syncline.wire import Wire
from tests.providers.stub import Answer, Stub, raw_server

PATH = "/cometd/66.0"
TOKEN = "00D!s3cret-t0ken"
HELLO = {"channel": "/meta/handshake", "successful": True, "clientId": "c1"}
FINE = {"channel": "/meta/connect", "successful": True}


def refused(channel: str, error: str, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401  JSON
    """A refusal, as the server words it."""
    return [{"channel": channel, "successful": False, "error": error, **more}]


class Client:
    """A client that a test has made."""

    def __init__(self, http: aiohttp.ClientSession, stub: Stub) -> None:
        """Take where it calls."""
        self.stub = stub
        self.bayeux = Bayeux(Wire(http, 1.0), f"{stub.origin}{PATH}", SecretStr(TOKEN))

    def sent(self) -> list[dict[str, Any]]:
        """Answer the messages that arrived."""
        return [json.loads(call.body)[0] for call in self.stub.heard]


@pytest.fixture
async def client(stub: Stub) -> Any:  # noqa: ANN401  a generator
    """A client of the stub."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield Client(http, stub)


async def test_messages_are_what_the_protocol_says(client: Client) -> None:
    """The client's id is in each after the handshake, and the place in the subscription."""
    event = {"channel": "/data/LeadChangeEvent", "data": {"event": {"replayId": 7}}}
    advised = {**FINE, "advice": {"reconnect": "retry", "interval": 0, "timeout": 110_000}}
    client.stub.on(PATH, (200, [HELLO]), (200, [{"channel": "/meta/subscribe", "successful": True}]))
    await client.bayeux.handshake()
    await client.bayeux.subscribe("/data/LeadChangeEvent", 6)
    client.stub.on(PATH, (200, [event, advised]))
    assert await client.bayeux.connect() == [event]
    client.stub.on(PATH, (200, [{"channel": "/meta/disconnect", "successful": True}]))
    await client.bayeux.disconnect()

    hello, subscribe, connect, goodbye = client.sent()
    assert hello["supportedConnectionTypes"] == ["long-polling"]
    assert "clientId" not in hello
    assert subscribe["ext"] == {"replay": {"/data/LeadChangeEvent": 6}}
    assert {part["clientId"] for part in (subscribe, connect, goodbye)} == {"c1"}
    assert len({part["id"] for part in client.sent()}) == 4
    assert {call.headers["Authorization"] for call in client.stub.heard} == {f"Bearer {TOKEN}"}


async def test_what_comes_with_another_answer_is_not_lost(client: Client) -> None:
    """A server may put events into any answer."""
    event = {"channel": "/data/LeadChangeEvent", "data": {}}
    client.stub.on(
        PATH, (200, [HELLO]), (200, [event, {"channel": "/meta/subscribe", "successful": True}]), (200, [FINE])
    )
    await client.bayeux.handshake()
    await client.bayeux.subscribe("/data/LeadChangeEvent", -1)
    assert await client.bayeux.connect() == [event]
    assert await client.bayeux.connect() == []


async def test_cookies_come_back(client: Client) -> None:
    """A client is tied to a machine by them; broken ones are left out, and there is an end to their number."""

    def with_cookies() -> web.Response:
        response = web.json_response([HELLO])
        response.headers.add("Set-Cookie", "BAYEUX_BROWSER=abc; Secure; HttpOnly")
        response.headers.add("Set-Cookie", "sticky=m7; Path=/")
        response.headers.add("Set-Cookie", ";;=nonsense")
        return response

    client.stub.on(PATH, with_cookies, (200, [FINE]))
    await client.bayeux.handshake()
    await client.bayeux.connect()
    assert client.stub.heard[1].headers["Cookie"] == "BAYEUX_BROWSER=abc; sticky=m7"
    assert "Cookie" not in client.stub.heard[0].headers


@pytest.mark.parametrize(
    ("answer", "code", "text"),
    [
        ((403, b"no"), 403, "status 403"),
        ((404, b"<html>"), 404, "status 404"),
        ((401, {"error": "x"}), 401, "status 401"),
        ((200, refused("/meta/handshake", "403::Unknown client", advice={"reconnect": "handshake"})), 403, "Unknown"),
        ((403, refused("/meta/handshake", "403::Handshake denied")), 403, "Handshake denied"),
        (
            (
                200,
                refused(
                    "/meta/handshake",
                    "403::Handshake denied",
                    ext={"sfdc": {"failureReason": "401::Authentication invalid"}},
                ),
            ),
            401,
            "Authentication invalid",
        ),
        ((200, refused("/meta/handshake", f"400::{TOKEN} is bad")), 400, "is bad"),
        ((200, refused("/meta/handshake", "9" * 500)), 0, "999"),
        ((200, [{"channel": "/meta/handshake", "successful": "yes"}]), 0, "without a word"),
    ],
    ids=["403", "404", "401", "unknown", "denied", "dead token", "echo", "no code", "not true"],
)
async def test_refusals_are_told_apart(client: Client, answer: Answer, code: int, text: str) -> None:
    """By the code and words of the server."""
    client.stub.on(PATH, answer)
    with pytest.raises(BayeuxError) as caught:
        await client.bayeux.handshake()
    assert caught.value.code == code
    assert text in caught.value.text
    assert len(caught.value.text) <= 200


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"<html>down</html>"),
        (503, [HELLO][:0]),
        (429, b""),
        (302, b""),
        (200, b"not JSON"),
        (200, b"[" * 100_000),
        (200, HELLO),
        (200, [1, None, "x"]),
        (200, [{"channel": "/meta/connect", "successful": True}]),
        (200, [{"channel": "/meta/handshake", "successful": True, "clientId": 7}]),
    ],
    ids=["500", "503", "429", "302", "words", "brackets", "no list", "no messages", "another answer", "no client"],
)
async def test_whatever_is_no_answer_is_an_outage(client: Client, answer: Answer) -> None:
    """It is tried again later."""
    client.stub.on(PATH, answer)
    with pytest.raises(UnreachableError) as caught:
        await client.bayeux.handshake()
    assert TOKEN not in str(caught.value)


async def test_a_pause_that_is_asked_for_is_told(client: Client) -> None:
    """By `Retry-After`."""
    client.stub.on(PATH, lambda: web.Response(status=503, headers={"Retry-After": "17"}))
    with pytest.raises(UnreachableError) as caught:
        await client.bayeux.handshake()
    assert caught.value.retry_after == 17


@pytest.mark.parametrize("reconnect", ["handshake", "none"])
async def test_a_connect_that_says_goodbye_ends_the_client(client: Client, reconnect: str) -> None:
    """Though it calls itself successful."""
    client.stub.on(PATH, (200, [{**FINE, "advice": {"reconnect": reconnect}}]))
    with pytest.raises(BayeuxError) as caught:
        await client.bayeux.connect()
    assert caught.value.advice == reconnect


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(2_000, 2.0), (10**12, 120.0), (-5, 0.0), ("soon", 110.0), (True, 110.0), (None, 110.0)],
)
async def test_no_server_makes_us_wait_for_ever(client: Client, said: object, seconds: float) -> None:
    """What it advises counts within bounds, and only where it is a number."""
    client.stub.on(PATH, (200, [{**FINE, "advice": {"timeout": said}}]))
    await client.bayeux.connect()
    assert client.bayeux._poll == seconds


async def _hang(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n[")
    while True:
        writer.write(b" " * 65_536)
        await writer.drain()


async def _drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n[")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.slow
@pytest.mark.parametrize("behave", [_hang, _flood, _drip])
async def test_time_and_size_have_an_end(behave: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of the call that is meant to hang."""
    monkeypatch.setattr(bayeux, "_POLL_SECONDS", 0.3)
    monkeypatch.setattr(bayeux, "_LIMIT", 1_000_000)
    async with raw_server(behave) as origin, aiohttp.ClientSession() as http:
        client = Bayeux(Wire(http, 0.3), f"{origin}{PATH}", SecretStr(TOKEN))
        for call in (client.handshake, client.connect):
            async with asyncio.timeout(3):
                with pytest.raises(UnreachableError):
                    await call()
