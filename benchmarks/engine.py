"""The engine alone, in process: audited events a second with 64 callers, each answered after its commit."""

import asyncio
import itertools
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import uvloop

from benchmarks.measure import SCRATCH, Result, alternate, result
from benchmarks.people import populate
from syncline.config import Settings
from syncline.core.event import Actor, Event
from syncline.data_folder import DATABASE
from syncline.engine import Engine
from syncline.main import rules
from syncline.store.sqlite import open_store

_CALLERS, _EVENTS, _NOW = 64, 15_000, 1_795_000_100_000_000
_numbers = itertools.count(1)


def measure() -> list[Result]:
    """Send events that are kept without a change of state, and events of which each enters another state."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        data = Path(name)
        names = list(asyncio.run(populate(data, _CALLERS)))
        kinds = {"handled": ("sync.requested",), "transitions": ("pause.requested", "resume.requested")}
        seen = alternate({kind: partial(_round, data, names, types) for kind, types in kinds.items()})
    return [
        result("engine in process: events kept", seen["handled"], "/s"),
        result("engine in process: events that enter a state", seen["transitions"], "/s"),
    ]


def _round(data: Path, names: list[str], types: tuple[str, ...]) -> float:
    return uvloop.run(_send(data, names, types))


async def _send(data: Path, names: list[str], types: tuple[str, ...]) -> float:
    store = await open_store(data / DATABASE)
    engine, left = Engine(store, rules(Settings())), iter(range(_EVENTS))
    begun = time.perf_counter()
    await asyncio.gather(*(_call(engine, name, types, left) for name in names))
    seconds = time.perf_counter() - begun
    # Every round begins in the state that the first one began in.
    await asyncio.gather(*(engine.handle(_event(name, "resume.requested", 0)) for name in names))
    await store.close()
    return _EVENTS / seconds


async def _call(engine: Engine, name: str, types: tuple[str, ...], left: Iterator[int]) -> None:
    for event_type, number in zip(itertools.cycle(types), left, strict=False):
        assert (await engine.handle(_event(name, event_type, number))).accepted


def _event(name: str, event_type: str, number: int) -> Event:
    key = f"hook:msg_{next(_numbers):012d}"
    return Event(name, event_type, key, Actor("hook", name, "signature"), _NOW, {"sent": {"batch": number}})


if __name__ == "__main__":
    from benchmarks.measure import table

    print(table(measure()))
