"""Deliveries: made from committed rows, taken up by whoever sends them, kept for a while after they have ended.

Law: the log is the outbox. A row is turned into deliveries in the transaction that notes how far the log was read, so
none is left out and none is made twice, whenever the service stops.
"""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from syncline.core import audit
from syncline.core.announcement import Announcement, announcements
from syncline.store import subscriptions
from syncline.store.subscriptions import Standing, Subscription
from syncline.store.transaction import Transaction

Status = Literal["waiting", "delivered", "dead"]

#: Tries that are remembered of one delivery; the schedule has fewer.
_MOST_TRIES = 50


class Try(msgspec.Struct, frozen=True):
    """One try to deliver."""

    at: int  #: microseconds since the epoch
    status: int  #: HTTP, 0 when there was no answer
    problem: str  #: a code of the catalogue, empty when it was taken
    milliseconds: int


class Told(msgspec.Struct, frozen=True):
    """What is told of the row at a position of the log."""

    position: int
    announcement: Announcement


class NewDelivery(msgspec.Struct, frozen=True):
    """A delivery to be made."""

    announcement: Announcement
    sequence: int
    body: bytes


class Due(msgspec.Struct, frozen=True):
    """A delivery that is to be tried now."""

    id: int
    sequence: int
    integration: str
    type: str
    body: bytes
    first_at: int  #: 0 when it was never tried
    failures: int
    tries: tuple[Try, ...]


class Settled(msgspec.Struct, frozen=True):
    """What a try has led to."""

    delivery: Due
    attempt: Try
    status: Status
    due_at: int
    #: Failures that count for its own pauses.
    failures: int


class Delivery(msgspec.Struct, frozen=True):
    """A delivery as it may be shown; times are microseconds since the epoch."""

    sequence: int
    integration: str
    seq: int
    type: str
    body: bytes
    status: Status
    created_at: int
    due_at: int
    tries: tuple[Try, ...]
    ended_at: int | None


def told(tx: Transaction, *, after: int, reach: int, most: int) -> tuple[int, list[Told]]:
    """Read on in the log from behind a position: up to where, and all that is told of those rows, in order.

    At most `reach` rows are looked at, and `most` that anything is told of.
    """
    (last,) = tx.find_last_position()
    through = min(int(last), after + reach)
    if through <= after:
        return after, []
    found = tx.list_announced(after=after, through=through, most=most).fetchall()
    if len(found) == most:
        through = found[-1][0]
    rows = ((position, audit.decode(content)) for position, content in found)
    return through, [Told(position, each) for position, row in rows for each in announcements(row)]


def add(tx: Transaction, *, of: Subscription, scanned: int, new: Sequence[NewDelivery], now: int) -> bool:
    """Make deliveries, and note how far the log was read; False, and nothing is done, when that was done before."""
    if not subscriptions.advance(tx, of, scanned=scanned, added=len(new)):
        return False
    if new:
        tx.add_deliveries(
            [
                {
                    "subscription": of.id,
                    "sequence": each.sequence,
                    "integration": each.announcement.facts.integration,
                    "seq": each.announcement.facts.seq,
                    "type": each.announcement.type,
                    "body": each.body,
                    "now": now,
                }
                for each in new
            ]
        )
    return True


def due(tx: Transaction, *, subscription: str, now: int, most: int) -> list[Due]:
    """List what is to be sent now, in order, without what waits behind one that was put off."""
    found = tx.list_due_deliveries(subscription=subscription, now=now, most=most)
    return [Due(**_named(Due, row)) for row in found]


def next_due(tx: Transaction, *, subscription: str, now: int) -> int | None:
    """Answer when the next one that was put off is due."""
    (moment,) = tx.find_next_delivery_due(subscription=subscription, now=now)
    return None if moment is None else int(moment)


def settle(tx: Transaction, *, subscription: str, results: Sequence[Settled], standing: Standing, now: int) -> None:
    """Write down what came of some tries."""
    ended = 0
    for result in results:
        done = result.status != "waiting"
        tries = (*result.delivery.tries, result.attempt)[-_MOST_TRIES:]
        changed = tx.settle_delivery(
            id=result.delivery.id,
            status=result.status,
            due_at=result.due_at,
            first_at=result.delivery.first_at or result.attempt.at,
            failures=result.failures,
            tries=msgspec.json.encode(tries).decode(),
            ended_at=now if done else None,
        )
        ended += changed if done else 0
    subscriptions.note(tx, id=subscription, standing=standing, ended=ended)


def page(
    tx: Transaction, *, subscription: str, status: str = "", before: int = 2**62, most: int = 50
) -> list[Delivery]:
    """List deliveries, the newest first, from before a number on."""
    found = tx.list_deliveries(subscription=subscription, status=status, before=before, most=most)
    return [Delivery(**_named(Delivery, row)) for row in found]


def dead(tx: Transaction, *, subscription: str, most: int) -> tuple[int, ...]:
    """List the numbers of those that were given up, the oldest first."""
    return tuple(number for (number,) in tx.list_dead_sequences(subscription=subscription, most=most))


def count_dead(tx: Transaction, *, subscription: str) -> int:
    """Count those that were given up."""
    return int(tx.count_dead_deliveries(subscription=subscription)[0])


def size(tx: Transaction) -> tuple[int, int]:
    """Answer how much room the deliveries take that have ended, in bytes, and how many there are."""
    bytes_, count = tx.find_deliveries_size()
    return int(bytes_), int(count)


def trim(tx: Transaction, *, before: int, beyond: int, most: int) -> int:
    """Forget what has ended before a moment, and so many of the oldest; at most `most` of each. Answers how many."""
    forgotten = tx.forget_old_deliveries(before=before, most=most) + tx.forget_orphaned_deliveries(most=most)
    if beyond > 0:
        forgotten += tx.forget_oldest_deliveries(most=min(beyond, most))
    return int(forgotten)


def _named(kind: type[msgspec.Struct], row: Sequence[Any]) -> dict[str, Any]:
    """Answer the columns of a row by the names of a struct's fields, which are theirs."""
    values = dict(zip(kind.__struct_fields__, row, strict=True))
    return {**values, "tries": msgspec.json.decode(values["tries"], type=tuple[Try, ...])}
