"""The description of the API: valid, complete, and true: what it generates is answered as it says."""

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from syncline.web.api import API
from tests.web.doors import Doors

if TYPE_CHECKING:
    from schemathesis import Case

DOCUMENT = API.document("http://127.0.0.1")


def test_document_has_every_route_and_no_other() -> None:
    """Paths and methods are those of the table, each with a summary of its own."""
    described = {(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item}
    assert described == {(route.method, route.path) for route in API.routes}
    operations = [operation for item in DOCUMENT["paths"].values() for operation in item.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert all(operation["summary"].endswith(".") for operation in operations)


def test_references_lead_somewhere() -> None:
    """Every `$ref` is a schema of the document, and every schema is used."""
    text = str(DOCUMENT)
    named = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert named == set(DOCUMENT["components"]["schemas"])


def test_secrets_are_marked_and_never_shown() -> None:
    """A secret is `writeOnly`; no example holds one."""
    saved = DOCUMENT["components"]["schemas"]["CredentialsSaved"]["properties"]
    assert saved["consumer_secret"]["writeOnly"]
    assert "example" not in str(DOCUMENT["components"]["schemas"]).lower()


@pytest.mark.slow
def test_document_is_valid() -> None:
    """As schemathesis reads OpenAPI 3.1."""
    import schemathesis  # noqa: PLC0415  takes a second in each test process, and two tests need it

    schemathesis.openapi.from_dict(DOCUMENT).validate()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_generated_requests_are_answered_as_described(doors: Doors) -> None:
    """Whatever is sent, the answer is one that the document describes, and never a 5xx."""
    await doors.create()
    base = str(doors.client.make_url("")).rstrip("/")
    await asyncio.to_thread(exercise, base, {"Authorization": f"Bearer {doors.keys['admin']}"})


def exercise(base: str, headers: dict[str, str]) -> None:
    """Send generated requests to every operation, on a thread of its own: schemathesis is synchronous."""
    import schemathesis  # noqa: PLC0415  as above
    from schemathesis.core.result import Ok  # noqa: PLC0415
    from schemathesis.specs.openapi.checks import positive_data_acceptance  # noqa: PLC0415

    # Whether an address is allowed, or a field exists, is not in any schema.
    only_a_provider_knows: list[Any] = [positive_data_acceptance]
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def send(case: "Case[Any]") -> None:
            if "wait" in case.query:
                case.query["wait"] = 0  # A feed that has nothing to tell would be waited for, up to a minute each time.
            response = case.call(base_url=base, headers=headers)
            case.validate_response(response, excluded_checks=only_a_provider_knows)

        send()
