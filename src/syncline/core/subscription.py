"""Subscriptions: who is told of what. And when a delivery that failed is tried again.

Law: pure. A subscription is changed by events on the service's own log, also one of a single integration: its last
message, that the integration has ended, has to be signed after the integration's own secrets are erased.
"""

import msgspec

_SECOND, _HOUR, _DAY = 1_000_000, 3600 * 1_000_000, 24 * 3600 * 1_000_000
#: A delivery is tried for so long, from its first try on; the last try is at the end of that time.
RETRIED_FOR = 3 * _DAY
#: A subscription that nothing has arrived at for so long is switched off.
GIVEN_UP_AFTER = 5 * _DAY
#: Tries that lie further apart than this do not count as one failure that lasts.
LONGEST_SILENCE = 2 * _DAY
_FIRST_PAUSE = 5 * _SECOND
_LONGEST_PAUSE = 6 * _HOUR
#: Nobody puts us off for longer at a time.
_LONGEST_ASKED = _DAY
_MOST_DOUBLINGS = 30


class Key(msgspec.Struct, frozen=True):
    """A secret that deliveries are signed with, by the field that it is sealed under; `until` 0 has no end."""

    field: str
    fingerprint: str
    until: int = 0  #: microseconds since the epoch


class KeptSubscription(msgspec.Struct, frozen=True):
    """A subscription as it is from now on; if it is not at the version before this one, the event is refused."""

    id: str
    version: int
    name: str
    integration: str  #: empty: all of them
    types: tuple[str, ...]  #: none: all of them
    #: Scheme, host and port of its address. The rest may be a secret, and is sealed under `address_field`.
    origin: str
    fingerprint: str  #: of the address
    enabled: bool
    #: The code of why it was switched off, empty when a person did it.
    reason: str
    keys: tuple[Key, ...]

    def wants(self, type_: str, integration: str) -> bool:
        """Whether it is told of something."""
        return self.integration in {"", integration} and (not self.types or type_ in self.types)


class EndedSubscription(msgspec.Struct, frozen=True):
    """The subscription that this event ends; if there is none, the event is refused."""

    id: str


class ReplayedDeliveries(msgspec.Struct, frozen=True):
    """Deliveries that go out again under their own ids; if none of them has ended, the event is refused."""

    subscription: str
    sequences: tuple[int, ...]


SubscriptionChange = KeptSubscription | EndedSubscription | ReplayedDeliveries


def address_field(subscription: str) -> str:
    """Answer the field that the address of a subscription is sealed under."""
    return f"subscription.{subscription}.address"


def again_at(*, failures: int, first_at: int, now: int, asked: float | None, dice: float) -> int | None:
    """Answer when to try again after so many failures, None when that is over; moments in microseconds.

    The pause doubles from five seconds to six hours, times a random factor (`dice`, 0 to 1) between a half and one and
    a half, and is never shorter than was asked for (seconds).
    """
    end = first_at + RETRIED_FOR
    if now >= end:
        return None
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(failures - 1, _MOST_DOUBLINGS)) * (0.5 + dice)
    asked_for = min(int((asked or 0) * _SECOND), _LONGEST_ASKED)
    return min(now + max(int(pause), asked_for), end)
