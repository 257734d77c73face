"""Faults on the wire: at which point an answer stops, how it drips, and what is wrong about it."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from syncline_sim.app import Simulation
from tests.sim.conftest import ControlDoor
from tests.sim.person import Person
from tests.sim.secured import secured, trust

REQUEST = b"GET /services/data HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def _raw(simulation: Simulation, *, enough: bytes = b"") -> bytes:
    """Answer what is on the wire until the connection ends, or until some bytes have come and no more do."""
    port = int(simulation.world.urls["salesforce"].rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    found = b""
    try:
        while True:
            more = await asyncio.wait_for(reader.read(65536), 0.2 if enough and enough in found else 5)
            if not more:
                return found
            found += more
    except TimeoutError:
        return found + b"<silence>"
    except ConnectionResetError:
        return found + b"<reset>"
    finally:
        writer.close()


def _split(answer: bytes) -> tuple[str, bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode(), body


async def _whole(simulation: Simulation) -> bytes:
    return _split(await _raw(simulation))[1]


@pytest.mark.parametrize("kind", ["hang", "reset"])
async def test_how_far_an_answer_gets(simulation: Simulation, control: ControlDoor, kind: str) -> None:
    """Before the head, after it, or in the middle of the body."""
    whole, end = await _whole(simulation), {"hang": b"<silence>", "reset": b"<reset>"}[kind]
    for at, body in (("headers", b""), ("body", whole[: len(whole) // 2])):
        await control("POST /faults", {"side": "salesforce", "kind": kind, "at": at})
        head, found = _split(await _raw(simulation, enough=b"\r\n\r\n" + body))
        assert head.startswith("HTTP/1.1 200")
        assert f"Content-Length: {len(whole)}" in head
        assert found == body + end
    await control("POST /faults", {"side": "salesforce", "kind": "reset", "at": "body", "status": 201})
    assert (await _raw(simulation)).startswith(b"HTTP/1.1 201")
    await control("POST /faults", {"side": "salesforce", "kind": "reset"})
    assert await _raw(simulation) == b"<reset>"


async def test_a_hang_that_ends(simulation: Simulation, control: ControlDoor) -> None:
    """A hang with an end is a reset then."""
    await control("POST /faults", {"side": "salesforce", "kind": "hang", "seconds": 0.05, "at": "headers"})
    assert (await _raw(simulation)).endswith(b"\r\n\r\n<reset>")


@pytest.mark.parametrize("off_by", [10, 1, -10, -100_000])
async def test_wrong_length(simulation: Simulation, control: ControlDoor, off_by: int) -> None:
    """The body is whole; what is announced is not its length."""
    whole = await _whole(simulation)
    await control("POST /faults", {"side": "salesforce", "kind": "length", "off_by": off_by})
    head, body = _split(await _raw(simulation))
    assert f"Content-Length: {max(0, len(whole) + off_by)}\r\n" in head + "\r\n"
    assert body == whole


async def test_wrong_type(person: Person, control: ControlDoor) -> None:
    """The right body under another name."""
    for wanted, said in (("", "text/html"), ("application/octet-stream", "application/octet-stream")):
        fault = {"side": "salesforce", "kind": "content_type"} | ({"content_type": wanted} if wanted else {})
        await control("POST /faults", fault)
        async with person.http.get(person.salesforce / "services/data") as response:
            assert response.content_type == said
            assert (await response.json(content_type=None))[0]["version"]


async def test_drip(simulation: Simulation, control: ControlDoor) -> None:
    """The head comes at once, the body in pieces, all of it in the end."""
    whole = await _whole(simulation)
    fault = {"side": "salesforce", "kind": "slow", "pace": "drip", "seconds": 0.3}
    await control("POST /faults", fault)
    port = int(simulation.world.urls["salesforce"].rpartition(":")[2])
    start = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    await reader.readuntil(b"\r\n\r\n")
    pieces = []
    while piece := await asyncio.wait_for(reader.read(65536), 5):
        pieces.append(piece)
    writer.close()
    assert time.monotonic() - start >= 0.3
    assert b"".join(pieces) == whole
    assert len(pieces) > 5


async def test_slow_start(person: Person, control: ControlDoor) -> None:
    """Each call waits less than the one before, and in the end none does."""
    fault = {"side": "salesforce", "kind": "slow", "pace": "slow_start", "seconds": 0.2, "over": 2, "times": 4}
    await control("POST /faults", fault)
    waits = []
    for _ in range(3):
        start = time.monotonic()
        async with person.http.get(person.salesforce / "services/data") as response:
            assert response.status == 200
        waits.append(time.monotonic() - start)
    assert waits[0] >= 0.2 > waits[1] >= 0.1 > waits[2]


def test_waits_are_drawn_from_the_seed(simulation: Simulation) -> None:
    """The same world has the same waits, whatever kind of waiting; they lie between the two ends."""
    fault = {"side": "salesforce", "kind": "slow", "pace": "uniform", "least": 0.1, "seconds": 0.4}

    def drawn() -> list[float]:
        simulation.faults.reset()
        made, waits = simulation.faults.add(fault), []
        for made.hits in range(1, 50):
            waits.append(made.wait())
        return waits

    waits = drawn()
    assert waits == drawn()
    assert 0.1 <= min(waits) < 0.15
    assert 0.35 < max(waits) <= 0.4
    simulation.world.seed = 2
    assert waits != drawn()


@pytest.fixture
async def tls(tmp_path: Path) -> AsyncIterator[Simulation]:
    """A world with HTTPS."""
    async with secured(tmp_path) as running:
        yield running


async def _ask(http: aiohttp.ClientSession, simulation: Simulation, side: str) -> int:
    url = f"{simulation.world.urls[f'{side}_https']}/services/data"
    async with http.get(url, ssl=trust(simulation), headers={"Connection": "close"}) as response:
        await response.read()
        return response.status


async def test_reset_under_tls(tls: Simulation, http: aiohttp.ClientSession) -> None:
    """A reset is one of the connection below, not a polite end of TLS."""
    tls.faults.add({"side": "salesforce", "kind": "reset", "at": "body", "times": 1})
    port = int(tls.world.urls["salesforce_https"].rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust(tls))
    writer.write(REQUEST)
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), 5)
    writer.transport.abort()
    assert await _ask(http, tls, "salesforce") == 200


async def test_handshake(tls: Simulation, http: aiohttp.ClientSession) -> None:
    """A handshake of one side is broken off; calls in the clear and the other side are not concerned."""
    fault = tls.faults.add({"side": "salesforce", "kind": "handshake", "skip": 1})
    assert await _ask(http, tls, "salesforce") == 200
    assert await _ask(http, tls, "marketo") == 200
    with pytest.raises(aiohttp.ClientConnectorError):
        await _ask(http, tls, "salesforce")
    assert await _ask(http, tls, "salesforce") == 200
    assert (fault.hits, fault.times) == (1, 0)
    async with http.get(f"{tls.world.urls['salesforce']}/services/data") as response:
        assert response.status == 200
