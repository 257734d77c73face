"""How long the service takes to start, and how much memory it holds, with a hundred thousand integrations stored."""

import asyncio
import re
import statistics
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.measure import ROUNDS, SCRATCH, Result, result
from benchmarks.people import NOW
from benchmarks.servers import serving
from syncline.config import Settings
from syncline.core.event import BIRTH, Actor, Event
from syncline.core.rules import Rules
from syncline.data_folder import DATABASE
from syncline.main import rules
from syncline.store.record import record
from syncline.store.sqlite import open_store
from syncline.store.transaction import Transaction

_INTEGRATIONS, _GROUP = 100_000, 2_000


def measure() -> list[Result]:
    """Start with an empty data directory and with a full one, in turn."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        full = Path(name) / "full"
        full.mkdir(mode=0o700)
        asyncio.run(_fill(full))
        times: dict[str, list[float]] = {"full": [], "empty": []}
        sizes: dict[str, list[float]] = {"full": [], "empty": []}
        for number in range(ROUNDS):
            for kind, data in (("full", full), ("empty", Path(name) / str(number))):
                with serving("service", data) as service:
                    times[kind].append(service.seconds)
                    sizes[kind].append(_resident(service.pid))
    return [
        result("start with 100,000 integrations", times["full"], "s", against="empty", limit=times["empty"]),
        result("memory with 100,000 integrations", sizes["full"], "MiB", against="empty", limit=sizes["empty"]),
        Result("memory for each of them", _each(sizes), "bytes", reach=100, at_most=True),
    ]


def _each(sizes: dict[str, list[float]]) -> float:
    more = statistics.median(sizes["full"]) - statistics.median(sizes["empty"])
    return max(0.0, more) * 2**20 / _INTEGRATIONS


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


async def _fill(data: Path) -> None:
    store = await open_store(data / DATABASE)
    try:
        for first in range(0, _INTEGRATIONS, _GROUP):
            await store.write(partial(_bear, first, rules(Settings())))
    finally:
        await store.close()


def _bear(first: int, decider: Rules, tx: Transaction) -> None:
    for number in range(first, first + _GROUP):
        name = f"in_{number:06d}"
        record(tx, Event(name, BIRTH, "birth", Actor("person", "k"), NOW, {"name": f"Number {number}"}), rules=decider)


if __name__ == "__main__":
    from benchmarks.measure import table

    print(table(measure()))
