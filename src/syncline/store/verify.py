"""The audit log, proved: chains recomputed, columns compared with bytes, integrations with what the log leads to."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from syncline.core.event import SERVICE
from syncline.core.fold import Fold, advance, differences, place_of
from syncline.store.evidence import CheckpointReport, Evidence, TreeScan
from syncline.store.share import Running, begun, is_shared
from syncline.store.starts import find_start
from syncline.store.transaction import Transaction
from syncline.store.truncations import bases, let_go

#: So few that they are still in the processor's cache when the tree reads them too: that saves a quarter of the time.
_ROWS_PER_STEP = 256
_ROWS_PER_WORD = 10_000
#: So many that it is worth the third of a second which another process takes to start.
SHARED_FROM = 100_000
_NO_EVIDENCE = Evidence()
#: Positions count from 1; what somebody has put before that is to be seen too.
_BEFORE_ALL = -(2**63)


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with an integration, at the first row where it shows."""

    integration: str
    seq: int  #: the row; for a fault of the integration itself the last row of its log
    what: str


class Report(msgspec.Struct, frozen=True):
    """What was read and what was found."""

    rows: int
    integrations: int
    faults: tuple[Fault, ...] = ()
    #: Of the checkpoints; None when a single integration was proved, of which they say nothing.
    checkpoints: CheckpointReport | None = None

    @property
    def proved(self) -> bool:
        """Whether everything that was read is true."""
        return not self.faults and not (self.checkpoints and self.checkpoints.faults)


class Anchor(msgspec.Struct, frozen=True):
    """The hash of a row as it was noted elsewhere, such as in an earlier export."""

    seq: int
    hash: bytes


def verify(
    tx: Transaction,
    *,
    integration: str = "",
    progress: Callable[[int], None] | None = None,
    anchors: Mapping[str, Anchor] | None = None,
    evidence: Evidence = _NO_EVIDENCE,
    file: Path | None = None,
) -> Report:
    """Prove the whole log or that of one integration; `progress` hears how many rows were read.

    The whole log is also held against its checkpoints, and against those that `evidence` has from outside. The first
    fault of each integration is reported, nothing is raised for it. With the database's file a long log is proved on
    two processors.
    """
    share = None if integration or anchors or file is None else _share(tx, file)
    if share is not None:
        try:
            return _verify(tx, integration, progress, {}, evidence, share)
        except _NotFoldedError:
            pass  # It may have been killed, or have found the log to begin elsewhere by now.
        finally:
            share.stop()
    return _verify(tx, integration, progress, anchors or {}, evidence, None)


class _NotFoldedError(Exception):
    """The share has not folded what was left to it."""


def _share(tx: Transaction, file: Path) -> Running | None:
    """Begin to fold a share of a long log beside this process, where there is a second processor."""
    gone, (end,) = let_go(tx), tx.find_log_end()
    if not isinstance(end, int) or end - gone < SHARED_FROM or (os.cpu_count() or 1) < 2:  # noqa: PLR2004
        return None
    try:
        return Running(file, after=gone or _BEFORE_ALL, through=end)
    except OSError:  # No room for another process: this one does it alone.
        return None


def _verify(
    tx: Transaction,
    integration: str,
    progress: Callable[[int], None] | None,
    anchors: Mapping[str, Anchor],
    evidence: Evidence,
    share: Running | None,
) -> Report:
    """Prove it, all or without what a share folds; raises `_NotFoldedError`."""
    gone = let_go(tx)
    scan = _Scan(anchors, {base.integration: begun(base) for base in bases(tx, integration=integration)}, share)
    tree = None if integration else TreeScan(tx.scan_checkpoints(), tx.scan_tree_nodes(), evidence, find_start(tx))
    after = gone or _BEFORE_ALL
    cursor = tx.scan_log_of(integration=integration, after=after) if integration else tx.scan_log(after=after)
    told = 0
    while block := cursor.fetchmany(_ROWS_PER_STEP):
        scan.read(block)
        if tree is not None:
            tree.read(block, scan.note)
        if progress is not None and scan.rows - told >= _ROWS_PER_WORD:
            progress(told := scan.rows)
    if progress is not None and told < scan.rows:
        progress(scan.rows)
    scan.take_over()
    scan.compare(tx, integration)
    scan.hold({name: anchor for name, anchor in anchors.items() if integration in {"", name}})
    checkpoints = tree.report() if tree is not None else None
    return Report(scan.rows, len(scan.folds.keys() - {SERVICE}), tuple(scan.faults.values()), checkpoints)


class _Scan:
    """The folds of all integrations, one row after the other."""

    def __init__(self, anchors: Mapping[str, Anchor], folds: dict[str, Fold], share: Running | None) -> None:
        self.rows = 0
        self.folds = folds
        self.faults: dict[str, Fault] = {}
        self._anchors = anchors
        self._share, self._left = share, 0

    def read(self, block: list[tuple[Any, ...]]) -> None:
        """Read the next rows of the log."""
        self.rows += len(block)
        if self._share is not None:
            own = [row for row in block if not is_shared(row[0])]
            self._left += len(block) - len(own)
            block = own
        for row in block:
            integration = row[0]
            fold = self.folds.get(integration)
            if fold is None:
                fold = self.folds[integration] = Fold()
            elif fold.fault:
                continue
            advance(fold, row)
            if not fold.fault and (anchor := self._anchors.get(integration)) and anchor.seq == row[1]:
                fold.fault = "" if anchor.hash == row[11] else "its hash is not the one that was noted elsewhere"
            if fold.fault:
                self.note(integration, place_of(fold, row), fold.fault)

    def take_over(self) -> None:
        """Take what the share has found for our own; raises `_NotFoldedError` when it is about other rows."""
        if self._share is None:
            return
        found = self._share.result()
        if found is None or found.rows != self._left:
            raise _NotFoldedError
        self.folds.update(found.folds)
        for integration, (seq, what) in found.faults.items():
            ours = self.faults.get(integration)
            if ours is None or seq <= ours.seq:
                self.faults[integration] = Fault(integration, seq, what)

    def compare(self, tx: Transaction, integration: str) -> None:
        """Compare what the log led to with the integrations and with what their rows have brought."""
        gone = set(self.folds)
        for name, seq, state, state_seq, context, head in tx.scan_integrations(integration=integration):
            gone.discard(name)
            fold = self.folds.setdefault(name, Fold())
            if not fold.fault and (what := differences(fold, seq, state, state_seq, context, head)):
                self.note(name, fold.seq, what)
        for name in sorted(gone):
            self.note(name, self.folds[name].seq, "its rows belong to no integration")
        for name, seq in tx.scan_traces(integration=integration):
            fold = self.folds.setdefault(name, Fold())
            if not fold.fault and seq > fold.seq:
                self.note(name, fold.seq, f"something came with seq {seq}, its log ends at {fold.seq}")

    def hold(self, anchors: Mapping[str, Anchor]) -> None:
        """Report the logs that end before the row that was noted elsewhere."""
        for name, anchor in anchors.items():
            fold = self.folds.get(name, Fold())
            if not fold.fault and fold.seq < anchor.seq:
                self.note(name, fold.seq, f"its log ends at seq {fold.seq}, seq {anchor.seq} was noted elsewhere")

    def note(self, integration: str, seq: int, what: str) -> None:
        """Note what is wrong with an integration, unless something before it is."""
        self.faults.setdefault(integration, Fault(integration, seq, what))
