"""Answers that are wrong on the wire: half of one, in pieces, or of another length than they say."""

import asyncio
import socket
import struct

from aiohttp import web
from aiohttp.payload import Payload

_PIECES = 20


async def body_of(answer: web.StreamResponse) -> bytes:
    """Answer the body of an answer that has not been sent."""
    body = answer.body if isinstance(answer, web.Response) else None
    if isinstance(body, Payload):  # One that would be written while it is sent.
        return await body.as_bytes()
    return bytes(body or b"")


async def begin(request: web.Request, answer: web.StreamResponse, length: int, status: int = 0) -> web.StreamResponse:
    """Send the head of an answer, with a length that may be wrong."""
    if answer.prepared:  # It is under way already.
        return answer
    begun = web.StreamResponse(status=status or answer.status, headers=answer.headers)
    begun.content_length = length
    await begun.prepare(request)
    return begun


async def half(request: web.Request, answer: web.StreamResponse, status: int = 0) -> web.StreamResponse:
    """Send the head of an answer and half of its body."""
    body = await body_of(answer) or b"nothing"
    begun = await begin(request, answer, len(body), status)
    await begun.write(body[: len(body) // 2])
    return begun


async def in_pieces(request: web.Request, answer: web.StreamResponse, seconds: float) -> web.StreamResponse:
    """Send an answer at once, but for its body, which takes so long."""
    body = await body_of(answer)
    begun = await begin(request, answer, len(body))
    size = max(1, -(-len(body) // _PIECES))
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    for piece in pieces:
        await asyncio.sleep(seconds / len(pieces))
        await begun.write(piece)
    await begun.write_eof()
    return begun


async def off_by(request: web.Request, answer: web.StreamResponse, bytes_more: int) -> web.StreamResponse:
    """Send a whole answer that says it has more bytes, or fewer with a number below nought, and end the connection."""
    body = await body_of(answer)
    length = max(0, len(body) + bytes_more)
    begun = await begin(request, answer, length)
    await begun.write(body[:length])
    if request.transport is not None:
        request.transport.write(body[length:])  # Past the server's own count, which would keep it back.
    close(request)
    return begun


def close(request: web.Request) -> None:
    """End the connection once all is sent."""
    if request.transport is not None:
        request.transport.close()


def reset(request: web.Request) -> None:
    """Break the connection off."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    # Closing without lingering makes the other side see a reset instead of an end.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
