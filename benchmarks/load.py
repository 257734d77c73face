"""A sender of prepared requests over keep-alive connections: a process of its own, on bare protocols.

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
from collections import Counter
from collections.abc import Iterator
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


def offer(port: int, connections: int, requests: list[bytes]) -> Answer:
    """Send requests from another process; raises unless every one of them is answered with 200."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "requests"
        path.write_bytes(b"".join(struct.pack("<I", len(request)) + request for request in requests))
        asked = json.dumps({"port": port, "connections": connections, "requests": str(path)})
        command = [sys.executable, "-m", "benchmarks.load"]
        done = subprocess.run(command, input=asked + "\n", stdout=subprocess.PIPE, text=True, check=True)
    answer = Answer(**json.loads(done.stdout))
    assert answer.statuses == {"200": len(requests)}, answer.statuses
    return answer


def main() -> None:
    """Send everything, then say how it went."""
    asked = json.loads(sys.stdin.readline())
    requests = _read_requests(Path(asked["requests"]))
    answer = uvloop.run(_send(asked["port"], asked["connections"], requests))
    sys.stdout.write(json.dumps(asdict(answer)) + "\n")


def _read_requests(path: Path) -> list[bytes]:
    content, at, requests = path.read_bytes(), 0, []
    while at < len(content):
        (length,) = struct.unpack_from("<I", content, at)
        requests.append(content[at + 4 : at + 4 + length])
        at += 4 + length
    return requests


class Sender(asyncio.Protocol):
    """One connection: the next request goes out when the answer to the one before is complete."""

    def __init__(self, requests: Iterator[bytes], done: "asyncio.Future[None]") -> None:
        self.requests, self.done = requests, done
        self.statuses: Counter[str] = Counter()
        self.latencies: list[float] = []
        self._buffer = b""
        self._sent = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        """Collect an answer; all of ours carry a Content-Length."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self.latencies.append(time.perf_counter() - self._sent)
        self.statuses[head[9:12].decode()] += 1
        self._buffer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection that is lost before its time is a failure of the run."""
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the server closed the connection"))

    def _next(self) -> None:
        request = next(self.requests, None)
        assert self._transport is not None
        if request is None:
            if not self.done.done():
                self.done.set_result(None)
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)


def _length(head: bytes) -> int:
    start = head.lower().index(b"content-length:") + 15
    return int(head[start:].split(b"\r", 1)[0])


async def _send(port: int, connections: int, requests: list[bytes]) -> Answer:
    loop, waiting = asyncio.get_running_loop(), iter(requests)
    dones = [loop.create_future() for _ in range(connections)]
    started = time.perf_counter()
    made = [await loop.create_connection(partial(Sender, waiting, done), "127.0.0.1", port) for done in dones]
    async with asyncio.timeout(_MOST_SECONDS):
        await asyncio.gather(*dones)
    seconds = time.perf_counter() - started
    latencies = sorted(latency for _, sender in made for latency in sender.latencies)
    statuses = sum((sender.statuses for _, sender in made), Counter())
    return Answer(seconds, latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100], dict(statuses))


if __name__ == "__main__":
    main()
