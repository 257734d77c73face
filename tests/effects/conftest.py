"""A fresh world for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.effects.world import World, build


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world with nothing in it."""
    made = await build(tmp_path)
    yield made
    await made.close()
