"""How many times a second the service says where an integration is."""

import asyncio
import tempfile
from pathlib import Path

from benchmarks.load import offer
from benchmarks.measure import SCRATCH, Result, alternate, result
from benchmarks.people import populate
from benchmarks.servers import serving

_CONNECTIONS, _INTEGRATIONS, _REQUESTS = 64, 200, 4_000


def measure() -> list[Result]:
    """Ask for the status of 200 integrations in turn, over the JSON API with a bearer key."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        data = Path(name)
        names = list(asyncio.run(populate(data, _INTEGRATIONS)))
        with serving("service", data) as service:
            requests = [
                f"GET /api/integrations/{names[number % len(names)]} HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\n"
                f"Authorization: Bearer {service.key}\r\n\r\n".encode()
                for number in range(_REQUESTS)
            ]

            def ask() -> float:
                return _REQUESTS / offer(service.port, _CONNECTIONS, requests).seconds

            ask()
            return [result("status of an integration", alternate({"ask": ask})["ask"], "/s")]


if __name__ == "__main__":
    from benchmarks.measure import table

    print(table(measure()))
