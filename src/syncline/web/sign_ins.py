"""How often one address may try to sign in, and which keys have come from where."""

from collections import OrderedDict

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from syncline.errors import ForbiddenError

_PER_MINUTE = RateLimitItemPerMinute(10)
_AGE = 12 * 3600 * 1_000_000
_MOST = 10_000


class SignIns:
    """Counts tries per address over a moving minute, in the memory of this process."""

    def __init__(self) -> None:
        """Start with none counted."""
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def count(self, address: str) -> None:
        """Count one try; raises `ForbiddenError` for the eleventh within a minute."""
        if not await self._limiter.hit(_PER_MINUTE, "sign-in", address):
            raise ForbiddenError("access.rate_limited", "too many tries from this address, wait a minute")


class Bearers:
    """Which keys have come from where, so that not each of their requests is a row; at most 10,000 are remembered."""

    def __init__(self) -> None:
        """Start with none."""
        self._seen: OrderedDict[tuple[str, str], int] = OrderedDict()

    def is_new(self, key: str, address: str, now: int) -> bool:
        """Whether a key has not come from an address in the last twelve hours; notes that it has now."""
        if now - self._seen.get((key, address), -_AGE) < _AGE:
            return False
        self._seen[key, address] = now
        self._seen.move_to_end((key, address))
        if len(self._seen) > _MOST:
            self._seen.popitem(last=False)
        return True

    def forget(self, key: str, address: str) -> None:
        """Take back what could not be written down."""
        self._seen.pop((key, address), None)
