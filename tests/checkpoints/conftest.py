"""A service's log with what signs for it, over a real store; a place outside is made by hand, so that it can fail."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from syncline.checkpoints.keys import SigningKeys
from syncline.checkpoints.places import Place, PlaceError
from syncline.checkpoints.signing import Checkpoints
from syncline.config import Settings
from syncline.core.note import VerifierKey, open_checkpoint
from syncline.core.proof import read_noted
from syncline.engine import Engine
from syncline.key_ring import KeyFile
from syncline.service_log import ServiceLog
from syncline.store.checkpoints import Signed, signed_after
from syncline.store.evidence import Evidence
from syncline.store.sqlite import SQLiteStore, open_store
from syncline.store.transaction import Store
from syncline.store.verify import Report, verify
from syncline.vault import Vault
from tests.store.events import RULES, birth, event


class HandPlace:
    """A place outside whose disk is a list."""

    kind, most = "file", 10

    def __init__(self, id_: str = "hand") -> None:
        self.id = id_
        self.lines: list[bytes] = []
        self.away = False
        self.hangs = False

    async def put(self, lines: Sequence[bytes]) -> None:
        """Take lines, unless it is away."""
        if self.hangs:
            await asyncio.Event().wait()
        if self.away:
            raise PlaceError("is away")
        self.lines.extend(lines)

    @property
    def notes(self) -> list[str]:
        """The checkpoints that it has got, repetitions too."""
        return [noted.checkpoint for line in self.lines if (noted := read_noted(line))]


@dataclass
class House:
    """One data directory and what is done to it, start after start."""

    folder: Path
    store: SQLiteStore
    engine: Engine
    started: list[Checkpoints] = field(default_factory=list)
    now: int = 1_795_000_000_000_000

    def clock(self) -> int:
        """A second later each time."""
        self.now += 1_000_000
        return self.now

    def checkpoints(
        self,
        *places: Place,
        store: Store | None = None,
        interval: float = 3600,
        rows: int = 1000,
        file: Path | None = None,
    ) -> Checkpoints:
        """Answer what signs, as each start of the service makes it; it counts rows and does not run yet."""
        vault = Vault(KeyFile(self.folder).read())
        settings = Settings(
            checkpoint_interval=interval, checkpoint_rows=rows, checkpoint_file=str(file) if file else ""
        )
        log = ServiceLog(self.store, vault, self.engine.handle, self.clock)
        keys = SigningKeys(self.store, vault, log, self.clock)
        made = Checkpoints(store or self.store, keys, log, settings, list(places), self.clock)
        for courier in made.couriers:
            courier._first_pause = courier._pause = 0.01
        self.engine.watch(made.count)
        self.started.append(made)
        self.log = log
        return made

    async def open(self, *places: Place, file: Path | None = None) -> Checkpoints:
        """Open the service's log and the key, as a start does."""
        made = self.checkpoints(*places, file=file)
        await self.log.open()
        await made.open()
        return made

    async def add(self, count: int = 1) -> None:
        """Add rows."""
        await asyncio.gather(*(self.engine.handle(event("pause.requested")) for _ in range(count)))

    async def signed(self) -> list[Signed]:
        """List all checkpoints, the oldest first."""
        return await self.store.read(partial(signed_after, number=0, most=10_000))

    async def prove(self, evidence: Evidence | None = None) -> Report:
        """Prove the log."""
        return await self.store.read(partial(verify, evidence=evidence or Evidence()))

    async def signers(self) -> list[VerifierKey]:
        """Answer who has signed each checkpoint."""
        keys = [VerifierKey.read(known.key) for known in await self.started[-1]._keys.known()]
        return [open_checkpoint(each.note, keys)[1] for each in await self.signed()]

    async def restart(self) -> None:
        """Close the store and open it again."""
        await self.close()
        self.store = await open_store(self.store.path)
        self.engine = Engine(self.store, RULES)

    async def close(self) -> None:
        """Stop what runs, as a kill does."""
        for made in self.started:
            for task in (*made._tasks, *(courier._running for courier in made.couriers)):
                if task is not None:
                    task.cancel()
                    await asyncio.wait({task})
        self.started.clear()
        await self.store.close()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A log with an integration that has one row."""
    store = await open_store(tmp_path / "syncline.sqlite3")
    made = House(tmp_path, store, Engine(store, RULES))
    await made.engine.handle(birth())
    yield made
    await made.close()


async def until(true: Callable[[], object], seconds: float = 10) -> None:
    """Wait for something to be true."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110  what is waited for has no event of its own
            await asyncio.sleep(0.002)


def notes(signed: Iterable[Signed]) -> list[str]:
    """The notes of checkpoints."""
    return [each.note for each in signed]
