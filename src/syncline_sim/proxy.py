"""A small CONNECT proxy by which clients with the vendors' host names built in reach the simulated world.

Law: it leads the names below to this world's own HTTPS doors and nothing anywhere else; who asks for any other host
is refused, so that what a test forgot to simulate never leaves this machine.
"""

import asyncio
import socket
import struct
from collections.abc import Mapping

#: Which side answers to which of the vendors' names; `*` is one label, as in a certificate.
HOSTS: Mapping[str, str] = {
    "login.salesforce.com": "salesforce",
    "test.salesforce.com": "salesforce",
    "*.my.salesforce.com": "salesforce",
    "*.sandbox.my.salesforce.com": "salesforce",
    "*.mktorest.com": "marketo",
}
_HTTPS = "443"
_PATIENCE = 10.0
_LONGEST_HEAD = 16 * 1024
_CHUNK = 64 * 1024
_END = b"\r\n\r\n"

Address = tuple[str, int]


def side_of(host: str) -> str | None:
    """Answer which side a host name belongs to, if it is one of the vendors' that are simulated."""
    name = host.lower().rstrip(".")
    _, _, parent = name.partition(".")
    return HOSTS.get(name) or HOSTS.get(f"*.{parent}")


class Proxy:
    """The proxy of one world; `doors` has the address of each side's HTTPS door."""

    def __init__(self, doors: Mapping[str, Address]) -> None:
        self._doors = doors
        self._server: asyncio.Server | None = None
        self._tunnels: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen, and answer on which port; raises `OSError`."""
        self._server = await asyncio.start_server(self._accept, host, port, limit=_LONGEST_HEAD)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """Close the door and every tunnel."""
        if self._server is not None:
            self._server.close()
        for tunnel in self._tunnels:
            tunnel.cancel()
        await asyncio.gather(*self._tunnels, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tunnel = asyncio.ensure_future(self._serve(reader, writer))
        self._tunnels.add(tunnel)
        tunnel.add_done_callback(self._tunnels.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _tunnel(reader, writer, self._doors[await _asked(reader)])
        except _RefusedError as error:
            writer.write(error.answer)
        except (OSError, EOFError):
            pass  # The client has gone; there is nobody to tell.
        finally:
            writer.close()


class _RefusedError(Exception):
    """A request that leads nowhere, with the answer to it."""

    def __init__(self, status: str, reason: str, *headers: str) -> None:
        super().__init__(reason)
        size = f"Content-Length: {len(reason)}"
        lines = (f"HTTP/1.1 {status}", "Content-Type: text/plain", size, "Connection: close", *headers)
        self.answer = "\r\n".join(lines).encode() + _END + reason.encode()


async def _asked(reader: asyncio.StreamReader) -> str:
    """Read which side the client wants to be led to; raises `_RefusedError`."""
    try:
        async with asyncio.timeout(_PATIENCE):
            head = await reader.readuntil(_END)
    except asyncio.LimitOverrunError:
        raise _RefusedError("431 Request Header Fields Too Large", "That is too long.") from None
    except TimeoutError:
        raise _RefusedError("408 Request Timeout", "Nothing was asked.") from None
    words = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
    if len(words) != 3:  # noqa: PLR2004 - method, target, version
        raise _RefusedError("400 Bad Request", "That is not HTTP.")
    method, target, _ = words
    if method != "CONNECT":
        raise _RefusedError("405 Method Not Allowed", "This proxy knows CONNECT only.", "Allow: CONNECT")
    host, _, port = target.rpartition(":")
    side = side_of(host)
    if side is None or port != _HTTPS:
        raise _RefusedError("403 Forbidden", "This proxy leads to simulated hosts only.")
    return side


async def _tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: Address) -> None:
    door_reader, door_writer = await asyncio.open_connection(*address)
    try:
        writer.write(b"HTTP/1.1 200 Connection established" + _END)
        async with asyncio.TaskGroup() as both:
            both.create_task(_carry(reader, door_writer))
            both.create_task(_carry(door_reader, writer))
    except* OSError:
        # One end broke off instead of ending; the other is to see the same, not an end in good order.
        _break_off(writer)
    finally:
        door_writer.close()


def _break_off(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    # Closing without lingering makes the other side see a reset instead of an end.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    writer.write_eof()
