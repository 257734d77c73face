"""An integration that syncs, a source that tells what a test wants, and streams that listen to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.effects.world import World, build
from tests.streams.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """An integration between two cycles; nobody listens yet."""
    world: World = await build(tmp_path)
    await world.reach("syncing.waiting")
    made = Stage(world)
    yield made
    await made.close()
    await world.close()
