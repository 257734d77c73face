"""What Salesforce can refuse in mid-sync: each is named, and once it is mended the sync goes on by itself."""

from itertools import pairwise

import pytest

from tests.acceptance.conftest import CONTACTS, LEADS
from tests.acceptance.expectations import SYNC_USER, blocked, calls, rows_of
from tests.acceptance.syncs import complete, mid_sync, prepared, start, trouble, until, waiting
from tests.acceptance.world import World

FAILED, THROTTLED = "syncing.sync_failed", "syncing.throttled"


async def test_a_daily_limit_that_is_reached_in_mid_sync_is_waited_out(world: World) -> None:
    """The state says so, nothing is sent twice, and the sync goes on by itself when the limit is lifted."""
    async with mid_sync(world) as integration:
        await world.switch("salesforce", api_limit_reached=True)

    found = await blocked(
        world, integration, THROTTLED, "salesforce.limit_reached", by="sync.throttled", remedy="goes on by itself"
    )
    assert "REQUEST_LIMIT_EXCEEDED" in found["blocked_by"]["detail"]
    assert found["blocked_by"]["fixer"] == "nobody"
    assert [item["effect"] for item in found["waiting_for"]] == ["wait_for_quota"]
    assert await world.people() == LEADS

    await world.switch("salesforce", api_limit_reached=False)
    await complete(world, integration)
    assert await calls(world, "marketo", "leads.sync") == 2  # One for each object: what was written stays written.
    assert await rows_of(world, integration, "sync.requested") == []


async def test_a_limit_that_is_still_reached_is_asked_for_again_only_after_the_wait(world: World) -> None:
    """A cycle that meets the limit waits again and again, without losing where it was."""
    integration = await world.create()
    await world.reach(integration, "syncing.waiting")
    await world.switch("salesforce", api_limit_reached=True)
    await world.control("POST", "/records", object="Lead", change={"create": {"LastName": "Late", "Company": "New"}})
    await world.send(integration, "sync.requested")

    async def thrice() -> bool:
        return len(await rows_of(world, integration, "sync.throttled")) >= 3

    await until(thrice, "it does not wait again")
    times = [row["at"] for row in await rows_of(world, integration, "sync.throttled")]
    assert min(later - earlier for earlier, later in pairwise(times)) >= 500_000
    await world.switch("salesforce", api_limit_reached=False)
    await world.wait_for(integration, "syncing.waiting")
    await complete(world, integration, people=LEADS + CONTACTS + 1)


async def test_a_limit_whose_end_salesforce_names_is_waited_for_just_so_long(world: World) -> None:
    """`Retry-After` takes the place of the setting, and a person may ask sooner."""
    integration = await prepared(world)
    limit = {"code": "REQUEST_LIMIT_EXCEEDED", "status": 403, "retry_after": 3600}
    await world.fault(side="salesforce", kind="error", match="query", **limit)
    await start(world, integration)

    found = await world.wait_for(integration, THROTTLED)
    (wait,) = found["waiting_for"]
    assert wait["due_at"] - found["since"] == 3600 * 1_000_000
    await world.send(integration, "sync.requested")
    await complete(world, integration)


async def test_an_api_that_is_switched_off_in_mid_sync_is_named_and_tried_again(world: World) -> None:
    """The edition or the user lost the API: the sync fails with the remedy and goes on by its timer."""
    async with mid_sync(world) as integration:
        await world.switch("salesforce", api_disabled=True)

    found = await blocked(
        world, integration, FAILED, "salesforce.api_disabled", by="sync.failed", remedy="Tick API Enabled"
    )
    assert [item["effect"] for item in found["waiting_for"]] == ["wait_for_retry"]
    assert await world.people() == LEADS

    await world.switch("salesforce", api_disabled=False)
    await complete(world, integration)
    assert await rows_of(world, integration, "timer.retry_due")


@pytest.mark.parametrize(
    ("hidden", "named"),
    [({"Contact": ["*"]}, "INVALID_TYPE"), ({"Contact": ["Title"]}, "INVALID_FIELD")],
    ids=["object", "field"],
)
async def test_a_permission_that_is_lost_in_mid_sync_is_named_and_tried_again(
    world: World, hidden: dict[str, list[str]], named: str
) -> None:
    """An object or a field is hidden from the sync user: the remedy says who gives it back, and the timer goes on."""
    async with mid_sync(world) as integration:
        await world.control("PATCH", f"/users/{SYNC_USER}", hidden=hidden)

    found = await blocked(
        world, integration, FAILED, "salesforce.missing_permission", by="sync.failed", remedy="Give the sync user read"
    )
    assert named in found["blocked_by"]["detail"]
    assert found["blocked_by"]["fixer"] == "salesforce_admin"

    await world.control("PATCH", f"/users/{SYNC_USER}", hidden={})
    await complete(world, integration)
    assert await rows_of(world, integration, "timer.retry_due")
    assert await rows_of(world, integration, "sync.requested") == []


async def test_a_session_that_ends_in_mid_sync_is_renewed_and_nobody_notices(world: World) -> None:
    """The access token dies of age: one refresh, no trouble on the log."""
    async with mid_sync(world) as integration:
        await world.control("POST", "/tokens/expire", side="salesforce")

    await complete(world, integration)
    assert await trouble(world, integration) == []
    assert await calls(world, "salesforce", "token.refresh") == 1
    assert [row["disposition"] for row in await rows_of(world, integration, "grant.refreshed")] == ["handled"]


@pytest.mark.parametrize("settings", [{"cycle_interval": 60}], indirect=True)
async def test_a_cursor_that_salesforce_forgot_costs_nothing(world: World) -> None:
    """The server's cursor dies between two pages: reading goes on from the last record, without a gap or a repeat."""
    await world.control("POST", "/reset", seed=3, leads=2300, contacts=1)
    integration = await prepared(world)
    await world.fault(side="salesforce", kind="error", match="query.more", code="INVALID_QUERY_LOCATOR", status=400)
    await start(world, integration)

    found = await complete(world, integration, people=2301)
    lead = found["objects"][0]
    assert (lead["read"], lead["created"], lead["updated"], lead["total"]) == (2300, 2300, 0, 2300)
    assert await trouble(world, integration) == []


async def test_a_preview_that_may_not_read_an_object_says_so_and_is_asked_for_again(world: World) -> None:
    """The fields of one object are hidden: the preview fails with the remedy, and works once it is mended."""
    integration = await world.create()
    await world.reach(integration, "authorized.awaiting_confirmation")
    await world.control("PATCH", f"/users/{SYNC_USER}", hidden={"Contact": ["*"]})
    identity = (await world.status(integration))["source"]["identity"]
    seen = {"org_id": identity["org_id"], "user_id": identity["user_id"]}
    await world.send(integration, "connection.confirmed", **seen)

    await blocked(
        world,
        integration,
        "verified.preview_failed",
        "salesforce.missing_permission",
        by="preview.failed",
        remedy="Give the sync user read access",
    )

    await world.control("PATCH", f"/users/{SYNC_USER}", hidden={})
    await world.send(integration, "preview.requested")
    found = await world.wait_for(integration, "verified.awaiting_field_sync")
    assert found["blocked_by"] is None
    await world.reach(integration, "syncing.waiting")


@pytest.mark.parametrize("settings", [{"effect_backoff": 0.3, "effect_attempts": 4}], indirect=True)
async def test_a_preview_that_nobody_answers_is_tried_again_and_then_given_up(world: World) -> None:
    """An outage while the fields are read: attempts and the last error can be seen, a person tries again later."""
    integration = await world.create()
    await world.reach(integration, "authorized.awaiting_confirmation")
    await world.fault(side="salesforce", kind="status", match="describe", status=503, times=-1)
    identity = (await world.status(integration))["source"]["identity"]
    seen = {"org_id": identity["org_id"], "user_id": identity["user_id"]}
    await world.send(integration, "connection.confirmed", **seen)

    shown = await waiting(world, integration, "preview_fields", error="503")
    assert 1 <= shown["attempts"] <= 4
    await blocked(
        world,
        integration,
        "verified.preview_failed",
        "salesforce.unreachable",
        by="effect.exhausted",
        remedy="trust.salesforce.com",
    )
    await world.mend()
    await world.send(integration, "preview.requested")
    await world.reach(integration, "fields_synced.mapping_open")
