"""What brings rows to a destination, and how it says that it could not."""

from collections.abc import Sequence
from typing import Protocol

from syncline.errors import RejectedError
from syncline.forwarding.message import Message


class Carrier(Protocol):
    """Brings a batch to its destination."""

    #: Whether a batch that was delivered may still have been lost when the destination dies right after it.
    doubtful: bool

    async def deliver(self, batch: Sequence[Message]) -> None:
        """Deliver a batch as a whole; raises `ProviderError`, and then it has to be delivered again."""

    async def close(self) -> None:
        """Let go of what is held."""


class TooLargeError(RejectedError):
    """The destination takes smaller batches only."""
