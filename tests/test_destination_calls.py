"""Calls to addresses that other people name: whatever is at the other end, each ends, and soon."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from syncline.destinations import CallError
from tests.endpoints import calling, listening


@pytest.mark.case("webhooks", 30)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_not_followed(status: int) -> None:
    """Its target is never asked, whoever it is."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n")).split()[1])
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status} Moved\r\nLocation: /latest/meta-data\r\nContent-Length: 0\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()

    async with listening(serve) as origin, calling(origin) as opened:
        answer = await opened.post(f"{origin}/first", {}, b"")
    assert answer.status == status
    assert asked == [b"/first"]


@pytest.mark.case("webhooks", 33)
@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nX-", b"HTTP/1.1 100 Continue\r\n\r\n"])
async def test_slow_receiver_is_waited_for_no_longer_than_allowed(said: bytes) -> None:
    """Nothing, half a header, only a hundred: the call ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        while await reader.read(65_536):
            pass

    async with listening(serve) as origin, calling(origin, seconds=0.2) as opened:
        with pytest.raises(CallError) as caught:
            await asyncio.wait_for(opened.post(f"{origin}/", {}, b"x"), 5)
    assert caught.value.code == "destination.slow"


@pytest.mark.case("webhooks", 34)
async def test_endless_body_is_cut_off_and_its_status_counts() -> None:
    """What comes after the status is of no use: little of it is read, and the connection is given up."""
    written = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
        while True:
            writer.write(b"\0" * 65_536)
            await writer.drain()
            written += 65_536

    async with listening(serve) as origin, calling(origin) as opened:
        answer = await asyncio.wait_for(opened.post(f"{origin}/", {}, b"x"), 5)
    assert answer.status == 200
    assert written < 64 * 1024 * 1024  # What both systems' buffers hold, and no more.


@pytest.mark.slow
@pytest.mark.case("webhooks", 34)
@pytest.mark.parametrize("line", [b"X-A: a\r\n", b"X-A: " + b"a" * 9000 + b"\r\n", b"a" * 9000])
async def test_endless_headers_are_cut_off(line: bytes) -> None:
    """Many, or a long one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(line)
            await writer.drain()

    async with listening(serve) as origin, calling(origin) as opened:
        with pytest.raises(CallError) as caught:
            await asyncio.wait_for(opened.post(f"{origin}/", {}, b"x"), 5)
    assert caught.value.code == "destination.unreachable"


async def test_connection_is_used_again_after_a_short_answer() -> None:
    """A fast endpoint costs no handshake for each message."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await reader.readuntil(b"\r\n\r\nx")
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")

    async with listening(serve) as origin, calling(origin) as opened:
        answers = [await opened.post(f"{origin}/", {}, b"x") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert connections == 1


async def test_what_is_said_of_a_failure_names_no_address() -> None:
    """A path may be a secret: the error's words are ours."""
    async with calling("http://127.0.0.1:1") as opened:
        with pytest.raises(CallError) as caught:
            await opened.post("http://127.0.0.1:1/canary", {}, b"canary")
    assert (caught.value.code, str(caught.value)) == ("destination.unreachable", "cannot be connected to")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_name_that_nobody_answers_for_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look-up has a thread of its own: a hundred that hang are as good as none."""
    hanging = asyncio.Event()
    loop = asyncio.get_running_loop()
    look_up = socket.getaddrinfo
    release = threading.Event()

    def ask(host: str, *rest: Any, **more: Any) -> Any:  # noqa: ANN401  as the function it stands for
        if host.endswith(".dead.example"):
            loop.call_soon_threadsafe(hanging.set)
            release.wait(20)
            raise socket.gaierror("nobody knows")
        return look_up(host, *rest, **more)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    try:
        async with listening(serve) as origin:
            near = origin.replace("127.0.0.1", "localhost")
            async with calling(near) as opened:
                dead = [asyncio.create_task(opened.post(f"https://{n}.dead.example/", {}, b"")) for n in range(100)]
                await hanging.wait()
                answer = await asyncio.wait_for(opened.post(f"{near}/", {}, b"x"), 3)
                for task in dead:
                    task.cancel()
                await asyncio.gather(*dead, return_exceptions=True)
    finally:
        release.set()
    assert answer.status == 204
