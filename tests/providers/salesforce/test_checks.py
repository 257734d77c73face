"""The doctor of this side: each trouble is a result with an id and a code, only an outage raises."""

from typing import Any

import pytest

from syncline.errors import UnreachableError
from syncline.providers.port import Check, Identity, Providers
from tests.providers.salesforce.org import DATA, ORG, USER, fault
from tests.providers.stub import FixedSession, Stub

IDENTITY = Identity(ORG, "Acme", "Enterprise Edition", False, USER, "u@acme.example", "U", "u@acme.example")  # noqa: FBT003  the whole row
ALL = ("Id", "SystemModstamp", "FirstName", "LastName", "Email", "Company")


def _description(*names: str, queryable: bool = True) -> dict[str, Any]:
    return {"queryable": queryable, "fields": [{"name": name, "type": "string"} for name in names]}


@pytest.fixture
def org(stub: Stub) -> Stub:
    """An org in which all is well."""
    stub.on("/services/data", (200, [{"version": "65.0"}, {"version": "66.0"}]))
    stub.on(f"{DATA}/limits", (200, {"DailyApiRequests": {"Max": 1000, "Remaining": 900}}))
    for name in ("Lead", "Contact"):
        stub.on(f"{DATA}/sobjects/{name}/describe", (200, _description(*ALL)))
    return stub


async def _run(providers: Providers, org: Stub) -> dict[str, Check]:
    results = await providers.source.check(FixedSession(org.origin), IDENTITY)
    assert len({check.id for check in results}) == len(results)
    assert all((check.problem is None) == (check.verdict == "passed") for check in results)
    assert all(check.problem in providers.source.problems for check in results if check.problem)
    return {check.id: check for check in results}


async def test_all_is_well(providers: Providers, org: Stub) -> None:
    """And each check says what it saw."""
    checks = await _run(providers, org)
    assert list(checks) == [
        "salesforce.identity",
        "salesforce.version",
        "salesforce.api_enabled",
        "salesforce.org",
        "salesforce.objects.lead",
        "salesforce.objects.contact",
        "salesforce.limits",
    ]
    assert {check.verdict for check in checks.values()} == {"passed"}
    assert "u@acme.example" in checks["salesforce.identity"].seen
    assert "900 of 1,000" in checks["salesforce.limits"].seen


@pytest.mark.parametrize(
    ("path", "answer", "check", "verdict", "problem"),
    [
        ("/services/data", (200, [{"version": "40.0"}]), "version", "failed", "version_missing"),
        (f"{DATA}/limits", (403, fault("API_DISABLED_FOR_ORG")), "api_enabled", "failed", "api_disabled"),
        (f"{DATA}/limits", (403, fault("REQUEST_LIMIT_EXCEEDED")), "limits", "failed", "limit_reached"),
        (
            f"{DATA}/limits",
            (200, {"DailyApiRequests": {"Max": 1000, "Remaining": 0}}),
            "limits",
            "failed",
            "limit_reached",
        ),
        (
            f"{DATA}/limits",
            (200, {"DailyApiRequests": {"Max": 1000, "Remaining": 99}}),
            "limits",
            "warning",
            "limit_low",
        ),
        (f"{DATA}/limits", (200, {}), "limits", "warning", "limit_low"),
        (f"{DATA}/sobjects/Lead/describe", (404, fault("NOT_FOUND")), "objects.lead", "failed", "missing_permission"),
        (
            f"{DATA}/sobjects/Lead/describe",
            (200, _description(*ALL, queryable=False)),
            "objects.lead",
            "failed",
            "missing_permission",
        ),
        (
            f"{DATA}/sobjects/Contact/describe",
            (200, _description("Id")),
            "objects.contact",
            "failed",
            "missing_permission",
        ),
        (
            f"{DATA}/sobjects/Contact/describe",
            (200, _description("Id", "SystemModstamp", "LastName")),
            "objects.contact",
            "warning",
            "hidden_fields",
        ),
    ],
)
async def test_each_trouble_is_a_result(
    providers: Providers,
    org: Stub,
    path: str,
    answer: tuple[int, object],
    check: str,
    verdict: str,
    problem: str,
) -> None:
    """Named by its check."""
    org.on(path, answer)
    found = (await _run(providers, org))[f"salesforce.{check}"]
    assert (found.verdict, found.problem) == (verdict, f"salesforce.{problem}")


async def test_an_outage_is_none(providers: Providers, org: Stub) -> None:
    """Nobody should be told to change something because the network is down."""
    org.on(f"{DATA}/limits", (503, b""))
    with pytest.raises(UnreachableError):
        await _run(providers, org)
