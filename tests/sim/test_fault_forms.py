"""Faults that word an error do so in the form in which the call is answered."""

import aiohttp
import pytest

from syncline_sim.app import Simulation
from tests.sim.salesforce.conftest import log_in

IN_XML = {"Accept": "application/xml"}
ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?><Errors><Error><errorCode>QUERY_TIMEOUT</errorCode><message>slow</message>'
)


@pytest.mark.parametrize(
    ("path", "headers", "begin"),
    [
        ("/services/data/v61.0/limits", {}, '[{"message":"slow","errorCode":"QUERY_TIMEOUT"}]'),
        ("/services/data/v61.0/limits", IN_XML, ERROR),
        ("/services/async/61.0/job", {}, '<?xml version="1.0" encoding="UTF-8"?><error xmlns="http://www.force.com/'),
        (
            "/services/async/61.0/job",
            {"Content-Type": "application/json"},
            '{"exceptionCode":"QUERY_TIMEOUT","exceptionMessage":"slow"}',
        ),
    ],
)
async def test_forms(
    simulation: Simulation, http: aiohttp.ClientSession, path: str, headers: dict[str, str], begin: str
) -> None:
    """In XML or JSON, as the vendor would."""
    simulation.faults.add({"side": "salesforce", "kind": "error", "code": "QUERY_TIMEOUT", "message": "slow"})
    token = log_in(simulation.world).token
    headers = {"Authorization": f"Bearer {token}", "X-SFDC-Session": token, **headers}
    async with http.get(simulation.world.urls["salesforce"] + path, headers=headers) as response:
        assert (response.status, (await response.text())[: len(begin)]) == (500, begin)
