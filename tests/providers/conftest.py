"""A stub server, and both providers allowed to speak to it."""

from collections.abc import AsyncIterator

import pytest

from syncline.providers.port import Providers
from tests.providers.stub import Stub, providers_for, stub_server


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    """A server that answers what the test tells it."""
    async with stub_server() as made:
        yield made


@pytest.fixture
async def providers(stub: Stub) -> AsyncIterator[Providers]:
    """Both sides, impatient."""
    async with providers_for(stub.origin, http_timeout=2) as made:
        yield made
