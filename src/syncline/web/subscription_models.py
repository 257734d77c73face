"""What is asked and answered about subscriptions and deliveries."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from syncline.core.announcement import KINDS
from syncline.store.deliveries import Delivery
from syncline.store.subscriptions import Subscription
from syncline.web.asked import Name, Secret
from syncline.web.models import Model


def _known(name: str) -> str:
    if name not in KINDS:
        raise ValueError(f"must be one of {', '.join(KINDS)}")
    return name


Type = Annotated[
    str, StringConstraints(max_length=64), AfterValidator(_known), Field(json_schema_extra={"enum": list(KINDS)})
]
Types = Annotated[tuple[Type, ...], Field(max_length=len(KINDS))]


class SubscriptionAsked(Model):
    """A subscription to be made."""

    url: Secret
    """Where to; https. All but its origin is kept as a secret."""
    name: Name
    integration: str = Field("", max_length=64)
    """The one to be told of; empty: all, also those that are made later."""
    types: Types = ()
    """What to be told of; none: everything."""


class SubscriptionChanged(Model):
    """What is to be changed of a subscription; what is left out stays."""

    url: Secret | None = None
    name: Name | None = None
    types: Types | None = None
    enabled: bool | None = None
    """False stops it, true lets it go on where it was once a test is answered."""


class SecretAsked(Model):
    """Another secret is wanted for a subscription."""

    overlap_hours: float = Field(24, ge=0, le=168, allow_inf_nan=False)
    """How long deliveries are signed with the former one, too; 0 ends it at once."""


class ReplayAsked(Model):
    """Which deliveries are to be sent again; those that have not ended are left alone."""

    sequences: tuple[Annotated[int, Field(ge=1, le=2**62)], ...] = Field((), max_length=1000)
    """Their numbers; none: the thousand oldest that were given up."""


class DeliveriesAsked(Model):
    """Which deliveries are wanted."""

    status: Literal["", "waiting", "delivered", "dead"] = ""
    before: int = Field(0, ge=0, le=2**62)
    """The `next` of the page before; 0 for the newest."""
    limit: int = Field(50, ge=1, le=200)


class KeySeen(Model):
    """A secret that deliveries are signed with, and what may be seen of it."""

    fingerprint: str
    until: int
    """When it ends, 0 when that is not known yet."""


class SubscriptionView(Model):
    """A subscription and how it is doing; times are microseconds since the epoch."""

    id: str
    name: str
    integration: str
    types: tuple[str, ...]
    origin: str
    """Scheme, host and port of the address; the rest is not shown."""
    fingerprint: str
    """Of the whole address."""
    enabled: bool
    reason: str
    """The code of why it was switched off; empty when a person did that."""
    keys: tuple[KeySeen, ...]
    created_at: int
    changed_at: int
    sequence: int
    """The number of its last delivery."""
    waiting: int
    """Deliveries that have not ended."""
    failures: int
    """Of the endpoint itself, in a row."""
    hold_until: int
    """Until when the endpoint is left alone, in the past when it is not."""
    failing_since: int | None
    delivered_at: int | None

    @classmethod
    def of(cls, found: Subscription) -> "SubscriptionView":
        """Answer a subscription as it may be shown."""
        return SubscriptionView(**_shown(found))


class Subscriptions(Model):
    """All subscriptions that may be seen."""

    items: tuple[SubscriptionView, ...]


class Tested(Model):
    """How a test message was answered."""

    answered: bool
    """Whether by 2xx, which is all that is asked."""
    status: int
    """HTTP, 0 when there was no answer."""
    problem: str
    """The code of what is wrong."""
    detail: str
    milliseconds: int


class TestedSubscription(SubscriptionView):
    """A subscription, and how its address was tried just now."""

    test: Tested | None
    """Null when there was no need to try."""


class NewSubscription(TestedSubscription):
    """A subscription that was just made."""

    secret: str
    """What its deliveries are signed with; it is in this answer only."""


class NewSecret(SubscriptionView):
    """A subscription whose secret was just exchanged."""

    secret: str
    """The new one; it is in this answer only."""


class TrySeen(Model):
    """One try to deliver."""

    at: int
    status: int
    """HTTP, 0 when there was no answer."""
    problem: str
    milliseconds: int


class DeliveryView(Model):
    """One delivery; times are microseconds since the epoch."""

    id: str
    """The `webhook-id`, the same at each try and each replay."""
    sequence: int
    integration: str
    seq: int
    type: str
    status: Literal["waiting", "delivered", "dead"]
    created_at: int
    due_at: int
    """When it is tried next, if it waits."""
    ended_at: int | None
    tries: tuple[TrySeen, ...]
    body: str

    @classmethod
    def of(cls, found: Delivery, id_: str) -> "DeliveryView":
        """Answer a delivery as it may be shown."""
        tries = tuple(
            TrySeen(at=one.at, status=one.status, problem=one.problem, milliseconds=one.milliseconds)
            for one in found.tries
        )
        return DeliveryView(
            id=id_,
            sequence=found.sequence,
            integration=found.integration,
            seq=found.seq,
            type=found.type,
            status=found.status,
            created_at=found.created_at,
            due_at=found.due_at,
            ended_at=found.ended_at,
            tries=tries,
            body=found.body.decode(),
        )


class DeliveryPage(Model):
    """A page of deliveries, the newest first."""

    items: tuple[DeliveryView, ...]
    next: int | None
    """What to pass as `before` for the next page."""


class Replaying(Model):
    """What goes out again."""

    sequences: tuple[int, ...]


def tested(found: Subscription, test: Tested | None) -> TestedSubscription:
    """Answer a subscription with how its address was tried."""
    return TestedSubscription(**_shown(found), test=test)


def with_secret(found: Subscription, secret: SecretStr) -> NewSecret:
    """Answer a subscription with its new secret."""
    return NewSecret(**_shown(found), secret=secret.get_secret_value())


def made(found: Subscription, test: Tested, secret: SecretStr) -> NewSubscription:
    """Answer a new subscription."""
    return NewSubscription(**_shown(found), test=test, secret=secret.get_secret_value())


def _shown(found: Subscription) -> dict[str, Any]:
    kept = found.kept
    return {
        "id": kept.id,
        "name": kept.name,
        "integration": kept.integration,
        "types": kept.types,
        "origin": kept.origin,
        "fingerprint": kept.fingerprint,
        "enabled": kept.enabled,
        "reason": kept.reason,
        "keys": tuple(KeySeen(fingerprint=key.fingerprint, until=key.until) for key in kept.keys),
        "created_at": found.created_at,
        "changed_at": found.changed_at,
        "sequence": found.sequence,
        "waiting": found.waiting,
        "failures": found.failures,
        "hold_until": found.hold_until,
        "failing_since": found.failing_since,
        "delivered_at": found.delivered_at,
    }
