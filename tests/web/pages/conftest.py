"""A fresh site for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.pages.stage import Stage, build


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A site with nothing in it."""
    made = await build(tmp_path)
    yield made
    await made.close()
