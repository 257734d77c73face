"""What a source tells as it happens, to somebody who listens: the port, and the values that cross it.

Law: this too only says that something has changed, never what is true now; that is fetched by the watermark. So what
comes twice, late or in another order does no harm, and where something may be missing it is enough to say so.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from syncline.providers.port import Session


@dataclass(frozen=True, slots=True)
class Opened:
    """The source tells from now on, also after it had to be asked anew."""

    #: The objects that are told of.
    followed: tuple[str, ...]
    #: Those of them that are told of only from now on: what has changed before has to be read.
    anew: tuple[str, ...] = ()
    #: Object -> the source's words, for those that it does not tell of.
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of one object at once."""

    object: str
    #: Where to go on after this; opaque, empty when the source did not say.
    position: str
    #: How many records have changed, without our own writes.
    count: int = 0
    #: Their ids, as far as they were named.
    ids: tuple[str, ...] = ()
    #: Whether more has changed than can be told, so that nobody may count on the numbers.
    gap: bool = False

    @property
    def matters(self) -> bool:
        """Whether anything is to be fetched."""
        return self.gap or self.count > 0


class ChangeStream(Protocol):
    """How a source is listened to."""

    #: What people call it, such as `Change Data Capture`.
    title: str

    def follow(
        self, session: Session, *, user: str, after: Mapping[str, str]
    ) -> AsyncIterator[Opened | tuple[Told, ...]]:
        """Listen without end, to each object from behind its position in `after`.

        Yields `Opened` whenever it has begun to listen, then what is told, also when that is nothing for a while; not
        what `user` has written through us. Raises `ProviderError`: `RejectedError` where changes are not told of.
        """
