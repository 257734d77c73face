"""Checkpoints held against the rows: the tree is made from the rows as they are read, and every root compared.

Law: a checkpoint counts only if the key that the log names for its time has signed it. What lies outside the database
shows what the database cannot: that its end was cut off, or that all of it was written anew.
"""

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from syncline.core.audit import UNREADABLE, decode
from syncline.core.decide import ACCEPTED
from syncline.core.event import SERVICE
from syncline.core.key_trail import MADE, ROTATED, KeyTrail
from syncline.core.merkle import Kept, Range
from syncline.core.note import Checkpoint, NoteError, VerifierKey, claimed, open_checkpoint
from syncline.core.proof import Noted
from syncline.core.truncation import Record

#: The columns of a row in a block: `scan_log` in queries/verify.sql.
_INTEGRATION, _SEQ, _TYPE, _DISPOSITION, _CONTENT, _HASH, _POSITION = 0, 1, 3, 5, 10, 11, 12

_LET_GO = "log.truncated"
_TELLING = frozenset({MADE, ROTATED, _LET_GO})

DATABASE, OUTSIDE, KEY, TREE, START = "database", "outside", "key", "tree", "truncation"


class Evidence(msgspec.Struct, frozen=True):
    """What is known from elsewhere: checkpoints that were taken outside, and keys that are trusted."""

    noted: tuple[Noted, ...] = ()
    keys: tuple[VerifierKey, ...] = ()


class CheckpointFault(msgspec.Struct, frozen=True):
    """The first checkpoint of its source that is not true."""

    #: `database`, `outside`, `key` for a key that was named, `tree` for what is stored of the tree, `truncation` for
    #: where the log starts.
    source: str
    size: int  #: rows that it is about
    at: int  #: when it was signed, as far as is said (µs)
    what: str


@dataclass(frozen=True, slots=True)
class Start:
    """Where the rows start: at the beginning, or behind those that retention has let go."""

    tree: Range
    #: The keys that rows which were let go may have named.
    keys: tuple[VerifierKey, ...] = ()
    #: The record of what was let go, and who has signed it.
    record: Record | None = None
    signer: VerifierKey | None = None
    #: Why that cannot be where the log starts, empty when it can.
    fault: str = ""


_BEGINNING = Start(Range())


class CheckpointReport(msgspec.Struct, frozen=True):
    """What was found of checkpoints."""

    database: int = 0  #: those of the database that are true
    outside: int = 0  #: those of outside that are true
    covered: int = 0  #: rows that the largest true one covers
    faults: tuple[CheckpointFault, ...] = ()


class _Point(msgspec.Struct, frozen=True):
    size: int
    at: int
    note: str
    source: str


class TreeScan:
    """The tree over the rows, as far as they were read, and the checkpoints that it has passed."""

    def __init__(
        self,
        stored: Iterable[tuple[int, int, int, str]],
        nodes: Iterable[tuple[int, int, bytes]],
        evidence: Evidence,
        start: Start = _BEGINNING,
    ) -> None:
        """Take the checkpoints of the database (number, size, at, note), the stored part of its tree, and the rest."""
        self._faults: dict[str, CheckpointFault] = {}
        self._evidence = evidence
        self._trail = KeyTrail(start.keys, evidence.keys)
        self._start = start
        #: Where the log says of the newest record that rows were let go.
        self._let_go_at = 0
        self._tree = start.tree.copy()
        self._gone = start.tree.size
        if start.fault:
            self._faults[START] = CheckpointFault(START, self._gone, 0, start.fault)
        self._nodes = {(level, number): hash_ for level, number, hash_ in nodes if _are_numbers(level, number)}
        self._true = {DATABASE: 0, OUTSIDE: 0}
        self._covered = 0
        self._broken = False
        points = [self._point(size, at, note, DATABASE) for _, size, at, note in stored]
        points += [self._point(None, noted.at, noted.checkpoint, OUTSIDE) for noted in evidence.noted]
        self._points = sorted((point for point in points if point), key=lambda point: point.size, reverse=True)

    def read(self, block: Sequence[tuple[Any, ...]], tell: Callable[[str, int, str], None]) -> None:
        """Read the next rows, in the order of their positions; `tell` hears of what is wrong with a single one."""
        if self._broken:
            return
        if (gap := self._gap(block)) is not None:
            self._broken = True
            self._note(DATABASE, self._tree.size + gap, 0, "the row at this position is missing")
            block = block[: gap - 1]
        for row in block:
            if row[_INTEGRATION] == SERVICE and row[_TYPE] in _TELLING and row[_DISPOSITION] in ACCEPTED:
                self._read_service(row, tell)
        hashes, start = [row[_HASH] for row in block], 0
        try:
            b"".join(hashes)
        except TypeError:  # Not a hash at all; whoever reads the chains names the row.
            self._broken = True
            del hashes[next(count for count, hash_ in enumerate(hashes) if not isinstance(hash_, bytes)) :]
        end = self._tree.size + len(hashes)
        while self._points and self._points[-1].size <= end:
            size = self._points[-1].size
            # None where it is older than all rows that are there.
            part = hashes[start : start + max(0, size - self._tree.size)]
            self._extend(part)
            start += len(part)
            self._judge(size)
        self._extend(hashes[start:])

    def report(self) -> CheckpointReport:
        """Answer what was found, once all rows were read."""
        end = self._tree.size
        for point in reversed(self._points):
            what = f"it says {point.size} rows, "
            what += f"only {end} can be read" if self._broken else f"the log ends at {end}: its end was cut off"
            self._note(point.source, point.size, point.at, what)
        if not self._broken and (beyond := [node for node in self._nodes if (node[1] + 1) << (8 * node[0]) > end]):
            level, number = min(beyond)
            what = f"it is stored for more rows than the {end} that there are: the end of the log was cut off"
            self._note(TREE, (number + 1) << (8 * level), 0, what)
        self._compare_keys()
        self._compare_record()
        faults = tuple(sorted(self._faults.values(), key=lambda fault: fault.size))
        return CheckpointReport(self._true[DATABASE], self._true[OUTSIDE], self._covered, faults)

    def _point(self, size: int | None, at: int, note: object, source: str) -> _Point | None:
        if not isinstance(note, str) or not _are_numbers(at, size or 0):
            self._note(source, 0, 0, "what is stored of it is neither numbers nor text")
            return None
        try:
            said = claimed(note).size
        except NoteError as error:
            self._note(source, size or 0, at, str(error))
            return None
        if size not in {None, said}:
            self._note(source, size or 0, at, f"it is stored for {size} rows and says {said}")
        return _Point(said, at, note, source)

    def _gap(self, block: Sequence[tuple[Any, ...]]) -> int | None:
        """Answer which row from here on is missing, counted from 1; None when none is."""
        before = self._tree.size
        if block[0][_POSITION] == before + 1 and block[-1][_POSITION] == before + len(block):
            return None
        return next(count for count, row in enumerate(block, 1) if row[_POSITION] != before + count)

    def _read_service(self, row: tuple[Any, ...], tell: Callable[[str, int, str], None]) -> None:
        try:
            data = decode(row[_CONTENT]).data
            if row[_TYPE] == _LET_GO:
                what = self._read_record(data, row[_POSITION])
            else:
                what = self._trail.read(row[_TYPE], data, row[_POSITION])
        except UNREADABLE as error:
            what = f"its bytes are no row: {error}"
        if what:
            tell(row[_INTEGRATION], row[_SEQ], what)

    def _read_record(self, data: Mapping[str, Any], position: int) -> str:
        record = self._start.record
        if record is None or data.get("through") != record.through:
            return ""  # Of another one, after which more rows were let go.
        self._let_go_at = position
        if (data.get("root"), data.get("bases")) == (base64.b64encode(record.root).decode(), record.bases):
            return ""
        return "it is not what was signed when rows were let go"

    def _extend(self, hashes: Sequence[bytes]) -> None:
        for kept in self._tree.extend(hashes):
            stored = self._nodes.get((kept.level, kept.number))
            if stored is not None and stored != kept.hash:
                self._note(TREE, _end_of(kept), 0, "what is stored of it is not what the rows lead to")

    def _judge(self, size: int) -> None:
        """Judge all checkpoints over as many rows as were read now."""
        root, keys = self._tree.root(), self._trail.at(size)
        judged: dict[str, str] = {}
        last = self._covered
        while self._points and self._points[-1].size == size:
            point = self._points.pop()
            if point.note not in judged:
                judged[point.note] = self._fault_of(point.note, root, keys, last)
            if judged[point.note]:
                self._note(point.source, size, point.at, judged[point.note])
            elif size >= self._gone:  # Of an older one it is only known who signed it, not for what.
                self._true[point.source] += 1
                self._covered = size

    def _fault_of(self, note: str, root: bytes, keys: Sequence[VerifierKey], last: int) -> str:
        said: Checkpoint = claimed(note)
        # The rows of an older one were let go: it is only known who signed it.
        if said.root != root and said.size >= self._gone:
            where = f"a row at one of the positions {last + 1} to {said.size} was changed, added or taken out"
            return f"the log does not lead to its root: {where}"
        if not keys:
            return "the log names no key that could have signed it"
        try:
            _, signer = open_checkpoint(note, keys)
        except NoteError as error:
            return f"it is not signed by the key that the log names for it: {error}"
        if said.size >= self._gone:
            self._trail.note(signer, said.size)
        return ""

    def _compare_keys(self) -> None:
        """Ask whether the keys that were named from outside are those of the log, and have signed for it."""
        for key, signed in self._trail.signed.items():
            if key not in self._trail.keys:
                self._note(KEY, 0, 0, f"the log does not name {key}")
            elif not signed:
                self._note(KEY, 0, 0, f"no true checkpoint is signed by {key}, or by one that is endorsed after it")

    def _compare_record(self) -> None:
        """Ask whether the log itself says that its first rows were let go, and whether somebody trusted has signed it.

        Whoever can write to the database can also name a key of their own there, and sign a record with that.
        """
        if self._start.record is None or self._broken:
            return
        if not self._let_go_at:
            self._note(START, self._gone, 0, "no row of the log says that rows were let go")
        signer, signed = self._start.signer, max(self._trail.signed.values(), default=0)
        if self._evidence.keys and not (signer and self._trail.vouches(signer)) and signed < self._let_go_at:
            self._note(START, self._gone, 0, "it is signed by none of the keys that were named, nor by one after them")

    def _note(self, source: str, size: int, at: int, what: str) -> None:
        first = self._faults.get(source)
        if first is None or size < first.size:
            self._faults[source] = CheckpointFault(source, size, at, what)


def _are_numbers(*values: object) -> bool:
    return all(isinstance(value, int) for value in values)


def _end_of(kept: Kept) -> int:
    return (kept.number + 1) << (8 * kept.level)
