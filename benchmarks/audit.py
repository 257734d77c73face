"""The proof of an audit log of a million rows."""

import asyncio
import itertools
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import SCRATCH, Result, alternate, result
from benchmarks.people import NOW, SET_UP
from syncline.config import Settings
from syncline.core.event import BIRTH, EVENTS, Actor, Event
from syncline.core.rules import Rules
from syncline.main import rules
from syncline.store.record import record
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.store.transaction import Transaction
from syncline.store.verify import verify

ROWS = 1_000_000
_INTEGRATIONS = 10_000
_GROUP = 2_000
_PROGRESS = {"object": "Lead", "total": 5000, "created": 3, "updated": 4, "unchanged": 0, "refused": 0}
#: What goes on for ever once an integration syncs; what each row tells is its own, so that nothing is proved from
#: memory that would not be in life.
_CYCLE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sync.progressed", _PROGRESS),
    ("sync.finished", {"Lead": 7}),
    ("sync.requested", {"sent": {"batch": 1}}),
)


def measure() -> list[Result]:
    """Write a million rows as the service would, then prove them several times."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as name:
        return asyncio.run(_measure(Path(name) / "audit.sqlite3"))


async def _measure(path: Path) -> list[Result]:
    store = await open_store(path)
    try:
        await fill(store, rules(Settings()), ROWS)
        seconds = await asyncio.to_thread(alternate, {"verify": partial(_prove, store, asyncio.get_running_loop())})
    finally:
        await store.close()
    return [result(f"proof of {ROWS:,} audit rows", seconds["verify"], "s", reach=10, at_most=True)]


async def fill(store: SQLiteStore, decider: Rules, rows: int) -> None:
    """Write a log of so many rows, as the service would."""
    events = itertools.islice(_events(), rows)
    while group := list(itertools.islice(events, _GROUP)):
        await store.write(partial(_record, group, decider))


def _prove(store: SQLiteStore, loop: asyncio.AbstractEventLoop) -> float:
    begun = time.perf_counter()
    report = asyncio.run_coroutine_threadsafe(store.read(partial(verify, file=store.path)), loop).result()
    assert report.proved, report.faults
    assert report.rows == ROWS
    return time.perf_counter() - begun


def _record(events: list[Event], decider: Rules, tx: Transaction) -> None:
    for event in events:
        assert record(tx, event, rules=decider).accepted


def _events() -> Iterator[Event]:
    names = [f"in_{number:06d}" for number in range(_INTEGRATIONS)]
    birth: tuple[tuple[str, dict[str, Any]], ...] = ((BIRTH, {"name": "one of many"}),)
    for number, (event_type, data) in enumerate(itertools.chain(birth, SET_UP, itertools.cycle(_CYCLE))):
        actor = Actor(min(EVENTS[event_type].senders), "benchmark")
        for count, name in enumerate(names):
            told = data | {"read": count} if number > len(SET_UP) else data
            yield Event(name, event_type, f"{event_type}:{number}", actor, NOW + number, told, request="req_0123456789")


if __name__ == "__main__":
    from benchmarks.measure import table

    print(table(measure()))
