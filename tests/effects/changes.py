"""A stream of changes that says what a test tells it to."""

import asyncio
from collections.abc import AsyncIterator, Mapping

from syncline.providers.port import Session
from syncline.providers.stream import Opened, Told

Saying = Opened | tuple[Told, ...] | Exception


class FakeChanges:
    """Tells each listener in turn, in the order in which it was told."""

    title: str = "Change Stream"

    def __init__(self) -> None:
        """Begin with nothing to say."""
        self.asked: list[dict[str, str]] = []
        self.users: set[str] = set()
        self.listening = 0
        self._said: asyncio.Queue[Saying] = asyncio.Queue()

    def say(self, *said: Saying) -> None:
        """Let these be told, or be raised, one after the other."""
        for one in said:
            self._said.put_nowait(one)

    async def follow(
        self, session: Session, *, user: str, after: Mapping[str, str]
    ) -> AsyncIterator[Opened | tuple[Told, ...]]:
        """Listen, as the port says."""
        assert await session.access_token()
        self.asked.append(dict(after))
        self.users.add(user)
        self.listening += 1
        try:
            while True:
                said = await self._said.get()
                if isinstance(said, Exception):
                    raise said
                yield said
        finally:
            self.listening -= 1
