"""The Bayeux protocol on the wire: how a client is let in, waits, is told, is refused, and ends."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from syncline_sim.app import Simulation
from tests.sim.conftest import ControlDoor
from tests.sim.salesforce.streaming.conftest import Stream, held

ALL = "/data/ChangeEvents"
GONE = {"advice": {"reconnect": "handshake", "interval": 0}, "error": "403::Unknown client", "successful": False}


async def test_life(stream: Stream) -> None:
    """From the handshake to the end: each reply as the vendor words it."""
    assert await stream.handshake() == {
        "channel": "/meta/handshake",
        "clientId": stream.client,
        "id": "h",
        "version": "1.0",
        "minimumVersion": "1.0",
        "supportedConnectionTypes": ["long-polling"],
        "ext": {"replay": True, "payload.format": True},
        "successful": True,
    }
    head = {"clientId": stream.client, "successful": True}
    connected = await stream.send("/meta/connect", connectionType="long-polling", id="1")
    advice = {"interval": 0, "timeout": 110_000, "reconnect": "retry"}
    assert connected == {"channel": "/meta/connect", "id": "1", "advice": advice, **head}
    for channel in ("/meta/subscribe", "/meta/unsubscribe"):
        reply = await stream.send(channel, subscription=ALL, id="2")
        assert reply == {"channel": channel, "id": "2", "subscription": ALL, **head}
    await stream.rest("POST", "/sobjects/Lead", {"LastName": "Untold", "Company": "Acme"})
    assert await stream.wait(seconds=0) == [{"channel": "/meta/connect", **head}]
    assert await stream.send("/meta/disconnect") == {"channel": "/meta/disconnect", **head}
    assert await stream.send("/meta/connect", connectionType="long-polling") == {"channel": "/meta/connect", **GONE}
    assert await stream.subscribe(ALL) == {"channel": "/meta/subscribe", "subscription": ALL, **GONE}


async def test_batch(stream: Stream) -> None:
    """Several messages in one POST are answered in their order, and a connect among them is not held."""
    await stream.open()
    subscriptions = [f"/data/{name}ChangeEvent" for name in ("Lead", "Contact")]
    messages = [stream.message("/meta/subscribe", subscription=name) for name in subscriptions]
    connect = stream.message("/meta/connect", connectionType="long-polling")
    several = stream.message("/meta/subscribe", subscription=[ALL, "/data/AccountChangeEvent"])
    replies = await stream.post([connect, *messages, several])
    assert [reply["successful"] for reply in replies] == [True] * 4
    assert [reply.get("subscription") for reply in replies] == [None, *subscriptions, several["subscription"]]
    await stream.rest("POST", "/sobjects/Lead", {"LastName": "Told", "Company": "Acme"})
    assert [reply["channel"] for reply in await stream.wait()] == [subscriptions[0], ALL, "/meta/connect"]


async def test_bodies(stream: Stream) -> None:
    """A message may come without a list, as a form, or after another scheme; what is none is refused by HTTP."""
    message = {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}
    assert (await stream.post(message, scheme="OAuth"))[0]["successful"]
    headers = {"Authorization": f"Bearer {stream.token}"}
    text = str([message]).replace("'", '"')
    async with stream.http.post(f"{stream.address}/handshake", data={"message": text}, headers=headers) as response:
        assert (await response.json())[0]["successful"]
    for body, status in (("[]", 400), ("[{", 400), ("7", 400), ("\xff", 400), (" " * 32_769, 413)):
        async with stream.http.post(stream.address, data=body.encode("latin-1"), headers=headers) as response:
            assert response.status == status
    async with stream.http.get(stream.address, headers=headers) as response:
        assert response.status == 400


@pytest.mark.parametrize(
    ("token", "reason"), [("", "401::Request requires authentication"), ("00D!x", "401::Authentication invalid")]
)
async def test_nobody(stream: Stream, token: str, reason: str) -> None:
    """Without a token that is alive there is no handshake, and nothing else either."""
    stream.token = token
    reply = await stream.handshake()
    assert reply == {
        "channel": "/meta/handshake",
        "id": "h",
        "ext": {"sfdc": {"failureReason": reason}, "replay": True, "payload.format": True},
        "advice": {"reconnect": "none", "interval": 0},
        "error": "403::Handshake denied",
        "successful": False,
    }
    assert (await stream.send("/meta/connect", connectionType="long-polling"))["error"] == reason


@pytest.mark.parametrize("way", ["revoke", "expire", "disabled", "reset"])
async def test_session_ends(simulation: Simulation, stream: Stream, control: ControlDoor, way: str) -> None:
    """Who waits is told at once that the session is over, and not to come back with it."""
    await stream.open(ALL)
    waiting = asyncio.create_task(stream.wait())
    await held(simulation)
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "revoke": ("POST /tokens/revoke", {}),
        "expire": ("POST /tokens/expire", {}),
        "disabled": ("PATCH /users/sync@acme.example", {"permissions": []}),
        "reset": ("POST /reset", {"leads": 1, "contacts": 1}),
    }
    await control(*calls[way])
    assert await waiting == [
        {
            "channel": "/meta/connect",
            "clientId": stream.client,
            "advice": {"reconnect": "none", "interval": 0},
            "error": "401::Authentication invalid",
            "successful": False,
        }
    ]
    assert (await stream.handshake())["error"] == "403::Handshake denied"


async def test_session_lives_on(stream: Stream, control: ControlDoor) -> None:
    """As long as a client comes back in time, its session does not expire."""
    await control("POST /switches", {"side": "salesforce", "streaming_reconnect": 4000})
    await stream.open(ALL)
    for _ in range(3):
        await control("POST /clock", {"advance": 3600})
        assert (await stream.wait(seconds=0))[-1]["successful"]
    await control("POST /clock", {"advance": 7201})
    assert (await stream.wait(seconds=0))[-1]["error"] == "401::Authentication invalid"


async def test_silence(simulation: Simulation, stream: Stream, control: ControlDoor) -> None:
    """A client that does not come back for 40 seconds is forgotten, one that is held is not."""
    await stream.open(ALL)
    waiting = asyncio.create_task(stream.wait())
    await held(simulation)
    await control("POST /clock", {"advance": 100})
    await stream.rest("POST", "/sobjects/Lead", {"LastName": "Told", "Company": "Acme"})
    assert [reply["channel"] for reply in await waiting] == [ALL, "/meta/connect"]
    await control("POST /clock", {"advance": 41})
    assert await stream.wait() == [{"channel": "/meta/connect", **GONE}]


async def test_patience(stream: Stream, control: ControlDoor) -> None:
    """A connect is held for as long as the advice says, or for less if the client asks for less."""
    await control("POST /switches", {"side": "salesforce", "streaming_timeout": 0.1})
    await stream.handshake()
    first = await stream.send("/meta/connect", connectionType="long-polling")
    assert first["advice"]["timeout"] == 100
    clock = asyncio.get_running_loop().time
    for seconds, least in ((None, 0.1), (30, 0.1), (0, 0)):
        begin = clock()
        assert (await stream.wait(seconds=seconds))[-1]["successful"]
        assert clock() - begin >= least


async def test_one_waits(simulation: Simulation, stream: Stream) -> None:
    """A second connect of the same client lets the first one go, and so does a disconnect."""
    await stream.open(ALL)
    first = asyncio.create_task(stream.wait())
    await held(simulation)
    second = asyncio.create_task(stream.wait())
    assert [reply["channel"] for reply in await first] == ["/meta/connect"]
    assert not second.done()
    await stream.send("/meta/disconnect")
    assert [reply["channel"] for reply in await second] == ["/meta/connect"]


async def test_many_clients(streams: Callable[..., Stream], control: ControlDoor) -> None:
    """So many clients of an org may be subscribed at once; one that ends makes room."""
    await control("POST /switches", {"side": "salesforce", "streaming_clients": 2})
    first, second, third = streams(), streams("dana@acme.example"), streams()
    await first.open(ALL)
    await second.open(ALL)
    await third.open()
    await streams("sync@globex.example").open(ALL)
    assert (await third.subscribe(ALL))["error"] == "403::Organization concurrent user limit exceeded"
    assert (await second.subscribe("/data/LeadChangeEvent"))["successful"]
    await first.send("/meta/disconnect")
    assert (await third.subscribe(ALL))["successful"]


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("", "400::API version in the URI is mandatory. URI format: '/cometd/67.0'"),
        ("36.0", "400::Unsupported API version. Only API versions '37.0' and later are supported. URI format"),
        ("68.0", "400::Unsupported API version."),
        ("newest", "400::Unsupported API version."),
    ],
)
async def test_versions(streams: Callable[..., Stream], version: str, text: str) -> None:
    """The address names a version that there is."""
    stream = streams(version=version)
    reply = await stream.handshake()
    assert reply["error"].startswith(text)
    assert not reply["successful"]


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"subscription": "/data/leadChangeEvent"}, "400::The channel you requested to subscribe to does not exist {"),
        ({"subscription": "/topic/Leads"}, "400::The channel you requested to subscribe to does not exist {/topic/Le"),
        ({"subscription": "data/LeadChangeEvent"}, "400::Channel subscriptions must start with a leading '/'"),
        ({"subscription": ""}, "400::Channel name not specified"),
        ({}, "400::Channel name not specified"),
        ({"subscription": ALL, "clientId": ""}, "403::Client has not completed handshake"),
        ({"subscription": ALL, "channel": "/meta/connect"}, "400::Invalid connection type {}"),
        ({"connectionType": "websocket", "channel": "/meta/connect"}, "400::Invalid connection type {websocket}"),
        ({"channel": "/data/LeadChangeEvent", "data": {}}, "403::Publish denied"),
        ({"channel": "/meta/handshake", "supportedConnectionTypes": ["websocket"]}, "400::Invalid connection type"),
    ],
)
async def test_refusals(stream: Stream, members: dict[str, Any], text: str) -> None:
    """What cannot be done is refused in the vendor's words."""
    await stream.open()
    (reply,) = await stream.post([{**stream.message("/meta/subscribe"), **members}])
    assert reply["error"].startswith(text)
    assert not reply["successful"]


async def test_before_change_events(streams: Callable[..., Stream]) -> None:
    """Before version 44 the API had no change events."""
    stream = streams(version="43.0")
    await stream.open()
    assert (await stream.subscribe(ALL))["error"].endswith("does not exist {/data/ChangeEvents}")


async def test_somebody_else(stream: Stream, streams: Callable[..., Stream]) -> None:
    """A client belongs to the user who has shaken hands."""
    await stream.open()
    other = streams("dana@acme.example")
    other.client = stream.client
    reply = await other.subscribe(ALL)
    assert reply["error"] == "400::Authenticated user id does not match the session's user id"


async def test_cookies(stream: Stream) -> None:
    """Who keeps no cookies is refused, except under a number, for which hardly any client keeps them."""
    stream.address = stream.address.replace("127.0.0.1", "localhost")
    await stream.open(ALL)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as forgetful:
        careless = Stream(forgetful, stream.origin, stream.token)
        await careless.open(ALL)
        careless.address = stream.address
        text = f"400::Client {careless.client} has established a session, but no BAYEUX_BROWSER cookie present"
        assert (await careless.wait())[0]["error"] == text


async def test_the_end_of_the_world(simulation: Simulation, stream: Stream) -> None:
    """Who waits when the world ends gets an answer."""
    await stream.open(ALL)
    waiting = asyncio.create_task(stream.wait())
    await held(simulation)
    await simulation.stop()
    assert [reply["successful"] for reply in await waiting] == [True]
