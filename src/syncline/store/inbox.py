"""The inbox of the doors: what became an event is read from the log, what was turned away has rows of its own."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from syncline.store.log import LogRow
from syncline.store.transaction import Transaction

#: Rows of the log that one page looks at, at most.
REACH = 50_000
#: What a row without its body counts towards the size of the inbox, in bytes.
_ROW = 512

DoorName = Literal["events", "source", "target", "callback"]
Verdict = Literal[
    "accepted",
    "duplicate",
    "refused",
    "reused",
    "bad_signature",
    "too_old",
    "malformed",
    "too_large",
    "unknown_integration",
    "not_allowed",
    "foreign",
    "unavailable",
]


class Refused(msgspec.Struct, frozen=True):
    """One request that was turned away, or many like it; times are microseconds since the epoch."""

    id: int
    at: int
    door: DoorName
    integration: str  #: as the address named it
    known: bool
    verdict: Verdict
    problem: str
    detail: str
    name: str
    address: str
    request: str
    media_type: str
    size: int
    digest: str
    times: int
    replayable: bool
    replayed_at: int | None = None
    replayed_as: str = ""


class NewRefused(msgspec.Struct, frozen=True):
    """A row to be written; the body is sealed, or empty when it is not kept."""

    shown: Refused
    sealed_as: str = ""
    blob: bytes = b""
    key_id: str = ""


class SealedBody(msgspec.Struct, frozen=True):
    """What a replay needs, sealed."""

    sealed_as: str
    blob: bytes
    key_id: str


class Wanted(msgspec.Struct, frozen=True):
    """Which part of the inbox is wanted: from before a row of the log and a row of the refused."""

    position: int = 2**62
    id: int = 2**62
    integration: str = ""
    #: The only integrations whose requests may be seen; none: all, and those that are known to nobody.
    only: tuple[str, ...] = ()
    limit: int = 100


class Page(msgspec.Struct, frozen=True):
    """Both parts, the newest first; and the row of the log that was not looked past (0: there are no more)."""

    arrived: tuple[LogRow, ...]
    refused: tuple[Refused, ...]
    floor: int


def page(tx: Transaction, *, wanted: Wanted) -> Page:
    """Read a page of both parts."""
    (last,) = tx.find_last_position()
    before = min(wanted.position, last + 1)
    floor = max(before - REACH, 0)
    only = msgspec.json.encode(wanted.only).decode()
    shared = {"only": only, "integration": wanted.integration, "limit": wanted.limit}
    arrived = tuple(LogRow(*row) for row in tx.list_arrived(before=before, floor=floor, **shared))
    refused = tuple(_refused(row) for row in tx.list_turned_away(before=wanted.id, **shared))
    return Page(arrived, refused, floor)


def arrived(tx: Transaction, *, position: int) -> LogRow | None:
    """Answer a row of the log."""
    row = tx.find_arrived(position=position)
    return None if row is None else LogRow(*row)


def refused(tx: Transaction, *, id: int) -> tuple[Refused, SealedBody | None] | None:  # noqa: A002  as the column
    """Answer a request that was turned away, and its body where that is kept."""
    row = tx.find_turned_away(id=id)
    if row is None:
        return None
    body = tx.find_sealed_body(id=id)
    return _refused(row), None if body is None else SealedBody(*body)


def is_integration(tx: Transaction, *, id: str) -> bool:  # noqa: A002  as the column
    """Whether there is an integration with this id."""
    return tx.is_integration(id=id) is not None


def add(tx: Transaction, *, rows: Sequence[NewRefused]) -> None:
    """Write down what was turned away."""
    for row in rows:
        shown = msgspec.structs.asdict(row.shown)
        for name in ("id", "known", "replayable", "replayed_at", "replayed_as"):
            del shown[name]
        known = is_integration(tx, id=row.shown.integration)
        tx.add_refused(**shown, known=int(known), sealed_as=row.sealed_as, blob=row.blob, key_id=row.key_id)


def trim(tx: Transaction, *, before: int, most: int) -> None:
    """Forget what is older than `before`, and the oldest beyond `most` bytes."""
    tx.forget_old_refused(before=before)
    tx.forget_large_refused(most=most, row=_ROW)


def note_replay(tx: Transaction, *, id: int, now: int, outcome: str) -> None:  # noqa: A002  as the column
    """Write down what became of a request when it was replayed."""
    tx.note_replay(id=id, now=now, outcome=outcome)


def _refused(row: Sequence[Any]) -> Refused:
    """The database has numbers for what is true or false."""
    values = dict(zip(Refused.__struct_fields__, row, strict=True))
    return Refused(**{**values, "known": bool(values["known"]), "replayable": bool(values["replayable"])})
