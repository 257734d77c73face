"""What a provider tells by calling us, and the port that the door of its calls is built on.

Law: a notice says that something happened, never what is true now; that is fetched. So none can do harm by coming
twice, late or in another order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from syncline.providers.port import Instruction


@dataclass(frozen=True, slots=True)
class Delivery:
    """A call that has shown the secret of its door."""

    media_type: str
    body: bytes
    #: The org that the integration is pinned to, empty before that.
    org_id: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that happened, as an event is to say it."""

    #: By which a repetition is known, for ever; empty when the sender gives it none.
    name: str
    type: str
    data: Mapping[str, Any] = field(default_factory=dict)
    #: The source's id of a record that is wanted whether it has changed or not.
    wants: str = ""
    #: Why nothing can follow from it, empty when something can.
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of a delivery that cannot be read while the rest can: its name where it has one, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a delivery holds."""

    notices: tuple[Notice, ...]
    unread: tuple[Unread, ...] = ()


class NoticeDoor(Protocol):
    """How one side calls: pure, no network."""

    #: The last word of the door's address, before its secret part.
    name: str
    #: The header that has to hold a second secret, empty when the address holds all there is.
    header: str
    #: What a body may be sent as.
    media_types: tuple[str, ...]
    #: JSON Schema of the body, as far as JSON Schema can say it.
    shape: Mapping[str, Any]

    def read(self, delivery: Delivery) -> Reading:
        """Read a delivery; raises `InputError`, and `ForbiddenError` for one that another org has sent."""

    def acknowledge(self, count: int) -> tuple[str, bytes]:
        """Answer media type and body of what the sender waits for, once `count` notices are recorded."""

    def redact(self, body: bytes) -> bytes:
        """Answer a body, which may be anything, without the secrets that this provider puts into one."""

    def guide(self, url: str, secret: str) -> tuple[Instruction, ...]:
        """Answer how the calls are set up, in the provider's own pages."""
