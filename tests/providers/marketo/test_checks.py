"""The doctor of this side: each trouble is a result with an id and a code, only an outage raises."""

import json

import pytest

from syncline.errors import UnreachableError
from syncline.providers.port import Check, Providers
from tests.providers.marketo.instance import (
    COMPANIES,
    DESCRIBE,
    FIELDS,
    LEADS,
    TOKEN,
    USAGE,
    account_at,
    fault,
    fine,
    skipped,
    token,
)
from tests.providers.stub import Stub


@pytest.fixture
def instance(stub: Stub) -> Stub:
    """An instance in which all is well."""
    stub.on(TOKEN, token())
    stub.on(DESCRIBE, fine({"fields": [{"name": "email", "dataType": "email", "crmManaged": False}]}))
    stub.on(LEADS, fine(skipped("1004", "Lead not found")))
    stub.on(FIELDS, fault("1002", "Missing value for the required parameter 'input'"))
    stub.on(COMPANIES, fine())
    stub.on(USAGE, fine({"date": "2026-11-24", "total": 12, "users": []}))
    return stub


async def _run(providers: Providers, instance: Stub) -> dict[str, Check]:
    results = await providers.target.check(account_at(instance.origin))
    assert len({check.id for check in results}) == len(results)
    assert all((check.problem is None) == (check.verdict == "passed") for check in results)
    assert all(check.problem in providers.target.problems for check in results if check.problem)
    return {check.id: check for check in results}


async def test_all_is_well(providers: Providers, instance: Stub) -> None:
    """And nothing was written to find out."""
    checks = await _run(providers, instance)
    assert list(checks) == [
        "marketo.reachable",
        "marketo.credentials",
        "marketo.permissions",
        "marketo.native_crm",
        "marketo.quota",
    ]
    assert {check.verdict for check in checks.values()} == {"passed"}
    written = [json.loads(call.body) for call in instance.heard if call.method == "POST" and call.path != TOKEN]
    assert written == [{"action": "updateOnly", "lookupField": "id", "input": [{"id": 0}]}, {"input": []}]


@pytest.mark.parametrize(
    ("path", "answer", "check", "verdict", "problem"),
    [
        (TOKEN, (401, b""), "credentials", "failed", "wrong_credentials"),
        (DESCRIBE, fault("603"), "permissions", "failed", "permission_missing"),
        (LEADS, fault("603"), "permissions", "failed", "permission_missing"),
        (FIELDS, fault("603"), "permissions", "failed", "permission_missing"),
        (COMPANIES, fault("1018"), "native_crm", "failed", "native_crm"),
        (COMPANIES, fault("603"), "native_crm", "warning", "permission_missing"),
        (
            DESCRIBE,
            fine({"fields": [{"name": "email", "dataType": "email", "crmManaged": True}]}),
            "native_crm",
            "failed",
            "native_crm",
        ),
        (USAGE, fine({"total": 49_000}), "quota", "warning", "quota_low"),
        (USAGE, fine({"total": None}), "quota", "warning", "quota_low"),
        (DESCRIBE, fault("607"), "quota", "failed", "quota_reached"),
    ],
)
async def test_each_trouble_is_a_result(
    providers: Providers, instance: Stub, path: str, answer: tuple[int, object], check: str, verdict: str, problem: str
) -> None:
    """Named by its check."""
    instance.on(path, answer)
    found = (await _run(providers, instance))[f"marketo.{check}"]
    assert (found.verdict, found.problem) == (verdict, f"marketo.{problem}")


@pytest.mark.parametrize("path", [TOKEN, DESCRIBE, LEADS, FIELDS, COMPANIES, USAGE])
async def test_an_outage_is_none(providers: Providers, instance: Stub, path: str) -> None:
    """Nobody should be told to change something because the network is down."""
    instance.on(path, (503, b""))
    with pytest.raises(UnreachableError):
        await _run(providers, instance)


async def test_a_new_secret_is_tried_although_an_old_token_lives(providers: Providers, instance: Stub) -> None:
    """The check is about the credentials, so it asks for a token each time."""
    await _run(providers, instance)
    await _run(providers, instance)
    assert instance.paths().count(TOKEN) == 2
