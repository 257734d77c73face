"""Batches by syslog, against receivers that behave and that do not: only a connection that ends well acknowledges."""

import asyncio
import json
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from syncline.errors import UnreachableError
from syncline.forwarding.destination import read_destinations
from syncline.forwarding.message import messages
from syncline.forwarding.syslog import Syslog, frames
from tests.acceptance.certificates import Authority
from tests.forwarding.rows import row

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
#: RFC 5424 §6, as far as we use it.
MESSAGE = re.compile(
    r"<(?P<priority>\d{1,3})>1 (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (?P<host>[!-~]{1,255})"
    r" (?P<app>[!-~]{1,48}) (?P<process>[!-~]{1,128}) (?P<id>[!-~]{1,32}) (?P<data>(?:\[[^\]]*\])+) (?P<text>.*)",
    re.DOTALL,
)


def read_frames(data: bytes) -> list[bytes]:
    """Take octet counting apart (RFC 6587 §3.4.1)."""
    found = []
    while data:
        length, _, rest = data.partition(b" ")
        found.append(rest[: int(length)])
        assert len(found[-1]) == int(length)
        data = rest[int(length) :]
    return found


@asynccontextmanager
async def receiver(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Listen for the length of a block; answers the port."""
    open_: list[tuple[asyncio.Task[None] | None, asyncio.StreamWriter]] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_.append((asyncio.current_task(), writer))
        with suppress(asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
            await serve(reader, writer)

    server = await asyncio.start_server(take, "localhost", 0, family=socket.AF_INET, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for task, writer in open_:
            writer.transport.abort()
            if task is not None:
                task.cancel()
                await asyncio.wait({task})


class Keeper:
    """A receiver as it should be: reads to the end, then closes."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self.kept: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep all that comes."""
        self.kept.append(await reader.read())
        writer.close()


async def deliver(port: int, count: int = 3, *, scheme: str = "syslog+tcp", options: str = "", text: str = "") -> None:
    """Deliver some rows."""
    (destination,) = read_destinations([f"{scheme}://localhost:{port}#timeout=5{options}"])
    rows = [row(number, text=text) for number in range(1, count + 1)]
    await Syslog(destination).deliver(await messages(rows, "rows", None))


def test_message_is_one_of_the_standard() -> None:
    """Each part in its place, the row as its body, and the length before it counts bytes, not letters."""

    async def made() -> bytes:
        found = [row(1, text="grün"), row(2, "grant.lost"), row(3, "checks.failed")]
        return frames(await messages(found, "rows", None), "sync host.example.com")

    texts = [text.decode() for text in read_frames(asyncio.run(made()))]
    first, second, third = (MESSAGE.fullmatch(text) for text in texts)
    assert first is not None
    assert second is not None
    assert third is not None
    assert [found["priority"] for found in (first, second, third)] == ["110", "107", "108"]  # 13 * 8 + 6, 3, 4
    assert (first["host"], first["app"], first["process"]) == ("synchost.example.com", "syncline", "-")
    assert (first["id"], second["id"]) == ("sync.requested", "grant.lost")
    assert first["at"] == "2026-11-18T11:06:40.123456Z"
    assert first["data"] == '[origin software="Syncline" swVersion="0.9"][meta sequenceId="1"]'
    assert json.loads(first["text"])["row"]["data"] == {"note": "grün"}


@pytest.mark.parametrize("scheme", ["syslog+tcp", "syslog+tls"])
@pytest.mark.parametrize("size", [10, 300_000])
async def test_batch_arrives_whole(tmp_path: Path, scheme: str, size: int) -> None:
    """Small, and larger than what any buffer on the way takes."""
    authority, keeper = Authority(tmp_path), Keeper()
    is_private = scheme == "syslog+tls"
    async with receiver(keeper, authority.certify("localhost") if is_private else None) as port:
        options = f"&ca={authority.file}" if is_private else ""
        await deliver(port, 4, scheme=scheme, options=options, text="x" * size)
    (data,) = keeper.kept
    assert [json.loads(text.partition(b"] ")[2])["position"] for text in read_frames(data)] == [1, 2, 3, 4]


async def test_receiver_has_to_show_who_it_is(tmp_path: Path) -> None:
    """A certificate that nobody vouches for gets no row."""
    (folder := tmp_path / "other").mkdir()
    authority, stranger, keeper = Authority(tmp_path), Authority(folder), Keeper()
    async with receiver(keeper, authority.certify("localhost")) as port:
        with pytest.raises(UnreachableError, match="cannot be trusted"):
            await deliver(port, scheme="syslog+tls", options=f"&ca={stranger.file}")
    assert b"".join(keeper.kept) == b""


async def test_we_show_who_we_are_if_we_have_to(tmp_path: Path) -> None:
    """A receiver may ask for our certificate, too (RFC 5425 §4.2)."""
    authority, keeper = Authority(tmp_path), Keeper()
    context = authority.certify("localhost")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.file)
    ours = tmp_path / "ours.pem"
    authority.certify("us", file=ours)
    async with receiver(keeper, context) as port:
        with pytest.raises(UnreachableError):
            await deliver(port, scheme="syslog+tls", options=f"&ca={authority.file}")
        await deliver(port, scheme="syslog+tls", options=f"&ca={authority.file}&certificate={ours}")
    assert len(read_frames(b"".join(keeper.kept))) == 3


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read a little and die: what is unread is lost, and the system says so."""
    await reader.readexactly(10)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close at once, without a look."""
    writer.close()


async def _keep_open(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read all, and never close."""
    await reader.read()
    await asyncio.sleep(60)


async def _read_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Leave everything where it is."""
    assert isinstance(writer.transport, asyncio.ReadTransport)
    writer.transport.pause_reading()
    await asyncio.sleep(60)


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say much, as no receiver does."""
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behave", "is_private"),
    [
        (_reset, False),
        (_reset, True),
        (_hang_up, False),
        (_hang_up, True),
        (_read_nothing, False),
        (_read_nothing, True),
        (_talk, False),
        (_talk, True),
        (_keep_open, False),  # Over TLS asyncio itself closes in return, once all is read.
    ],
)
async def test_connection_that_does_not_end_well_acknowledges_nothing(
    tmp_path: Path, behave: Serve, *, is_private: bool
) -> None:
    """Whatever the receiver does instead of reading to the end and closing."""
    authority = Authority(tmp_path)
    async with receiver(behave, authority.certify("localhost") if is_private else None) as port:
        url = f"syslog+{'tls' if is_private else 'tcp'}://localhost:{port}#timeout=0.5"
        (destination,) = read_destinations([url + (f"&ca={authority.file}" if is_private else "")])
        rows = [row(number, text="x" * 1_000_000) for number in range(1, 9)]
        with pytest.raises(UnreachableError):
            await Syslog(destination).deliver(await messages(rows, "rows", None))


async def test_nobody_there() -> None:
    """A port that nobody listens at."""
    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(UnreachableError, match="cannot be reached"):
        await deliver(port)
