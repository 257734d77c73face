"""Rows as syslog messages (RFC 5424), each with its length before it, over TCP (RFC 6587 §3.4.1) or TLS (RFC 5425).

Syslog acknowledges nothing. What can be known is that the other side's system has taken every byte, and that its
program read all of them before it closed in return: a system whose program ends with bytes unread says so by a reset.
So a batch is a connection: bytes out, our end, their end. Anything else is a failure, and the batch is sent again.
"""

import asyncio
import fcntl
import socket
import ssl
import struct
import sys
import termios
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from syncline.core.audit import Row
from syncline.core.ocsf import severity_of
from syncline.errors import UnreachableError
from syncline.forwarding.destination import Destination
from syncline.forwarding.message import Message

T = TypeVar("T")

_LOG_AUDIT = 13  #: the facility, RFC 5424 §6.2.1
#: Ours to theirs: informational, notice, warning, error.
_SEVERITIES = {1: 6, 2: 5, 3: 4, 4: 3}
_EPOCH = datetime.fromtimestamp(0, UTC)
_CHUNK = 64 * 1024
#: What another side may say that has nothing to say.
_MOST_HEARD = 64 * 1024
_LOOK_AGAIN = 0.01
_LARGEST_SEQUENCE = 2**31 - 1


def frames(batch: Sequence[Message], hostname: str) -> bytes:
    """Answer a batch as it goes over the line."""
    return b"".join(b"%d %b" % (len(text), text) for text in (message_of(each, hostname) for each in batch))


def message_of(message: Message, hostname: str) -> bytes:
    """Answer one row as a message; its body is JSON without a byte order mark, which readers of JSON refuse."""
    row = message.row
    priority = _LOG_AUDIT * 8 + _SEVERITIES[severity_of(row)]
    moment = (_EPOCH + timedelta(microseconds=row.at)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    sequence = (message.position - 1) % _LARGEST_SEQUENCE + 1
    facts = f'[origin software="Syncline" swVersion="{_value(row)}"][meta sequenceId="{sequence}"]'
    head = f"<{priority}>1 {moment} {_word(hostname, 255)} syncline - {_word(row.type, 32)} {facts} "
    return head.encode() + message.body


def _word(text: str, longest: int) -> str:
    """Answer what is left of a text in the letters of a header: printable ASCII without a space."""
    return "".join(letter for letter in text if "!" <= letter <= "~")[:longest] or "-"


def _value(row: Row) -> str:
    text = row.software[:32]
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


class Syslog:
    """Brings batches to one syslog receiver."""

    #: A receiver that has read everything may die before it has kept it.
    doubtful = True

    def __init__(self, destination: Destination) -> None:
        """Take where to."""
        self._destination = destination
        self._hostname = socket.gethostname()
        #: Kept, since to read a system's authorities takes as long as to send a batch.
        self._context: ssl.SSLContext | None = None

    async def deliver(self, batch: Sequence[Message]) -> None:
        """Send a batch over a connection of its own and see it end well; raises `UnreachableError`."""
        destination = self._destination
        if self._context is None and destination.is_private:
            self._context = destination.trust()
        try:
            async with asyncio.timeout(destination.timeout):
                await _send(destination.host, destination.port, frames(batch, self._hostname), self._context)
        except TimeoutError:
            text = f"did not take the rows and close within {destination.timeout:g} seconds"
        except ssl.SSLCertVerificationError as error:
            text = f"cannot be trusted ({error.verify_message})"
        except _SaysTooMuchError:
            text = "answers, which no receiver of syslog does"
        except OSError as error:
            text = f"cannot be reached, or broke off ({type(error).__name__})"
        else:
            return
        self._context = None  # The next try reads the files again, for somebody may have put another one there.
        raise UnreachableError("forwarding.unreachable", text)

    async def close(self) -> None:
        """Nothing is held between two batches."""


class _SaysTooMuchError(Exception):
    """The other side sends and sends."""


async def _send(host: str, port: int, data: bytes, context: ssl.SSLContext | None) -> None:
    with await _connect(host, port) as line:
        if context is None:
            await asyncio.get_running_loop().sock_sendall(line, data)
            await _see_taken(line)
        else:
            tls = _Tls(line, context, host)
            await tls.run(tls.object.do_handshake)
            await tls.write(data)
            await _see_taken(line)
            await tls.end()
        line.shutdown(socket.SHUT_WR)
        await _hear_end(line)


async def _connect(host: str, port: int) -> socket.socket:
    """Connect to the first address of a host that answers."""
    loop = asyncio.get_running_loop()
    refused: OSError = ConnectionError("no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        line = socket.socket(family, kind, protocol)
        try:
            line.setblocking(False)  # noqa: FBT003  it takes its flag by position only
            await loop.sock_connect(line, address)
        except OSError as error:
            line.close()
            refused = error
        except BaseException:
            line.close()
            raise
        else:
            return line
    raise refused


async def _see_taken(line: socket.socket) -> None:
    """Wait until the other side's system has confirmed every byte; where ours does not tell, its end has to do."""
    while sys.platform == "linux":
        if error := line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise ConnectionError(error)
        (left,) = struct.unpack("i", fcntl.ioctl(line, termios.TIOCOUTQ, bytes(4)))
        if not left:
            return
        await asyncio.sleep(_LOOK_AGAIN)


async def _hear_end(line: socket.socket) -> None:
    """Wait until the other side has closed, too; a reset raises `ConnectionResetError`."""
    heard = 0
    while part := await asyncio.get_running_loop().sock_recv(line, _CHUNK):
        heard += len(part)
        if heard > _MOST_HEARD:
            raise _SaysTooMuchError


class _Tls:
    """TLS over a socket, step by step, so that it is known what the other side has confirmed when it ends."""

    def __init__(self, line: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self._line = line
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = context.wrap_bio(self._in, self._out, server_hostname=host)
        self._heard = 0

    async def run(self, step: Callable[[], T]) -> T:
        """Take a step, with as much going out and coming in as it wants."""
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._receive()
            else:
                await self._flush()
                return result

    async def write(self, data: bytes) -> None:
        """Send everything."""
        for start in range(0, len(data), _CHUNK):
            part = data[start : start + _CHUNK]
            await self.run(partial(self.object.write, part))

    async def end(self) -> None:
        """Say that we are done and hear that they are; many end their line without a word, which counts as much."""
        try:
            await self.run(self.object.unwrap)
        except ssl.SSLError:
            if not self._in.eof:
                raise
        await self._flush()

    async def _flush(self) -> None:
        if data := self._out.read():
            await asyncio.get_running_loop().sock_sendall(self._line, data)

    async def _receive(self) -> None:
        data = await asyncio.get_running_loop().sock_recv(self._line, _CHUNK)
        self._heard += len(data)
        if self._heard > _MOST_HEARD:
            raise _SaysTooMuchError
        self._in.write(data) if data else self._in.write_eof()
