"""Signed webhooks: verified, deduplicated, decided, committed, chained and answered, against a bare handler.

The rate is what 64 connections get when each sends as soon as it is answered. The latencies at that rate only say it
again (64 / rate, Little's law), so they stand beside the bare handler's with nothing to reach; what a sender sees is
measured at half the rate, over the same 64 connections.
"""

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import tempfile
import time
from pathlib import Path

from benchmarks.load import Answer, offer
from benchmarks.measure import ROUNDS, SCRATCH, Result, ratio, result
from benchmarks.people import populate
from benchmarks.servers import serving

CONNECTIONS = 64
_REQUESTS = {"service": 20_000, "bare": 30_000, "one_by_one": 3_000}
_PACED = 10_000
_SHARE = 0.5
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
        saturated: dict[str, list[float]] = {kind: [] for kind in keys}
        paced: dict[str, list[Answer]] = {kind: [] for kind in ("service", "bare")}
        with (
            serving("service", folder / "service") as service,
            serving("one_by_one", folder / "one_by_one") as one_by_one,
            serving("bare", folder) as bare,
        ):
            ports = {"service": service.port, "bare": bare.port, "one_by_one": one_by_one.port}
            for kind, port in ports.items():
                offer(port, CONNECTIONS, _requests(keys[kind], _WARM_UP))
            for _ in range(ROUNDS):
                for kind, port in ports.items():
                    count = _REQUESTS[kind]
                    answer = offer(port, CONNECTIONS, _requests(keys[kind], count))
                    rates[kind].append(count / answer.seconds)
                    saturated[kind].append(answer.p99 * 1000)
                rate = rates["service"][-1] * _SHARE
                for kind, answers in paced.items():
                    answers.append(offer(ports[kind], CONNECTIONS, _requests(keys[kind], _PACED), rate=rate))
    return [
        ratio("signed hooks, committed and chained", rates, "service", "bare", unit="/s", reach=0.45),
        _latency("p99 at half that rate", paced, "p99", reach=20),
        _latency("p50 at half that rate", paced, "p50"),
        ratio("p99 at the full rate, of 64 in a closed loop", saturated, "service", "bare", unit="ms"),
        ratio("with a transaction per event", rates, "one_by_one", "bare", unit="/s"),
    ]


def _latency(name: str, paced: dict[str, list[Answer]], quantile: str, reach: float | None = None) -> Result:
    """Compare how long the same number of requests a second took."""
    seen = {kind: [getattr(each, quantile) * 1000 for each in answers] for kind, answers in paced.items()}
    return result(name, seen["service"], "ms", against="bare", limit=seen["bare"], reach=reach, at_most=True)


def _requests(keys: dict[str, bytes], count: int) -> list[bytes]:
    return [_request(keys, next(_numbers)) for _ in range(count)]


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
