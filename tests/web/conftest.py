"""A fresh site for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.arrivals import Before, awaiting_login
from tests.web.doors import Doors, open_doors
from tests.web.senders import Hook


@pytest.fixture
async def doors(tmp_path: Path) -> AsyncIterator[Doors]:
    """A running site with nothing in it, and a client."""
    async with open_doors(tmp_path) as made:
        yield made


@pytest.fixture
async def before(doors: Doors) -> Before:
    """An integration that awaits a login which this client has started."""
    return await awaiting_login(doors)


@pytest.fixture
async def hook(doors: Doors) -> Hook:
    """The hook of a new integration."""
    return Hook(doors, await doors.create())
