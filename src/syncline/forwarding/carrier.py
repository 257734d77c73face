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


class BatchRefusedError(RejectedError):
    """The destination does not take the batch for what is in it, or for its size: part of it may be taken."""
