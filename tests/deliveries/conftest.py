"""A fresh stage for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.deliveries.stage import Stage, checked, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage with one integration whose checks run."""
    async with staged(tmp_path) as made:
        await checked(made.engine)
        yield made
