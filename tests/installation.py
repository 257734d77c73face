"""A real installation without doors: several integrations, the service's own log, checkpoints.

Everything goes through the engine, so that what the tests of the proof look at is what Syncline writes.
"""

import asyncio
import random
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec

from syncline.checkpoints.keys import SigningKeys
from syncline.checkpoints.signing import Checkpoints
from syncline.config import Settings
from syncline.core.brought import ErasedSubject, SettledEffect
from syncline.core.event import EVENTS, Actor
from syncline.core.proof import Noted, write_noted
from syncline.engine import Engine
from syncline.key_ring import KeyFile
from syncline.pack import Pack, Wanted
from syncline.privacy import Privacy
from syncline.service_log import ServiceLog
from syncline.store.charts import keep_charts
from syncline.store.checkpoints import Signed, signed_after
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.vault import Vault
from tests.store.events import NOW, RULES, SET_UP, birth, event

DATABASE = "syncline.sqlite3"
DAY = 86_400_000_000
ADA = Actor("person", "ak_1", via="bearer", address="192.0.2.7")
BOB = Actor("person", "ak_2", via="session", address="2001:db8::1")
#: What can happen to an integration that syncs, over and over.
TURNS = (
    "sync.requested",
    "sync.finished",
    "pause.requested",
    "resume.requested",
    "checks.requested",
    "sync.failed",
    "timer.retry_due",
    "app.registered",
)


class Installation:
    """The parts, put together as the service does."""

    def __init__(self, store: SQLiteStore, folder: Path) -> None:
        """Take an open store; its keys lie beside it."""
        self.store, self.folder, self.at = store, folder, NOW
        vault = Vault(KeyFile(folder).read())
        self.privacy = Privacy(store, vault)
        self.engine = Engine(store, RULES, self.privacy.seal)
        self.service = ServiceLog(store, vault, self.engine.handle, self.now)
        keys = SigningKeys(store, vault, self.service, self.now, origin="syncline/test")
        self.checkpoints = Checkpoints(store, keys, self.service, Settings(data=folder), [], self.now)
        self.keys = keys

    def now(self) -> int:
        """Answer a moment, each a millisecond after the one before."""
        self.at += 1000
        return self.at

    async def open(self) -> None:
        """Begin the service's log, as the first start does."""
        await self.store.write(partial(keep_charts, charts=RULES.all, now=self.now()))
        await self.service.open()
        await self.checkpoints.open()
        await self.service.note("service.started", {})

    async def live(self, seed: int, turns: int, names: tuple[str, ...] = ("in_1", "in_2", "in_3")) -> None:
        """Let things happen: births, walks, repetitions, refusals, people; a checkpoint now and then."""
        chance = random.Random(seed)  # noqa: S311  the same log for the same seed
        for name in names:
            await self.engine.handle(msgspec.structs.replace(birth(integration=name), actor=ADA))
        for name in names[:-1]:
            await walk_on(self.engine, name)
        for turn in range(turns):
            name = chance.choice(names)
            kind = chance.choice(TURNS)
            happening = event(kind, integration=name, data={"turn": turn, "detail": f"Ünïcode {turn}"})
            if "person" in EVENTS[kind].senders:
                happening = msgspec.structs.replace(happening, actor=chance.choice((ADA, BOB)), request=f"req_{turn}")
            await self.engine.handle(happening)
            if chance.random() < 0.1:
                await self.engine.handle(happening)  # It comes again.
            if chance.random() < 0.1:
                await self.engine.handle(event("checks.passed", SettledEffect("no", "lease"), integration=name))
            if chance.random() < 0.1:
                await self.service.note("subject.erased", {}, ErasedSubject("person:nobody"), actor=ADA)
            if chance.random() < 0.1:
                await self.checkpoints.sign()
        await self.checkpoints.sign()

    async def signed(self) -> list[Signed]:
        """List all checkpoints."""
        return await self.store.read(partial(signed_after, number=0, most=10_000))

    async def write_outside(self, path: Path) -> Path:
        """Write the file that a place outside would have by now."""
        lines = b"".join(write_noted(Noted(one.at, one.note)) for one in await self.signed())
        path.write_bytes(lines)  # noqa: ASYNC240  a test may wait
        return path

    async def pack(self, path: Path, wanted: Wanted = Wanted()) -> Path:  # noqa: B008  it cannot change
        """Write a pack to a file."""
        with path.open("wb") as file:
            async for piece in Pack(self.store, self.privacy, wanted, self.now).pieces():
                file.write(piece)
        return path

    async def trusted(self) -> str:
        """Answer the first key, as an auditor was told it."""
        return (await self.keys.known())[0].key


async def walk_on(engine: Engine, name: str) -> None:
    """Lead an integration that was born to where it syncs."""
    for kind, data in SET_UP:
        await engine.handle(event(kind, integration=name, data=data))


@asynccontextmanager
async def installed(folder: Path, begun: Path | None = None) -> AsyncIterator[Installation]:
    """Open an installation for the length of a block: a new one, or a copy of one that has lived already."""
    if begun is None:
        folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240  a test may wait
    else:
        shutil.copytree(begun, folder)
    store = await open_store(folder / DATABASE)
    try:
        house = Installation(store, folder)
        house.at += DAY if begun else 0
        await house.open()
        await house.checkpoints.sign()
        yield house
    finally:
        await store.close()


def let_live(folder: Path, seed: int, turns: int) -> Path:
    """Make an installation that has lived for a while, and close it; fit to be copied."""

    async def live() -> None:
        async with installed(folder) as house:
            await house.live(seed, turns)

    asyncio.run(live())
    return folder
