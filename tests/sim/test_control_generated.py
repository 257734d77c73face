"""Whatever is sent to the control door, it answers, and never falls over."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from syncline_sim import openapi
from syncline_sim.app import Simulation

if TYPE_CHECKING:
    from schemathesis import Case

#: Makes a world anew, which takes time, and that of the table's own test is enough.
LEFT_OUT = "/reset"


@pytest.mark.slow
async def test_generated_requests_are_answered(simulation: Simulation) -> None:
    """No call of the document ends in a 5xx, and what is refused is refused with a sentence."""
    await asyncio.to_thread(_exercise, simulation.world.urls["control"])


def _exercise(base: str) -> None:
    """Send generated requests to every operation, on a thread of its own: schemathesis is synchronous."""
    import schemathesis  # noqa: PLC0415  takes a second in each test process
    from schemathesis.core.result import Ok  # noqa: PLC0415

    document: dict[str, Any] = openapi.document(base)
    del document["paths"][LEFT_OUT]
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
        )
        def send(case: "Case[Any]") -> None:
            response = case.call(base_url=base)
            assert response.status_code < 500, response.text
            if response.status_code >= 400 and "json" in response.headers.get("Content-Type", [""])[0]:
                assert response.json()["error"]

        send()
