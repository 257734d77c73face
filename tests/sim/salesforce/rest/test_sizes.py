"""What is too long for the data API, against the doors as they really listen."""

from io import BytesIO

import aiohttp
import pytest

from syncline_sim.app import Simulation
from tests.sim.salesforce.conftest import log_in

_MEGABYTE = b" " * 2**20
_BODY_LIMIT = 16


@pytest.mark.parametrize(
    ("path", "more", "megabytes", "expected"),
    [
        ("/sobjects/Lead", {}, _BODY_LIMIT, (413, "REQUEST_ENTITY_TOO_LARGE")),
        (f"/query?q={'x' * 17_000}", {}, 0, (414, "URI_TOO_LONG")),
        ("/sobjects/Lead", {"X-Long": "x" * 17_000}, 0, (431, "REQUEST_HEADER_FIELDS_TOO_LARGE")),
    ],
)
async def test_too_long(
    simulation: Simulation,
    http: aiohttp.ClientSession,
    path: str,
    more: dict[str, str],
    megabytes: int,
    expected: tuple[int, str],
) -> None:
    """Body, address, and address with headers are refused in the vendor's form."""
    headers = {"Authorization": f"Bearer {log_in(simulation.world).token}", **more}
    url = f"{simulation.world.urls['salesforce']}/services/data/v67.0{path}"
    body = BytesIO(_MEGABYTE * megabytes + b"{}")
    async with http.post(url, headers=headers, data=body) as response:
        assert (response.status, (await response.json())[0]["errorCode"]) == expected
