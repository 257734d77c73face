"""The fold of a log: row by row, what an integration must be, and the first row that cannot be true.

Law: the state of an integration is the fold of its log. What is checked here are the stored bytes themselves, never a
second encoding of them. A chain shows every change but one: a log that was written anew from some row on, head and
all. Only a hash that was noted elsewhere (an anchor, such as an earlier export) shows that.
"""

import hashlib
from sys import intern
from typing import Any

import msgspec
from msgspec.structs import astuple

import syncline
from syncline.core.audit import GENESIS, UNREADABLE
from syncline.core.context import Context, Heeded, after
from syncline.core.decide import ACCEPTED
from syncline.core.event import birth_of

#: A row as it is stored: integration, seq, at, type, key, disposition, origin, target, digest, owns_key, content, hash
#: and whatever else was read with it. In a database that somebody has changed each may be anything.
Stored = tuple[Any, ...]

#: How many columns say what the bytes say too, and their names.
_SAID = 8
_NAMES = ("integration", "seq", "at", "type", "key", "disposition", "origin", "target")
_DIGEST, _OWNS_KEY, _CONTENT, _HASH = 8, 9, 10, 11


_SILENT = Heeded()


class Gist(msgspec.Struct, frozen=True, gc=False, rename={"origin": "from"}):
    """What the fold needs of a row's canonical bytes, the columns first; the rest is skipped, which halves the time."""

    integration: str
    seq: int
    at: int
    type: str
    key: str
    disposition: str
    origin: str
    to: str
    software: str
    state_seq: int = 0
    repeats: int = 0
    context: msgspec.Raw = msgspec.Raw(b"{}")
    data: Heeded = _SILENT
    v: int = 1
    digest: str = ""


class _Told(msgspec.Struct, frozen=True):
    """A row that tells something of which the memory may keep a part."""

    data: msgspec.Raw = msgspec.Raw(b"{}")


class Fold(msgspec.Struct):
    """An integration as far as its log was read."""

    seq: int = 0
    hash: bytes = GENESIS
    state: str = ""
    state_seq: int = 0
    #: The memory as it stands in the row, in canonical JSON.
    context: bytes = b"{}"
    #: The first fault, after which nothing is said about later rows; empty when there is none.
    fault: str = ""


_GIST = msgspec.json.Decoder(Gist)
_TOLD = msgspec.json.Decoder(_Told)
_CONTEXT = msgspec.json.Decoder(Context)
_DATA = msgspec.json.Decoder(dict[str, object])

#: Steps of the memory that were computed already: most rows repeat one of a few. Emptied when it is full.
_steps: dict[tuple[bytes, str, str, str, bytes], bytes] = {}
_MOST_STEPS = 10_000
_ENCODE = msgspec.json.Encoder(order="sorted").encode


def advance(fold: Fold, row: Stored) -> None:
    """Read the next row into the fold; a row that cannot be true leaves its fault there and moves nothing.

    Rows of format 1 do not say their digest, so theirs cannot be compared.
    """
    content = row[_CONTENT]
    try:
        link = hashlib.sha256(fold.hash + content).digest()
    except TypeError:
        fold.fault = "its bytes are no bytes"
        return
    if link != row[_HASH]:
        fold.fault = "its hash is not that of its bytes and of the row before it"
        return
    try:
        gist = _GIST.decode(content)
        context = _remembered(fold, gist, content)
        fault = _misplaced(fold, row, gist) or _impossible(fold, gist, context)
    except UNREADABLE as error:
        fold.fault = f"its bytes are no row: {error}"
        return
    if fault:
        fold.fault = fault
        return
    fold.seq = gist.seq
    fold.hash = link
    # The same few texts for all integrations: what is looked at for each row then stays in the processor's cache.
    fold.state = intern(gist.to)
    fold.state_seq = gist.state_seq
    fold.context = context


def place_of(fold: Fold, row: Stored) -> int:
    """Answer the `seq` of a row that cannot be true: what it says, or where that is no number, what it should be."""
    return row[1] if isinstance(row[1], int) else fold.seq + 1


def differences(fold: Fold, seq: int, state: str, state_seq: int, context: str, head: bytes) -> str:
    """Name what an integration's own row says otherwise than its log; empty when they agree."""
    if fold.seq != seq:
        return f"its log ends at seq {fold.seq}, the integration is at {seq}"
    if fold.hash != head:
        return "its head is not the hash of the log's last row"
    if (fold.state, fold.state_seq) != (state, state_seq):
        return f"it is in {state} since seq {state_seq}, its log says {fold.state} since seq {fold.state_seq}"
    try:
        same = _CONTEXT.decode(context) == _CONTEXT.decode(fold.context)
    except UNREADABLE as error:
        return f"its memory cannot be read: {error}"
    return "" if same else "its memory is not what its log says"


def _misplaced(fold: Fold, row: Stored, gist: Gist) -> str:
    """Say how the columns differ from the bytes, or the row from its place."""
    said = astuple(gist)
    other = gist.v > 1 and (not isinstance(row[_DIGEST], bytes) or row[_DIGEST].hex() != gist.digest)
    if other or row[:_SAID] != said[:_SAID]:
        wrong = [name for name, column, value in zip(_NAMES, row, said, strict=False) if column != value]
        wrong += ["digest"] if other else []
        return f"columns that are not what its bytes say: {', '.join(wrong)}"
    if bool(row[_OWNS_KEY]) == bool(gist.repeats):
        return "columns that are not what its bytes say: owns_key"
    if gist.seq != fold.seq + 1:
        return f"seq {gist.seq} follows seq {fold.seq}"
    return ""


def _impossible(fold: Fold, gist: Gist, context: bytes) -> str:
    """Say what cannot follow from the row before: the state, or the memory, which should be `context`."""
    if gist.origin != fold.state:
        return f"it starts from {gist.origin}, the row before ended in {fold.state}"
    if (gist.seq == 1) != (not gist.origin) or (gist.seq == 1 and gist.type != birth_of(gist.integration)):
        return f"a log starts with {birth_of(gist.integration)}, and only there"
    entered = gist.disposition == "transitioned"
    if not entered and gist.to != gist.origin:
        return f"it is {gist.disposition} and yet leads to {gist.to}"
    if gist.state_seq != (gist.seq if entered else fold.state_seq):
        return f"it says that the state was entered at seq {gist.state_seq}"
    if bytes(gist.context) != context:
        return "its memory does not follow from the row before"
    return ""


def _remembered(fold: Fold, gist: Gist, content: bytes) -> bytes:
    """Answer the memory after a row, in canonical JSON."""
    if gist.disposition not in ACCEPTED:
        return fold.context
    if gist.software != syncline.__version__:
        return bytes(gist.context)  # Another version may have remembered other things.
    told = b"" if gist.data == _SILENT else bytes(_TOLD.decode(content).data)
    step = (fold.context, gist.type, gist.origin, gist.to, told)
    known = _steps.get(step)
    if known is None:
        if len(_steps) >= _MOST_STEPS:
            _steps.clear()
        before, data = _CONTEXT.decode(fold.context), _DATA.decode(told or b"{}")
        target = before if gist.seq == 1 else after(before, gist.type, data, source=gist.origin, target=gist.to)
        known = _steps[step] = _ENCODE(target)
    return known
