"""Requests as they go over the wire, sent side by side over connections that stay open: mutants and floods."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Self

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `headers` are as they are written."""

    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    method: str = "POST"

    def get(self, name: str) -> str:
        """Answer a header as a reader of HTTP sees it, empty when it is not there."""
        found = (value for key, value in self.headers if key.lower() == name)
        return next(found, "").strip(" \t")

    def put(self, name: str, value: str | None) -> Self:
        """Answer the same request with another value of a header, or without it."""
        rest = tuple(pair for pair in self.headers if pair[0].lower() != name)
        return replace(self, headers=rest if value is None else (*rest, (name, value)))

    def write(self) -> bytes:
        """Answer the bytes; what cannot stand in a header is left out, since that would be another request."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        safe = ("".join(letter for letter in line if letter.isprintable() or letter == "\t") for line in lines)
        return "\r\n".join([*safe, "", ""]).encode("utf-8", "surrogateescape") + self.body


async def offer(
    port: int, requests: Iterator[Request], heard: Callable[[Request, int], Awaitable[None] | None], *, connections: int
) -> None:
    """Send requests over some connections, each the next one when it is answered; `heard` is told each status."""

    async def send() -> None:
        connection = Connection(port)
        for request in requests:
            answer = heard(request, await connection.ask(request))
            if answer is not None:
                await answer
        await connection.close()

    await asyncio.gather(*(send() for _ in range(connections)))


class Connection:
    """One connection, opened again when the other side has closed it."""

    def __init__(self, port: int) -> None:
        """Name the port; nothing is open yet."""
        self._port = port
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: Request) -> int:
        """Answer the status."""
        for _ in range(_ATTEMPTS):
            if self._open is None:
                self._open = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._open
            try:
                writer.write(request.write())
                return await self._read(reader)
            except (asyncio.IncompleteReadError, ConnectionError):
                await self.close()  # It was closed after the request before; nothing of this one was answered.
        raise ConnectionError(f"no answer in {_ATTEMPTS} attempts")

    async def close(self) -> None:
        """Close what is open."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    async def _read(self, reader: asyncio.StreamReader) -> int:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = next((int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:")), 0)
        await reader.readexactly(length)
        if "connection: close" in head:
            await self.close()
        return int(head.split(" ")[1])
