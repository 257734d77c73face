"""The fold of a log: row by row, what an integration must be, and the first row that cannot be true.

Law: the state of an integration is the fold of its log. What is checked here are the stored bytes themselves, never a
second encoding of them. A chain shows every change but one: a log that was written anew from some row on, head and
all. Only a hash that was noted elsewhere (an anchor, such as an earlier export) shows that.
"""

import hashlib

import msgspec

import syncline
from syncline.core.audit import GENESIS, UNREADABLE
from syncline.core.context import Context, after
from syncline.core.decide import ACCEPTED
from syncline.core.event import birth_of

#: The columns that a row is stored under: integration, seq, at, type, key, disposition, origin, target, digest (which
#: may be anything in a database that somebody has changed).
Columns = tuple[str, int, int, str, str, str, str, str, object]


class Gist(msgspec.Struct, frozen=True, gc=False, rename={"origin": "from"}):
    """What the fold needs of a row's canonical bytes; the rest is skipped, which halves the time."""

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
    data: msgspec.Raw = msgspec.Raw(b"{}")
    v: int = 1
    digest: str = ""


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
_CONTEXT = msgspec.json.Decoder(Context)
_DATA = msgspec.json.Decoder(dict[str, object])

#: Steps of the memory that were computed already: most rows repeat one of a few. Emptied when it is full.
_steps: dict[tuple[bytes, str, str, str, bytes], bytes] = {}
_MOST_STEPS = 10_000
_ENCODE = msgspec.json.Encoder(order="sorted").encode


def advance(fold: Fold, columns: Columns, owns_key: int, content: bytes, stored: bytes) -> None:
    """Read the next row into the fold; a row that cannot be true leaves its fault there and moves nothing.

    Rows of format 1 do not say their digest, so theirs cannot be compared.
    """
    try:
        link = hashlib.sha256(fold.hash + content).digest()
    except TypeError:
        fold.fault = "its bytes are no bytes"
        return
    if link != stored:
        fold.fault = "its hash is not that of its bytes and of the row before it"
        return
    try:
        row = _GIST.decode(content)
        context = bytes(row.context)
        fold.fault = _misplaced(fold, columns, owns_key, row) or _impossible(fold, row, context)
    except UNREADABLE as error:
        fold.fault = f"its bytes are no row: {error}"
        return
    if not fold.fault:
        fold.seq = row.seq
        fold.hash = link
        fold.state = row.to
        fold.state_seq = row.state_seq
        fold.context = context


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


def _misplaced(fold: Fold, columns: Columns, owns_key: int, row: Gist) -> str:
    """Say how the columns differ from the bytes, or the row from its place."""
    said = (row.integration, row.seq, row.at, row.type, row.key, row.disposition, row.origin, row.to)
    other = row.v > 1 and (not isinstance(columns[8], bytes) or columns[8].hex() != row.digest)
    if other or columns[:8] != said:
        names = ("integration", "seq", "at", "type", "key", "disposition", "origin", "target")
        wrong = [name for name, column, value in zip(names, columns[:8], said, strict=True) if column != value]
        wrong += ["digest"] if other else []
        return f"columns that are not what its bytes say: {', '.join(wrong)}"
    if bool(owns_key) == bool(row.repeats):
        return "columns that are not what its bytes say: owns_key"
    if row.seq != fold.seq + 1:
        return f"seq {row.seq} follows seq {fold.seq}"
    return ""


def _impossible(fold: Fold, row: Gist, context: bytes) -> str:
    """Say what cannot follow from the row before: the state, or the memory."""
    if row.origin != fold.state:
        return f"it starts from {row.origin}, the row before ended in {fold.state}"
    if (row.seq == 1) != (not row.origin) or (row.seq == 1 and row.type != birth_of(row.integration)):
        return f"a log starts with {birth_of(row.integration)}, and only there"
    entered = row.disposition == "transitioned"
    if not entered and row.to != row.origin:
        return f"it is {row.disposition} and yet leads to {row.to}"
    if row.state_seq != (row.seq if entered else fold.state_seq):
        return f"it says that the state was entered at seq {row.state_seq}"
    if context != _remembered(fold, row):
        return "its memory does not follow from the row before"
    return ""


def _remembered(fold: Fold, row: Gist) -> bytes:
    """Answer the memory after a row, in canonical JSON."""
    if row.disposition not in ACCEPTED:
        return fold.context
    if row.software != syncline.__version__:
        return bytes(row.context)  # Another version may have remembered other things.
    step = (fold.context, row.type, row.origin, row.to, bytes(row.data))
    known = _steps.get(step)
    if known is None:
        if len(_steps) >= _MOST_STEPS:
            _steps.clear()
        before, data = _CONTEXT.decode(fold.context), _DATA.decode(row.data)
        target = before if row.seq == 1 else after(before, row.type, data, source=row.origin, target=row.to)
        known = _steps[step] = _ENCODE(target)
    return known
