"""A sender of prepared requests over keep-alive connections: a process of its own, on bare protocols.

Without a rate each connection sends its next request when the one before is answered: that finds the greatest rate,
and its latencies say no more than connections / rate (Little's law). With a rate the requests are due at even
distances whether or not the server keeps up, and a latency counts from when its request was due, so that one that had
to wait for a free connection is not forgiven.

It reads one JSON line from standard input and answers one on standard output (`Asked`, `Answer`). The file that it is
told of holds the raw requests, each preceded by its length in 4 bytes.
"""

import asyncio
import json
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import cast

import uvloop

_MOST_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """How it went; times are in seconds."""

    seconds: float
    p50: float
    p99: float
    statuses: dict[str, int]


def offer(port: int, connections: int, requests: list[bytes], *, rate: float = 0) -> Answer:
    """Send requests from another process, at a rate per second or as fast as they are answered.

    Raises AssertionError unless every one of them is answered with 200.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "requests"
        path.write_bytes(b"".join(struct.pack("<I", len(request)) + request for request in requests))
        asked = json.dumps({"port": port, "connections": connections, "requests": str(path), "rate": rate})
        command = [sys.executable, "-m", "benchmarks.load"]
        done = subprocess.run(command, input=asked + "\n", stdout=subprocess.PIPE, text=True, check=True)
    answer = Answer(**json.loads(done.stdout))
    assert answer.statuses == {"200": len(requests)}, answer.statuses
    return answer


def main() -> None:
    """Send everything, then say how it went."""
    asked = json.loads(sys.stdin.readline())
    requests = _read_requests(Path(asked["requests"]))
    answer = uvloop.run(_send(asked["port"], asked["connections"], Due(requests, asked["rate"])))
    sys.stdout.write(json.dumps(asdict(answer)) + "\n")


def _read_requests(path: Path) -> list[bytes]:
    content, at, requests = path.read_bytes(), 0, []
    while at < len(content):
        (length,) = struct.unpack_from("<I", content, at)
        requests.append(content[at + 4 : at + 4 + length])
        at += 4 + length
    return requests


class Due:
    """The requests, when each is due, and the connections that wait for one."""

    def __init__(self, requests: list[bytes], rate: float) -> None:
        self.done = asyncio.Event()
        self.latencies: list[float] = []
        self.statuses: Counter[str] = Counter()
        self._requests, self._every = iter(requests), 1 / rate if rate else 0.0
        self._left, self._next_due = len(requests), 0.0
        self._idle: deque[Sender] = deque()

    def start(self) -> None:
        """The first request is due now."""
        self._next_due = time.perf_counter()
        if self._every:
            self._tick()

    def free(self, sender: "Sender") -> None:
        """Give a connection its next request, now or when one is due."""
        self._idle.append(sender)
        self._hand_out()

    def answered(self, latency: float, status: str) -> None:
        """Note an answer; the last one ends the run."""
        self.latencies.append(latency)
        self.statuses[status] += 1
        self._left -= 1
        if not self._left:
            self.done.set()

    def _hand_out(self) -> None:
        while self._idle and (due := self._due()) is not None:
            request = next(self._requests, None)
            if request is None:
                return
            self._idle.popleft().send(request, due)

    def _due(self) -> float | None:
        now = time.perf_counter()
        if not self._every:
            return now
        due = self._next_due
        if due > now:
            return None
        self._next_due += self._every
        return due

    def _tick(self) -> None:
        self._hand_out()
        if not self.done.is_set():
            asyncio.get_running_loop().call_later(max(self._next_due - time.perf_counter(), 0.001), self._tick)


class Sender(asyncio.Protocol):
    """One connection."""

    def __init__(self, due: Due, lost: "asyncio.Future[None]") -> None:
        self._due, self._lost = due, lost
        self._buffer = b""
        self._counted_from = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._due.free(self)

    def data_received(self, data: bytes) -> None:
        """Collect an answer; all of ours carry a Content-Length."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self._due.answered(time.perf_counter() - self._counted_from, head[9:12].decode())
        self._buffer = b""
        self._due.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that is lost before its time is a failure of the run."""
        if not self._lost.done():
            self._lost.set_exception(exc or ConnectionResetError("the server closed the connection"))

    def send(self, request: bytes, counted_from: float) -> None:
        """Send a request whose latency counts from a moment."""
        assert self._transport is not None
        self._counted_from = counted_from
        self._transport.write(request)


def _length(head: bytes) -> int:
    start = head.lower().index(b"content-length:") + 15
    return int(head[start:].split(b"\r", 1)[0])


async def _send(port: int, connections: int, due: Due) -> Answer:
    loop = asyncio.get_running_loop()
    lost = loop.create_future()
    started = time.perf_counter()
    due.start()
    for _ in range(connections):
        await loop.create_connection(partial(Sender, due, lost), "127.0.0.1", port)
    async with asyncio.timeout(_MOST_SECONDS):
        await asyncio.wait([asyncio.ensure_future(due.done.wait()), lost], return_when=asyncio.FIRST_COMPLETED)
    if lost.done():
        lost.result()
    seconds = time.perf_counter() - started
    latencies = sorted(due.latencies)
    return Answer(seconds, latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100], dict(due.statuses))


if __name__ == "__main__":
    main()
