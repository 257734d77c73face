"""Signs what the log has come to: every minute or every thousand rows, whichever is first, and once more at the end.

Law: nothing of it waits on the writer. Rows are read on a reader, a batch at a time; what is written is one small row.
A checkpoint that contradicts an earlier one is never signed: then the service goes on, and says that it does not sign.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec
import structlog

from syncline.checkpoints.comparison import Contradiction, find_contradiction, reread
from syncline.checkpoints.courier import Courier
from syncline.checkpoints.keys import SigningKeys
from syncline.checkpoints.places import Place, PlaceError
from syncline.config import Settings
from syncline.core.event import Actor
from syncline.core.merkle import Kept, Range
from syncline.core.note import Checkpoint, Signer, VerifierKey
from syncline.errors import ConflictError, SynclineError
from syncline.service_log import ServiceLog
from syncline.store.checkpoints import BrokenLogError, Signed, grown, keep_nodes, keep_signed, newest, tree_of
from syncline.store.record import Outcome
from syncline.store.transaction import Store, Transaction
from syncline.store.truncations import let_go

_BATCH = 4096  #: rows read at once: a few milliseconds
_MOST_NODES = 256  #: subtrees written at once, where a log is read that was never signed for
_STOP_SECONDS = 1.0
_PAUSE_SECONDS = 1.0
_ACTOR = Actor("service", "checkpoints")

_log = structlog.get_logger()


class Standing(msgspec.Struct, frozen=True):
    """How it stands with checkpoints, for those who watch the service."""

    size: int = 0  #: rows that the newest checkpoint covers
    at: int = 0  #: when it was signed (µs), 0 for never
    waiting: int = 0  #: rows since then
    contradiction: str = ""
    #: For each place outside: checkpoints that it has not got, tries that failed, and why the last one did.
    places: dict[str, tuple[int, int, str]] = {}

    @property
    def attention(self) -> list[str]:
        """What is wrong, in words; nothing, as a rule."""
        wrong = [f"the log contradicts a checkpoint: {self.contradiction}"] if self.contradiction else []
        failing = {kind: reason for kind, (_, _, reason) in self.places.items() if reason}
        return [*wrong, *(f"checkpoints do not reach {kind}: {reason}" for kind, reason in failing.items())]


class Checkpoints:
    """Signs checkpoints and has them taken to the places outside."""

    def __init__(
        self,
        store: Store,
        keys: SigningKeys,
        log: ServiceLog,
        settings: Settings,
        places: list[Place],
        now: Callable[[], int],
    ) -> None:
        """Take what it reads from and writes to; nothing runs yet."""
        self._store, self._keys, self._log, self._now = store, keys, log, now
        self._interval, self._rows = settings.checkpoint_interval, settings.checkpoint_rows
        self._file = Path(settings.checkpoint_file) if settings.checkpoint_file else None
        self.couriers = [Courier(place, store) for place in places]
        self._signer: Signer | None = None
        #: The log as far as it was signed for; None until it was held against the checkpoints, or when that went wrong.
        self._tree: Range | None = None
        self._last: Signed | None = None
        self.contradiction: Contradiction | None = None
        self._signing = asyncio.Lock()
        self._waiting = 0
        self._due = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def standing(self) -> Standing:
        """How it stands."""
        number, size, at = (self._last.number, self._last.size, self._last.at) if self._last else (0, 0, 0)
        places = {
            courier.kind: (max(0, number - courier.got), courier.failures, courier.failing) for courier in self.couriers
        }
        what = self.contradiction.what if self.contradiction else ""
        return Standing(size, at, self._waiting, what, places)

    def count(self, _: Outcome) -> None:
        """Count a row; fit to be an engine's watcher."""
        self._waiting += 1
        if self._waiting == self._rows:
            self._due.set()

    async def open(self) -> None:
        """Get the key, made at the first start, and note the places; the service's own log has to be open."""
        await self._key()
        for courier in self.couriers:
            await courier.open()

    def start(self) -> None:
        """Begin: compare, sign what is new, and bring the places what they have not got."""
        for courier in self.couriers:
            courier.start()
        self._tasks = [
            asyncio.create_task(self._run(), name="checkpoints"),
            asyncio.create_task(self._reread(), name="reading the log again"),
        ]

    async def stop(self) -> None:
        """Sign for the last rows, and give the places a moment to take what they have not got."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await self._try()
                await asyncio.gather(*(courier.finish() for courier in self.couriers))
        await asyncio.gather(*(courier.stop() for courier in self.couriers))

    async def sign(self) -> Signed | None:
        """Sign for the rows that are new; answers the checkpoint, None when there are none or it must not be."""
        async with self._signing:
            return await self._sign()

    async def rotate(self, actor: Actor, *, after_restore: bool = False, request: str = "") -> VerifierKey:
        """Change to a new key; the old one signs for all rows before, the new one for all from its own row on.

        Raises `ConflictError` while the log contradicts a checkpoint, unless that is said to be known
        (`after_restore`): then the new key signs for the log as it is, and its row says what was contradicted.
        """
        async with self._signing:
            await self._sign()
            data = {}
            if self.contradiction is not None:
                if not after_restore:
                    raise ConflictError("checkpoint.contradicted", self.contradiction.what)
                data = {"contradicts": self.contradiction.data()}
            old, self._signer = await self._key(), None  # Whatever happens now, the key that the log names signs next.
            self._signer = await self._keys.rotate(old, data, actor, request)
            if self.contradiction is not None:
                self.contradiction, self._tree = None, await self._store.read(_beginning)
            await self._sign()
            return self._signer.verifier

    async def sign_note(self, text: str) -> str:
        """Sign another text of this log, one that is no checkpoint, with the present key."""
        async with self._signing:
            return (await self._key()).sign(text)

    async def _key(self) -> Signer:
        if self._signer is None:
            self._signer = await self._keys.open()
        return self._signer

    async def _run(self) -> None:
        while True:
            self._due.clear()
            signed = await self._try()
            if signed is None or self._waiting < self._rows:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._due.wait(), self._interval)

    async def _try(self) -> Signed | None:
        """Sign unless something is in the way, which is told and tried again."""
        try:
            return await self.sign()
        except BrokenLogError as error:
            await self._halt(Contradiction("database", 0, str(error)))
        except SynclineError as error:
            _log.error("checkpoint_not_signed", code=error.code, detail=error.detail)
            await asyncio.sleep(_PAUSE_SECONDS)
        except Exception as error:  # noqa: BLE001  the next try may do better
            _log.error("checkpoint_not_signed", error=type(error).__name__)
            await asyncio.sleep(_PAUSE_SECONDS)
        return None

    async def _sign(self) -> Signed | None:
        if self._tree is None and self.contradiction is None:
            await self._compare()
        if self._tree is None or self.contradiction is not None:
            return None
        tree, nodes = self._tree, list[Kept]()
        while True:
            longer, whole = await self._store.read(partial(grown, tree=tree, most=_BATCH))
            nodes, read, tree = [*nodes, *whole], longer.size - tree.size, longer
            if len(nodes) > _MOST_NODES:
                await self._store.write(partial(keep_nodes, nodes=nodes))
                nodes = []
            if read < _BATCH:
                break
        if tree.size == self._tree.size:
            return None
        signer, at = await self._key(), self._now()
        note = signer.sign(Checkpoint(signer.verifier.name, tree.size, tree.root()).text)
        await self._store.write(partial(keep_signed, size=tree.size, at=at, note=note, nodes=nodes))
        self._waiting = max(0, self._waiting - (tree.size - self._tree.size))
        self._tree, self._last = tree, await self._store.read(newest)
        for courier in self.couriers:
            courier.nudge()
        return self._last

    async def _compare(self) -> None:
        """Hold the log against what was signed for it, and find the place to go on from."""
        keys = [VerifierKey.read(known.key) for known in await self._keys.known()]
        try:
            found = await find_contradiction(self._store, keys, self._file)
        except PlaceError as error:
            _log.error("checkpoint_file_not_compared", reason=str(error))
            found = await find_contradiction(self._store, keys, None)
        self._last = await self._store.read(newest)
        if found is not None:
            await self._halt(found)
        else:
            self._tree = await self._store.read(partial(tree_of, size=self._last.size if self._last else 0))

    async def _reread(self) -> None:
        try:
            async for found in reread(self._store):
                if self.contradiction is None:
                    await self._halt(found)
        except Exception as error:  # noqa: BLE001  the rest of the service goes on
            _log.error("log_not_read_again", error=type(error).__name__)

    async def _halt(self, found: Contradiction) -> None:
        """Say loudly that the log is not what was signed for, and sign no more."""
        self.contradiction = found
        _log.error("log_contradicts_checkpoint", **found.data(), remedy="syncline audit verify; docs/operating.md")
        with suppress(SynclineError):
            await self._log.note("checkpoint.contradicted", found.data(), actor=_ACTOR)


def _beginning(tx: Transaction) -> Range:
    """Answer the tree over the rows that were let go: it starts there."""
    return tree_of(tx, size=let_go(tx))
