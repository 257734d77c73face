"""The log held against what was signed for it: at each start, before anything more is signed.

A log that is shorter than a checkpoint, or leads to another root, was changed behind the service or comes from an older
copy. Signing on would be to say two things under one name, which is what checkpoints are there to show.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from syncline.checkpoints.places import Aside, PlaceError
from syncline.core.merkle import EMPTY, KEPT_LEAVES
from syncline.core.note import Checkpoint, NoteError, VerifierKey, claimed, open_checkpoint
from syncline.core.proof import Noted, read_noted
from syncline.store.checkpoints import BrokenLogError, changed_block, log_end, newest, tree_of
from syncline.store.transaction import Store, Transaction
from syncline.store.truncations import let_go

_TAIL_BYTES = 256 * 1024
_FILE_SECONDS = 5.0
_BLOCKS = 16
#: Of the time that it takes to read rows again, how much is spent waiting: the service has better things to do.
_REST = 9


class Contradiction(msgspec.Struct, frozen=True):
    """What was signed and is not so."""

    source: str  #: where the checkpoint is from: `database`, or `file` for the one outside
    size: int
    what: str

    def data(self) -> dict[str, Any]:
        """As the log of the service tells it."""
        return {"source": self.source, "size": self.size, "what": self.what}


async def find_contradiction(store: Store, keys: Sequence[VerifierKey], file: Path | None) -> Contradiction | None:
    """Hold the log against the newest checkpoint of the database, and against that of the file outside."""
    last = await store.read(newest)
    if last is not None and (found := await _against(store, keys, "database", last.note)):
        return found
    outside = await newest_outside(file, keys[-1].name) if file else None
    return await _against(store, keys, "file", outside.checkpoint) if outside else None


async def newest_outside(file: Path, origin: str) -> Noted | None:
    """Answer the last checkpoint of a log in a file outside; None when it has none, raises `PlaceError`."""
    lines: list[bytes] = []

    def read() -> None:
        try:
            with file.open("rb") as opened:
                opened.seek(max(0, os.fstat(opened.fileno()).st_size - _TAIL_BYTES))
                lines.extend(opened.read().splitlines())
        except FileNotFoundError:
            pass

    await Aside().run(read, _FILE_SECONDS)
    for line in reversed(lines):
        noted = read_noted(line)
        if noted is None:
            continue
        try:
            if claimed(noted.checkpoint).origin == origin:
                return noted
        except NoteError:
            continue
    if lines:
        raise PlaceError("holds no checkpoint of this log, but others: is it that of another installation?")
    return None


async def reread(store: Store) -> AsyncIterator[Contradiction]:
    """Read all rows again that a stored part of the tree stands for; a little at a time, with long rests."""
    first = await store.read(let_go) // KEPT_LEAVES  # What was let go cannot be read again.
    while True:
        begun = time.monotonic()
        try:
            first, count, wrong = await store.read(partial(_reread_some, first=first))
        except BrokenLogError as error:
            yield Contradiction("database", 0, str(error))
            return
        if wrong is not None:
            rows = f"{wrong * KEPT_LEAVES + 1} to {(wrong + 1) * KEPT_LEAVES}"
            yield Contradiction("database", 0, f"the rows at the positions {rows} are not those that were signed for")
            return
        if not count:
            return
        first += count
        await asyncio.sleep(_REST * (time.monotonic() - begun))


def _reread_some(tx: Transaction, *, first: int) -> tuple[int, int, int | None]:
    """Read some blocks again, but none that was let go meanwhile; answers where it began, and as `changed_block`."""
    first = max(first, let_go(tx) // KEPT_LEAVES)
    return first, *changed_block(tx, first=first, most=_BLOCKS)


async def _against(store: Store, keys: Sequence[VerifierKey], source: str, note: str) -> Contradiction | None:
    try:
        checkpoint, _ = open_checkpoint(note, keys)
    except NoteError as error:
        return Contradiction(source, 0, f"the newest checkpoint is not signed by a key of this log: {error}")
    what = await store.read(partial(_difference, checkpoint=checkpoint))
    return Contradiction(source, checkpoint.size, what) if what else None


def _difference(tx: Transaction, *, checkpoint: Checkpoint) -> str:
    """Say how the log differs from a checkpoint; empty when it leads to it."""
    end = log_end(tx)
    if end < checkpoint.size:
        return f"a checkpoint says {checkpoint.size} rows, the log has {end}"
    try:
        root = tree_of(tx, size=checkpoint.size).root() if checkpoint.size else EMPTY
    except BrokenLogError as error:
        return str(error)
    return (
        "" if root == checkpoint.root else f"the first {checkpoint.size} rows do not lead to the root that was signed"
    )
