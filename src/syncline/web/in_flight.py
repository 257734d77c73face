"""Requests with an idempotency key that are being worked on: a second one with the same key has to wait.

The database would judge the two as well; but the second would be told what became of the first without a chance to see
that both were sent at once, which is mostly a mistake (draft-ietf-httpapi-idempotency-key-header, section 2.6).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from syncline.errors import ConflictError


class InFlight:
    """The keys of one process; used on the loop's thread only."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        """Start with none."""
        self._keys: set[str] = set()

    @contextmanager
    def alone(self, key: str, asked: str) -> Iterator[None]:
        """Hold a key for the length of a block; raises `ConflictError` when it is held. Nothing is held for no key."""
        if not asked:
            yield
            return
        if key in self._keys:
            raise ConflictError("key.in_flight", "the first request with this key has no answer yet")
        self._keys.add(key)
        try:
            yield
        finally:
            self._keys.discard(key)
