"""Signed webhooks: verified, deduplicated, decided, committed, chained and answered, against a bare handler."""

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import tempfile
import time
from pathlib import Path

from benchmarks.load import offer
from benchmarks.measure import ROUNDS, SCRATCH, Result, ratio, result
from benchmarks.people import populate
from benchmarks.servers import serving

CONNECTIONS = 64
_REQUESTS = {"service": 20_000, "bare": 30_000, "one_by_one": 3_000}
_WARM_UP = 1_000
_numbers = itertools.count(1)


def measure() -> list[Result]:
    """Run all three side by side, a round of each in turn."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        folder = Path(name)
        keys = {}
        for kind in ("service", "one_by_one"):
            (folder / kind).mkdir(mode=0o700)
            keys[kind] = asyncio.run(populate(folder / kind, CONNECTIONS))
        keys["bare"] = keys["service"]
        rates: dict[str, list[float]] = {kind: [] for kind in keys}
        slowest: dict[str, list[float]] = {kind: [] for kind in keys}
        with (
            serving("service", folder / "service") as service,
            serving("one_by_one", folder / "one_by_one") as one_by_one,
            serving("bare", folder) as bare,
        ):
            ports = {"service": service.port, "bare": bare.port, "one_by_one": one_by_one.port}
            for number in range(ROUNDS + 1):
                for kind, port in ports.items():
                    count = _REQUESTS[kind] if number else _WARM_UP
                    requests = [_request(keys[kind], next(_numbers)) for _ in range(count)]
                    answer = offer(port, CONNECTIONS, requests)
                    if number:
                        rates[kind].append(count / answer.seconds)
                        slowest[kind].append(answer.p99 * 1000)
    return [
        ratio("signed hooks, committed and chained", rates, "service", "bare", unit="/s", reach=0.45),
        result(
            "their 99th percentile",
            slowest["service"],
            "ms",
            against="bare",
            limit=slowest["bare"],
            reach=20,
            at_most=True,
        ),
        ratio("with a transaction per event", rates, "one_by_one", "bare", unit="/s"),
    ]


def _request(keys: dict[str, bytes], number: int) -> bytes:
    integration = f"in_{number % len(keys):06d}"
    stamp = str(int(time.time()))
    body = json.dumps(
        {"type": "sync.requested", "timestamp": "2026-11-24T08:00:00Z", "data": {"reason": "nightly", "batch": number}}
    ).encode()
    name = f"msg_{number:012d}"
    digest = hmac.digest(keys[integration], f"{name}.{stamp}.".encode() + body, hashlib.sha256)
    return (
        f"POST /hooks/{integration}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"webhook-id: {name}\r\nwebhook-timestamp: {stamp}\r\n"
        f"webhook-signature: v1,{base64.b64encode(digest).decode()}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


if __name__ == "__main__":
    from benchmarks.measure import table

    print(table(measure()))
