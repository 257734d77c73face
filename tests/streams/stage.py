"""What tests of the streams do things with."""

from typing import Any

from syncline.core.audit import Row
from syncline.effects.work import MovedOnError
from syncline.providers.stream import Opened, Told
from syncline.streams import Streams
from tests.effects.changes import FakeChanges
from tests.effects.fakes import FakeSource
from tests.effects.world import World, until

BOTH = Opened(("Lead", "Contact"))


class Stage:
    """One integration, with streams that can be started again."""

    def __init__(self, world: World) -> None:
        """Take the world; nobody listens yet."""
        self.world = world
        self.streams: Streams | None = None

    @property
    def source(self) -> FakeChanges:
        """What the source tells."""
        assert isinstance(self.world.source, FakeSource)
        return self.world.source.changes

    def listen(self, **settings: Any) -> Streams:  # noqa: ANN401  as Settings
        """Begin to listen, as a fresh process does."""
        self.world.configure(**settings)
        self.streams = Streams(self.world.tools, self.world.engine.rules)
        self.streams.start(self.world.engine.watch)
        return self.streams

    async def close(self) -> None:
        """Stop listening."""
        if self.streams is not None:
            await self.streams.stop(2.0)

    async def asked(self, times: int = 1) -> None:
        """Wait until the source was asked so often."""

        async def met() -> bool:
            return len(self.source.asked) >= times

        await until(met)

    async def ended(self) -> None:
        """Wait until nobody listens."""

        async def met() -> bool:
            return self.source.listening == 0

        await until(met)

    async def rows(self, type_: str, count: int) -> list[Row]:
        """Wait until the log has so many rows of a type; answers them."""

        async def met() -> bool:
            return len(await self.world.log(type_)) >= count

        await until(met)
        found = await self.world.log(type_)
        assert len(found) == count, [row.data for row in found]
        return found

    async def document(self) -> dict[str, Any]:
        """Answer what is written down of the listening."""
        found: dict[str, Any] = (await self.world.documents()).get("changes", {})
        return found


def lead(position: str, *ids: str, **more: Any) -> tuple[Told, ...]:  # noqa: ANN401  as Told
    """Something that was told of leads."""
    return (Told("Lead", position, len(ids), ids, **more),)


__all__ = ["BOTH", "MovedOnError", "Stage", "lead"]
