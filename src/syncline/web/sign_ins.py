"""How often one address may try to sign in."""

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from syncline.errors import ForbiddenError

_PER_MINUTE = RateLimitItemPerMinute(10)


class SignIns:
    """Counts tries per address over a moving minute, in the memory of this process."""

    def __init__(self) -> None:
        """Start with none counted."""
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def count(self, address: str) -> None:
        """Count one try; raises `ForbiddenError` for the eleventh within a minute."""
        if not await self._limiter.hit(_PER_MINUTE, "sign-in", address):
            raise ForbiddenError("access.rate_limited", "too many tries from this address, wait a minute")
