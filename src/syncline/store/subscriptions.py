"""Subscriptions, kept by events; and how each is doing, which its deliveries say."""

from typing import Any

import msgspec

from syncline.core.subscription import EndedSubscription, KeptSubscription, Key, ReplayedDeliveries, SubscriptionChange
from syncline.errors import NotFoundError
from syncline.store.transaction import Transaction

#: Each has a sender of its own, with connections of its own.
MOST = 200

#: What may stand against a change, as the log says it.
CHANGED = "it was changed or ended meanwhile"
UNKNOWN = "there is no such subscription"
TOO_MANY = "there are too many subscriptions"
UNKNOWN_INTEGRATION = "there is no such integration"
NOTHING_ENDED = "none of these deliveries has ended"


class Subscription(msgspec.Struct, frozen=True):
    """A subscription and how it is doing; times are microseconds since the epoch."""

    kept: KeptSubscription
    created_at: int
    changed_at: int
    #: The position up to which the log has been turned into deliveries, and the last number that was given out.
    scanned: int
    sequence: int
    #: Deliveries that have not ended.
    waiting: int
    #: Failures of the endpoint itself in a row, and until when it is left alone.
    failures: int
    hold_until: int
    #: Since when nothing has arrived though it was tried; when that was last, and when something has arrived last.
    failing_since: int | None
    failed_at: int | None
    delivered_at: int | None

    @property
    def id(self) -> str:
        """Its id."""
        return self.kept.id


class Standing(msgspec.Struct, frozen=True):
    """How a subscription is doing after some tries."""

    failures: int
    hold_until: int
    failing_since: int | None
    failed_at: int | None
    delivered_at: int | None


def subscriptions(tx: Transaction) -> list[Subscription]:
    """List all subscriptions, the oldest first."""
    return [_subscription(row) for row in tx.list_subscriptions()]


def subscription(tx: Transaction, *, id: str) -> Subscription:  # noqa: A002  as the column
    """Answer one; raises `NotFoundError`."""
    row = tx.find_subscription(id=id)
    if row is None:
        raise NotFoundError("subscription.unknown")
    return _subscription(row)


def objection(tx: Transaction, change: SubscriptionChange) -> str:
    """Answer what stands against a change; empty when nothing does."""
    match change:
        case KeptSubscription(version=1):
            if tx.count_subscriptions()[0] >= MOST:
                return TOO_MANY
            known = not change.integration or tx.find_integration(id=change.integration) is not None
            return "" if known else UNKNOWN_INTEGRATION
        case KeptSubscription():
            row = tx.find_subscription(id=change.id)
            return "" if row is not None and row[1] == change.version - 1 else CHANGED
        case EndedSubscription(id=id_):
            return "" if tx.find_subscription(id=id_) is not None else UNKNOWN
        case ReplayedDeliveries(subscription=id_):
            if tx.find_subscription(id=id_) is None:
                return UNKNOWN
            (count,) = tx.count_ended_deliveries(subscription=id_, sequences=_json(change.sequences))
            return "" if count else NOTHING_ENDED


def keep(tx: Transaction, change: SubscriptionChange, at: int) -> None:
    """Do what nothing stands against."""
    match change:
        case KeptSubscription():
            values = {
                "id": change.id,
                "name": change.name,
                "integration": change.integration,
                "types": _json(change.types),
                "origin": change.origin,
                "fingerprint": change.fingerprint,
                "enabled": int(change.enabled),
                "reason": change.reason,
                "keys": _json(change.keys),
                "now": at,
            }
            if change.version == 1:
                tx.add_subscription(**values)
            else:
                tx.change_subscription(**values, version=change.version)
        case EndedSubscription(id=id_):
            tx.end_subscription(id=id_)
        case ReplayedDeliveries(subscription=id_):
            added = tx.replay_deliveries(subscription=id_, sequences=_json(change.sequences), now=at)
            tx.add_waiting(id=id_, added=added)


def advance(tx: Transaction, of: Subscription, *, scanned: int, added: int) -> bool:
    """Note that the log has been turned into deliveries up to a position; False when somebody else did."""
    moved = tx.advance_subscription(id=of.id, before=of.scanned, sequence=of.sequence, scanned=scanned, added=added)
    return bool(moved)


def note(tx: Transaction, *, id: str, standing: Standing, ended: int) -> None:  # noqa: A002  as the column
    """Note how it is doing, and how many deliveries have ended."""
    tx.note_standing(id=id, ended=ended, **msgspec.structs.asdict(standing))


def _subscription(row: tuple[Any, ...]) -> Subscription:
    id_, version, name, integration, types, origin, fingerprint, enabled, reason, keys, *standing = row
    kept = KeptSubscription(
        id=id_,
        version=version,
        name=name,
        integration=integration,
        types=msgspec.json.decode(types, type=tuple[str, ...]),
        origin=origin,
        fingerprint=fingerprint,
        enabled=bool(enabled),
        reason=reason,
        keys=msgspec.json.decode(keys, type=tuple[Key, ...]),
    )
    return Subscription(kept, *standing)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
