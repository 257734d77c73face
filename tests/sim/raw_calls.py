"""Calls whose bytes a test writes itself, and answers whose bytes it reads."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it came: status, headers in their spelling, body."""

    status: int
    headers: dict[str, str]
    body: bytes


async def say(origin: str, text: str, body: bytes = b"") -> RawAnswer:
    """Send the lines of a request as they are written, `Host` and `Connection` aside, and answer what comes back."""
    address = urlsplit(origin)
    first, *others = text.strip().split("\n")
    lines = [first, f"Host: {address.netloc}", "Connection: close", *(line.strip() for line in others)]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        head, _, rest = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
    status, *fields = head.decode().split("\r\n")
    headers = dict(field.split(": ", 1) for field in fields)
    assert headers.get("Transfer-Encoding") != "chunked"
    return RawAnswer(int(status.split()[1]), headers, rest)
