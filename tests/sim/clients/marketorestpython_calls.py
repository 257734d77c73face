"""marketorestpython, unmodified, as tests call it: it blocks, while the test also runs the simulated world."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from marketorestpython.client import MarketoClient  # type: ignore[import-untyped]

from syncline_sim.marketo.api_users import DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET

LONG_AGO = "2020-01-01T00:00:00Z"


class Client:
    """The client, whose calls block, called from a test that also runs the simulated world."""

    def __init__(self, origin: str = "", secret: str = DEFAULT_CLIENT_SECRET) -> None:
        self.blocking = MarketoClient("123-ABC-456", DEFAULT_CLIENT_ID, secret, max_retry_time=5)
        self.blocking.host = origin or self.blocking.host

    async def __call__(self, method: str, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - as the client answers
        """Call a method by its name, as the client advises: it then authenticates again when the token is refused."""
        return await asyncio.to_thread(self.blocking.execute, method, *args, **named)

    async def bare(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - as the client answers
        """Call a method without that."""
        return await asyncio.to_thread(call)


def code(error: pytest.ExceptionInfo[Exception]) -> str:
    """Answer the vendor's code in an exception of `execute`."""
    found: str = error.value.args[0]["code"]
    return found


async def people(client: Client, *emails: str) -> list[int]:
    """Create people and answer their ids."""
    results = await client("create_update_leads", leads=[{"email": email, "firstName": "P"} for email in emails])
    return [result["id"] for result in results]
