"""A fresh world for each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from syncline.effects import object_sync
from tests.effects.world import World, build


@pytest.fixture(scope="session", autouse=True)
def settled() -> Iterator[None]:
    """The target of these tests finds whom it has created at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(object_sync, "_SETTLING_SECONDS", 0.0)
        yield


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world with nothing in it."""
    made = await build(tmp_path)
    yield made
    await made.close()
