"""The ways in which the checks fail: each names what is missing and who can mend it, and passes once it is mended."""

from typing import Any

import pytest

from tests.acceptance.expectations import SYNC_USER, blocked, go_on, row_of
from tests.acceptance.world import Json, World

FAILED = "authorized.checks_failed"
PASSED = "authorized.awaiting_confirmation"


async def log_in(world: World, integration: str) -> None:
    """Take an integration to its first login and make that, so that the checks begin."""
    await world.reach(integration, "credentials_saved.ready")
    await world.login(integration)


def verdict(found: Json, check: str) -> tuple[str, str]:
    """Answer the verdict and the code of one check."""
    result = next(result for result in found["checks"]["results"] if result["id"] == check)
    return result["verdict"], result["problem"]


async def change_user(world: World, **change: Any) -> None:  # noqa: ANN401  JSON
    """Change what the sync user may do and see."""
    await world.control("PATCH", f"/users/{SYNC_USER}", **change)


# -- the source


async def test_an_org_without_the_api_is_named_with_the_remedy_for_its_edition(world: World) -> None:
    """Professional Edition has no API unless it was bought: who can switch it on is said, and then the checks pass."""
    await world.switch("salesforce", api_disabled=True)
    integration = await world.create()

    await log_in(world, integration)

    found = await blocked(
        world, integration, FAILED, "salesforce.api_disabled", by="checks.failed", remedy="In Professional Edition ask"
    )
    assert verdict(found, "salesforce.api_enabled") == ("failed", "salesforce.api_disabled")
    assert found["blocked_by"]["fixer"] == "salesforce_admin"
    await world.switch("salesforce", api_disabled=False)
    found = await go_on(world, integration, "checks.requested", PASSED)
    assert verdict(found, "salesforce.api_enabled") == ("passed", "")
    await world.reach(integration, "syncing.waiting")


async def test_a_user_without_api_enabled_is_named(world: World) -> None:
    """The org has the API, the user's profile does not allow it."""
    await change_user(world, permissions=["ViewSetup"])
    integration = await world.create()

    await log_in(world, integration)

    await blocked(world, integration, FAILED, "salesforce.api_disabled", by="checks.failed", remedy="Tick API Enabled")
    await change_user(world, permissions=["ViewSetup", "ApiEnabled"])
    await go_on(world, integration, "checks.requested", PASSED)


@pytest.mark.parametrize("name", ["Lead", "Contact"])
async def test_an_object_that_the_user_cannot_see_is_named(world: World, name: str) -> None:
    """The check of that object fails, the other's does not."""
    await change_user(world, hidden={name: ["*"]})
    integration = await world.create()

    await log_in(world, integration)

    found = await blocked(
        world,
        integration,
        FAILED,
        "salesforce.missing_permission",
        by="checks.failed",
        remedy="Give the sync user read access to the object",
    )
    assert f"cannot see the object {name}" in found["blocked_by"]["detail"]
    verdicts = {result["id"]: result["verdict"] for result in found["checks"]["results"]}
    hidden, other = (
        f"salesforce.objects.{which.lower()}" for which in (name, {"Lead", "Contact"}.difference({name}).pop())
    )
    assert (verdicts[hidden], verdicts[other]) == ("failed", "passed")
    await change_user(world, hidden={})
    await go_on(world, integration, "checks.requested", PASSED)


async def test_hidden_fields_are_a_warning_that_names_them(world: World) -> None:
    """What cannot be seen cannot be synced; the person is told before confirming, and may have it mended."""
    await change_user(world, hidden={"Lead": ["Email", "FirstName"]})
    integration = await world.create()

    await log_in(world, integration)

    found = await world.wait_for(integration, PASSED)
    check = next(each for each in found["checks"]["results"] if each["id"] == "salesforce.objects.lead")
    assert (check["verdict"], check["problem"]) == ("warning", "salesforce.hidden_fields")
    assert "FirstName, Email" in check["seen"]
    entry = await world.api("GET", "/problems/salesforce.hidden_fields")
    assert "make them visible to the sync user" in entry["remedy"]
    await change_user(world, hidden={})
    await world.send(integration, "checks.requested")
    found = await world.wait_for(integration, PASSED)
    assert verdict(found, "salesforce.objects.lead") == ("passed", "")


async def test_a_mapped_field_that_is_hidden_later_stops_the_sync_and_names_itself(world: World) -> None:
    """The run fails with the field's name; once the field is visible again, the sync goes on by itself."""
    integration = await world.create()
    await world.reach(integration, "syncing.waiting")
    people = await world.people()

    await change_user(world, hidden={"Lead": ["Email"]})
    await world.control("POST", "/records", object="Contact", change={"create": {"LastName": "Meanwhile"}})

    found = await blocked(
        world,
        integration,
        "syncing.sync_failed",
        "salesforce.missing_permission",
        by="sync.failed",
        remedy="or take the field out of the mapping",
    )
    assert "Email" in found["blocked_by"]["detail"]
    await change_user(world, hidden={})
    found = await world.wait_for(integration, "syncing.waiting")
    assert found["blocked_by"] is None
    assert await world.people() == people + 1


async def test_few_api_calls_left_is_a_warning(world: World) -> None:
    """The checks pass, and say how many calls the other apps of the org have left."""
    await world.switch("salesforce", api_limit=15_000, api_calls_elsewhere=14_500)
    integration = await world.create()

    await log_in(world, integration)

    found = await world.wait_for(integration, PASSED)
    assert found["blocked_by"] is None
    assert verdict(found, "salesforce.limits") == ("warning", "salesforce.limit_low")
    seen = next(check["seen"] for check in found["checks"]["results"] if check["id"] == "salesforce.limits")
    assert "of 15,000 API calls are left" in seen
    await world.switch("salesforce", api_calls_elsewhere=0)
    await world.send(integration, "checks.requested")
    assert verdict(await world.wait_for(integration, PASSED), "salesforce.limits") == ("passed", "")


async def test_no_api_calls_left_fails_the_checks_until_there_are_some(world: World) -> None:
    """Without calls nothing can be checked; when there are some again, the checks are run again."""
    await world.switch("salesforce", api_limit_reached=True)
    integration = await world.create()

    await log_in(world, integration)

    found = await blocked(
        world,
        integration,
        FAILED,
        "salesforce.limit_reached",
        by="checks.failed",
        remedy="try again when calls are left",
    )
    assert verdict(found, "salesforce.limits") == ("failed", "salesforce.limit_reached")
    await world.switch("salesforce", api_limit_reached=False)
    await go_on(world, integration, "checks.requested", PASSED)


# -- the target


async def test_a_wrong_client_secret_of_marketo_is_mended_by_saving_the_account(world: World) -> None:
    """The credentials are named; saving them right runs the checks again, and they never come back in an answer."""
    integration = await world.create(client_secret="not-the-secret")

    await log_in(world, integration)

    found = await blocked(
        world,
        integration,
        FAILED,
        "marketo.wrong_credentials",
        by="checks.failed",
        remedy="copy both again and save them here",
    )
    assert verdict(found, "marketo.credentials") == ("failed", "marketo.wrong_credentials")
    assert verdict(found, "salesforce.objects.lead") == ("passed", "")
    found = await go_on(world, integration, "account.saved", PASSED, **world.sim["marketo_client"])
    saved = (await world.log(integration))[-1]
    assert world.sim["marketo_client"]["client_secret"] not in str((found, saved))
    await world.reach(integration, "syncing.waiting")


@pytest.mark.parametrize(
    ("permissions", "lacking"),
    [
        (["Read-Write Schema Custom Field", "Read-Only Company"], "Read-Only Lead, Read-Write Lead"),
        (["Read-Only Person", "Read-Write Schema Custom Field", "Read-Only Company"], "Read-Write Lead"),
        (["Read-Write Person", "Read-Only Company"], "Read-Write Schema Custom Field"),
    ],
    ids=["nothing", "read-only", "no-schema"],
)
async def test_a_permission_that_the_role_in_marketo_lacks_is_named(
    world: World, permissions: list[str], lacking: str
) -> None:
    """Marketo's 603 says only that access is denied; which permission is missing is found out and said."""
    client = world.sim["marketo_client"]["client_id"]
    await world.control("POST", "/marketo/api-users", client_id=client, permissions=permissions)
    integration = await world.create()

    await log_in(world, integration)

    found = await blocked(
        world,
        integration,
        FAILED,
        "marketo.permission_missing",
        by="checks.failed",
        remedy="add the permissions Read-Write Person",
    )
    assert found["blocked_by"]["detail"] == f"The API user's role lacks {lacking}"
    await world.control("POST", "/marketo/api-users", client_id=client)
    await go_on(world, integration, "checks.requested", PASSED)


@pytest.mark.parametrize("readable", [False, True], ids=["1018", "readable"])
async def test_a_native_crm_sync_in_marketo_stops_before_anything_is_written(world: World, *, readable: bool) -> None:
    """Two syncs must not write the same people; nothing has been created there when it is found."""
    await world.switch("marketo", native_crm=True, native_crm_reads=readable)
    integration = await world.create()

    await log_in(world, integration)

    found = await blocked(
        world,
        integration,
        FAILED,
        "marketo.native_crm",
        by="checks.failed",
        remedy="Connect an instance without a native CRM sync",
    )
    assert verdict(found, "marketo.native_crm") == ("failed", "marketo.native_crm")
    assert await world.people() == 0
    await world.switch("marketo", native_crm=False)
    await go_on(world, integration, "checks.requested", PASSED)


async def test_the_daily_quota_of_marketo_is_used_up_at_the_checks(world: World) -> None:
    """Marketo's 607: the checks wait for a person to run them again on the next day."""
    await world.switch("marketo", daily_limit_reached=True)
    integration = await world.create()

    await log_in(world, integration)

    await blocked(
        world,
        integration,
        FAILED,
        "marketo.quota_reached",
        by="checks.failed",
        remedy="try again after midnight",
    )
    await world.switch("marketo", daily_limit_reached=False)
    await go_on(world, integration, "checks.requested", PASSED)


async def test_several_things_that_are_wrong_are_all_shown_at_once(world: World) -> None:
    """The first one blocks; every check that failed has a code with its own remedy, so all are mended in one go."""
    await change_user(world, hidden={"Contact": ["*"]})
    await world.switch("marketo", native_crm=True)
    integration = await world.create()

    await log_in(world, integration)

    found = await world.wait_for(integration, FAILED)
    failed = {check["problem"]: check for check in found["checks"]["results"] if check["verdict"] == "failed"}
    assert set(failed) == {"salesforce.missing_permission", "marketo.native_crm"}
    for code, check in failed.items():
        entry = await world.api("GET", f"/problems/{code}")
        assert (check["remedy"], check["fixer"]) == (entry["remedy"], entry["fixer"])
    assert {check["remedy"] for check in found["checks"]["results"] if check["verdict"] == "passed"} == {""}
    row = await row_of(world, integration, found["why"]["seq"])
    assert row["data"]["problem"] == found["blocked_by"]["code"] == "salesforce.missing_permission"
    await change_user(world, hidden={})
    await world.switch("marketo", native_crm=False)
    await go_on(world, integration, "checks.requested", PASSED)
