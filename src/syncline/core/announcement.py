"""What others are told of a row of the log: a small vocabulary with a documented payload, and nothing personal in it.

Law: pure, and derived from committed rows alone, so that the same row always says the same. A row is told of only when
it has led from one state to another; ids, states, codes of the catalogue and numbers go out, texts do not.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from syncline.core.audit import Row

#: What is sent to try an address; it belongs to no row and has no sequence number.
TEST = "subscription.test"

_EPOCH = datetime.fromtimestamp(0, UTC)
_LOST = "reauthorization_required."
_QUOTA = "syncing.throttled"


class Facts(msgspec.Struct, frozen=True, omit_defaults=True, rename={"origin": "from"}):
    """What happened to one integration."""

    integration: str
    #: The row of its log. It grows; numbers are missing where a row is told of to nobody, or not to this subscription.
    seq: int
    #: The event that led there, as the log calls it.
    event: str
    #: The states; no `from` where the integration was just made.
    to: str
    origin: str = ""
    #: The code of what blocks the integration now.
    problem: str = ""
    #: The sync run that has ended, and its numbers by object.
    run: int = 0
    objects: dict[str, dict[str, int]] = {}
    #: After how many seconds it goes on by itself, where a provider said so.
    retry_after: float = 0


class Announcement(msgspec.Struct, frozen=True):
    """One thing that is told; a row may lead to several."""

    type: str
    at: int  #: microseconds since the epoch
    facts: Facts


class Message(msgspec.Struct, frozen=True):
    """The body of a delivery."""

    type: str
    timestamp: str  #: when it happened, ISO 8601, UTC
    subscription: str
    #: Counts what this subscription was sent, 1, 2, 3 …; one that never comes was given up, and can be replayed.
    sequence: int
    data: Facts


class Kind(msgspec.Struct, frozen=True):
    """One type of the vocabulary: what it is called, and which rows it tells of."""

    title: str
    tells: Callable[[Row], bool]


def _leaves_quota(row: Row) -> bool:
    return row.origin == _QUOTA and row.to.startswith("syncing.") and row.to not in {_QUOTA, "syncing.paused"}


def _returns(row: Row) -> bool:
    return row.origin.startswith(_LOST) and not row.to.startswith((_LOST, "disconnected."))


#: Every type that is sent, in the order in which one row tells them.
KINDS: dict[str, Kind] = {
    "integration.state_changed": Kind("The state has changed", lambda row: row.origin != row.to),
    "checks.passed": Kind("The checks have passed", lambda row: row.type == "checks.passed"),
    "checks.failed": Kind("The checks have failed", lambda row: row.to == "authorized.checks_failed"),
    "reauthorization.required": Kind(
        "Somebody has to log in again", lambda row: row.to.startswith(_LOST) and not row.origin.startswith(_LOST)
    ),
    "reauthorization.done": Kind("Somebody has logged in again", _returns),
    "fields.synced": Kind("The fields are synced", lambda row: row.type == "field_sync.finished"),
    "fields.failed": Kind("The field sync has failed", lambda row: row.to == "verified.field_sync_failed"),
    "sync.finished": Kind("A sync run has finished", lambda row: row.type == "sync.finished"),
    "sync.failed": Kind("A sync run has failed", lambda row: row.to == "syncing.sync_failed"),
    "quota.reached": Kind("A daily limit is reached", lambda row: row.to == _QUOTA),
    "quota.passed": Kind("The wait for a limit is over", _leaves_quota),
    "integration.disconnected": Kind("The integration has ended", lambda row: row.to == "disconnected.closed"),
}


def announcements(row: Row) -> tuple[Announcement, ...]:
    """Answer what is told of a row: nothing, unless it has led somewhere."""
    if row.disposition != "transitioned":
        return ()
    return tuple(Announcement(name, row.at, _facts(name, row)) for name, kind in KINDS.items() if kind.tells(row))


def body_of(announcement: Announcement, subscription: str, sequence: int) -> bytes:
    """Answer the body of a delivery, as it is signed."""
    moment = moment_of(announcement.at)
    return msgspec.json.encode(Message(announcement.type, moment, subscription, sequence, announcement.facts))


def moment_of(at: int) -> str:
    """Answer a moment (microseconds since the epoch) as messages say it."""
    return (_EPOCH + timedelta(microseconds=at)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _facts(name: str, row: Row) -> Facts:
    facts = Facts(row.integration, row.seq, row.type, row.to, row.origin, row.context.problem)
    if name == "sync.finished":
        return msgspec.structs.replace(facts, run=_number(row.data.get("run")), objects=_numbers(row.data))
    if name == "quota.reached":
        asked = row.data.get("retry_after")
        known = isinstance(asked, int | float) and math.isfinite(asked)
        return msgspec.structs.replace(facts, retry_after=asked if known else 0)
    return facts


def _numbers(data: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Answer the numbers of a run by object; an event's data may be anything, and only numbers go out."""
    objects = data.get("objects")
    if not isinstance(objects, dict):
        return {}
    return {
        str(name): {str(key): value for key, value in counts.items() if isinstance(value, int)}
        for name, counts in objects.items()
        if isinstance(counts, dict)
    }


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
