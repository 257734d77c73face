"""How refusals are bounded: by address, chain and kind, and in all."""

import asyncio

import pytest

from syncline.core.event import SERVICE, Actor, Event
from syncline.errors import UnavailableError
from syncline.store.record import Outcome
from syncline.web import refusals
from syncline.web.refusals import ROWS, Refusals

MINUTE = 60_000_000


class Log:
    """Takes what is written, unless it is away."""

    def __init__(self) -> None:
        """Start empty, at no time."""
        self.events: list[Event] = []
        self.now, self.away, self.counted = 0, False, asyncio.Event()
        self.refusals = Refusals(self.handle, lambda: self.now)

    async def handle(self, event: Event) -> Outcome:
        """Take an event."""
        await asyncio.sleep(0)
        if self.away:
            raise UnavailableError("store.unavailable")
        self.events.append(event)
        if "count" in event.data:
            self.counted.set()
        return Outcome(event.integration, 1, event.type, "refused", "", "")

    async def note(self, address: str, *, kind: str = "sign_in.refused", integration: str = SERVICE) -> None:
        """Note a refusal."""
        await self.refusals.note(kind, Actor("person", "unknown", "", address), "why", "no", integration=integration)

    def counts(self) -> list[int]:
        """Answer the numbers of those that were only counted."""
        return [event.data["count"] for event in self.events if "count" in event.data]


async def test_each_address_chain_and_kind_has_rows_of_its_own() -> None:
    """One that floods hides nobody else."""
    log = Log()
    for _ in range(ROWS + 5):
        await log.note("a")
    await log.note("b")
    await log.note("a", kind="access.refused")
    await log.note("a", integration="in_1")
    assert len(log.events) == ROWS + 3
    log.now = MINUTE
    await log.note("c")
    assert log.counts() == [5]


async def test_many_at_once_are_counted_once() -> None:
    """However they meet."""
    log = Log()
    await asyncio.gather(*(log.note("a") for _ in range(100)))
    log.now = MINUTE
    await asyncio.gather(*(log.note("b") for _ in range(5)))
    assert log.counts() == [100 - ROWS]
    assert len({event.key for event in log.events}) == len(log.events)


async def test_addresses_beyond_number_share_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has a million addresses fills no more of the log than so much a minute."""
    monkeypatch.setattr(refusals, "_MOST", 8)
    log = Log()
    for number in range(1000):
        await log.note(f"2001:db8::{number:x}")
    assert len(log.events) == 8 + ROWS
    await log.refusals.close()
    assert log.counts() == [1000 - 8 - ROWS]


async def test_a_number_that_could_not_be_written_is_kept() -> None:
    """The database was away just then."""
    log = Log()
    for _ in range(ROWS + 5):
        await log.note("a")
    log.now, log.away = MINUTE, True
    with pytest.raises(UnavailableError):
        await log.note("b")
    log.away = False
    await log.refusals.close()
    assert log.counts() == [5]


async def test_a_flood_that_has_ended_is_told_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to knock again."""
    monkeypatch.setattr(refusals, "_MINUTE", 50_000)  # A twentieth of a second.
    log = Log()
    for _ in range(ROWS + 5):
        await log.note("a")
    log.now = MINUTE
    async with asyncio.timeout(5):
        await log.counted.wait()
    assert log.counts() == [5]
