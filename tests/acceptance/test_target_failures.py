"""What Marketo can refuse in the middle of a sync: a whole call with a code in HTTP 200, or single people."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.conftest import CONTACTS, LEADS
from tests.acceptance.expectations import blocked, calls, rows_of
from tests.acceptance.syncs import arrived, complete, mid_sync, prepared, start, trouble, waiting
from tests.acceptance.world import World

FAILED, THROTTLED = "syncing.sync_failed", "syncing.throttled"
BAD_LEAD = {"LastName": "Müller", "Company": "Müller AG", "Email": "jörg@müller.example"}
PATIENT = {"effect_backoff": 0.3, "effect_attempts": 4}


# -- the token


async def test_an_access_token_that_expires_in_mid_sync_is_fetched_anew_and_nobody_notices(world: World) -> None:
    """602: the token's time is over."""
    async with mid_sync(world) as integration:
        await world.control("POST", "/tokens/expire", side="marketo")

    await complete(world, integration)
    assert await trouble(world, integration) == []
    assert await calls(world, "marketo", "token") == 1
    assert await calls(world, "marketo", "leads.sync") == 3  # One of them was refused, and came again with the new one.


async def test_an_access_token_that_turns_invalid_in_mid_sync_is_fetched_anew_and_nobody_notices(world: World) -> None:
    """601: the token is not known any more."""
    integration = await prepared(world)
    await world.fault(side="marketo", kind="error", match="leads.sync", code="601", message="Access token invalid")
    await start(world, integration)

    await complete(world, integration)
    assert await trouble(world, integration) == []
    assert await calls(world, "marketo", "token") == 1


@pytest.mark.parametrize("settings", [PATIENT], indirect=True)
async def test_a_fresh_access_token_that_is_refused_as_well_is_an_outage(world: World) -> None:
    """601 again and again: no endless asking for tokens; it is tried some times, then shown, then tried later."""
    integration = await prepared(world)
    await world.fault(side="marketo", kind="error", match="leads.sync", code="601", message="injected", times=-1)
    await start(world, integration)

    await waiting(world, integration, "sync_records", error="601")
    await blocked(world, integration, FAILED, "marketo.unreachable", by="effect.exhausted", remedy="status page")
    assert await calls(world, "marketo", "token") == PATIENT["effect_attempts"]
    await world.mend()
    await complete(world, integration)


# -- limits


@pytest.mark.parametrize(
    ("code", "seconds"),
    [("606", 20), ("615", 2)],
    ids=["606-calls-in-20-seconds", "615-calls-at-once"],
)
async def test_a_rate_limit_slows_the_sync_down_and_nothing_more(world: World, code: str, seconds: int) -> None:
    """The effect waits as long as Marketo's own count runs; the state stays what it was."""
    integration = await prepared(world)
    await world.fault(side="marketo", kind="error", match="leads.sync", code=code, message="limit")
    await start(world, integration)

    shown = await waiting(world, integration, "sync_records", error=code)
    left = shown["due_at"] / 1_000_000 - datetime.now(UTC).timestamp()
    assert seconds - 1 < left <= seconds
    assert (await world.status(integration))["state"] == "syncing.initial_sync"
    if seconds > 2:
        # Nobody waits for so long in a test: what is waiting is dropped with its state, and begins anew.
        await world.send(integration, "pause.requested")
        await world.send(integration, "resume.requested")
    await complete(world, integration)
    assert await trouble(world, integration) == []


@pytest.mark.parametrize("settings", [{"effect_attempts": 1}], indirect=True)
@pytest.mark.parametrize(
    ("code", "problem", "remedy"),
    [
        ("602", "marketo.unreachable", "status page"),
        ("606", "marketo.rate_limited", "A sync is tried again by itself"),
        ("615", "marketo.rate_limited", "A sync is tried again by itself"),
    ],
)
async def test_a_limit_that_does_not_pass_is_named_and_tried_again_later(
    world: World, code: str, problem: str, remedy: str
) -> None:
    """After the last try the state says what is in the way, and the timer goes on once it is gone."""
    async with mid_sync(world) as integration:
        await world.fault(side="marketo", kind="error", match="leads.sync", code=code, message="injected", times=-1)

    found = await blocked(world, integration, FAILED, problem, by="effect.exhausted", remedy=remedy)
    assert code in found["blocked_by"]["detail"]
    assert await world.people() == LEADS
    await world.mend()
    await complete(world, integration)
    assert await rows_of(world, integration, "timer.retry_due")


async def test_the_daily_quota_is_waited_out_until_marketos_own_midnight(world: World) -> None:
    """607: the state says until when, and a person may ask sooner."""
    async with mid_sync(world) as integration:
        await world.switch("marketo", daily_limit_reached=True)

    found = await blocked(
        world, integration, THROTTLED, "marketo.quota_reached", by="sync.throttled", remedy="goes on by itself"
    )
    (wait,) = found["waiting_for"]
    assert wait["effect"] == "wait_for_quota"
    due = datetime.fromtimestamp(wait["due_at"] / 1_000_000, UTC)
    # Central Standard Time, in summer too; two seconds for the way and for rounding.
    assert abs(due - due.replace(hour=6, minute=0, second=0, microsecond=0)) < timedelta(seconds=2)
    assert timedelta(0) < due - datetime.now(UTC) <= timedelta(days=1)

    await world.send(integration, "sync.requested")
    await world.wait_for(integration, THROTTLED)
    await world.switch("marketo", daily_limit_reached=False)
    await world.send(integration, "sync.requested")
    await complete(world, integration)


# -- refusals


async def test_a_permission_that_the_api_user_loses_in_mid_sync_is_named_and_tried_again(world: World) -> None:
    """603: the remedy names the permissions, and the timer goes on once they are back."""
    user = {"client_id": world.sim["marketo_client"]["client_id"]}
    async with mid_sync(world) as integration:
        await world.control("POST", "/marketo/api-users", **user, permissions=["Read-Only Person"])

    await blocked(
        world, integration, FAILED, "marketo.permission_missing", by="sync.failed", remedy="Read-Write Person"
    )
    assert await world.people() == LEADS
    await world.control("POST", "/marketo/api-users", **user)  # The whole role of a connector again.
    await complete(world, integration)
    assert await rows_of(world, integration, "timer.retry_due")


@pytest.mark.parametrize("settings", [{"cycle_interval": 600, "failure_wait": 600}], indirect=True)
async def test_a_secret_that_turns_wrong_in_mid_sync_is_mended_by_saving_the_account(world: World) -> None:
    """The API user got another secret: the sync fails with the remedy, and goes on when the new one is saved."""
    integration = await prepared(world)
    await start(world, integration)
    await complete(world, integration)
    right = world.sim["marketo_client"]
    await world.send(integration, "account.saved", **{**right, "client_secret": "an-older-one"})
    await world.control("POST", "/records", object="Lead", change={"create": {"LastName": "New", "Company": "New"}})
    await world.send(integration, "sync.requested")

    await blocked(world, integration, FAILED, "marketo.wrong_credentials", by="sync.failed", remedy="save them here")
    await world.send(integration, "account.saved", **right)
    await world.send(integration, "sync.requested")
    await complete(world, integration, people=LEADS + CONTACTS + 1)


@pytest.mark.parametrize(
    ("code", "problem", "remedy"),
    [
        ("1018", "marketo.native_crm", "without a native CRM sync"),
        ("610", "marketo.not_found", "Check the address"),
        ("616", "marketo.subscription", "account executive"),
        ("1099", "marketo.unknown_refusal", "list of error codes"),
    ],
)
async def test_a_refusal_of_a_whole_call_is_not_repeated_but_named(
    world: World, code: str, problem: str, remedy: str
) -> None:
    """One call, one verdict; the timer tries again after a pause."""
    integration = await prepared(world)
    await world.fault(side="marketo", kind="error", match="leads.sync", code=code, message="no")
    await start(world, integration)

    found = await blocked(world, integration, FAILED, problem, by="sync.failed", remedy=remedy)
    assert code in found["blocked_by"]["detail"]
    assert await calls(world, "marketo", "leads.sync") == 1
    await complete(world, integration)


@pytest.mark.parametrize("code", ["604", "608", "611", "713"])
async def test_what_passes_by_itself_is_tried_again_in_silence(world: World, code: str) -> None:
    """Codes of a passing fault: one more try, no state for it."""
    integration = await prepared(world)
    await world.fault(side="marketo", kind="error", match="leads.sync", code=code, message="busy")
    await start(world, integration)

    await complete(world, integration)
    assert await trouble(world, integration) == []
    assert await calls(world, "marketo", "leads.sync") == 3


# -- single people


async def test_a_person_that_is_refused_is_shown_with_the_reason_and_cleared_when_corrected(world: World) -> None:
    """All others go through; the record stays on the list until somebody corrects it."""
    made = await world.control("POST", "/records", object="Lead", change={"create": BAD_LEAD})
    integration = await prepared(world)
    await start(world, integration)

    found = await complete(world, integration)
    (refused,) = found["refused_records"]
    assert (refused["object"], refused["id"]) == ("Lead", made["ids"][0])
    assert "email" in refused["reason"]
    lead = found["objects"][0]
    assert (lead["read"], lead["refused"]) == (LEADS + 1, 1)

    # A cycle does not try again what nobody has changed.
    await world.send(integration, "sync.requested")
    again = await complete(world, integration)
    assert again["run"]["number"] > found["run"]["number"]
    assert again["refused_records"] == found["refused_records"]
    assert await calls(world, "marketo", "leads.sync") == 2

    corrected = {"Id": made["ids"][0], "Email": "joerg@mueller.example"}
    await world.control("POST", "/records", object="Lead", change=corrected)
    await arrived(world, LEADS + CONTACTS + 1)
    found = await complete(world, integration, people=LEADS + CONTACTS + 1)
    assert found["refused_records"] == []


async def test_a_value_that_is_too_long_for_its_field_costs_one_record_and_not_the_batch(world: World) -> None:
    """A long text is mapped to a short field: the record with the long one is refused, its neighbours are not."""
    integration = await prepared(world)
    long = {"LastName": "Long", "Company": "Tale Ltd", "Description": "long " * 60}
    made = await world.control("POST", "/records", object="Lead", change={"create": long})
    objects = (await world.status(integration))["mapping"]["objects"]
    lead = {source: target for source, target in objects["Lead"].items() if target != "title"}
    await world.send(integration, "mapping.saved", objects={**objects, "Lead": {**lead, "Description": "title"}})
    await start(world, integration)

    found = await complete(world, integration)
    assert [item["id"] for item in found["refused_records"]] == made["ids"]
    assert "title" in found["refused_records"][0]["reason"]
    assert (await world.status(integration))["state"] != FAILED


# -- the fields


async def test_a_field_sync_that_breaks_off_midway_goes_on_where_it_was(world: World) -> None:
    """The second batch is refused: what was created is kept and counted as ours, and asking again ends it."""
    integration = await world.create()
    await world.reach(integration, "verified.awaiting_field_sync")
    refusal = {"code": "603", "message": "Access denied"}
    await world.fault(side="marketo", kind="error", match="fields.create", skip=1, **refusal)
    await world.send(integration, "field_sync.requested")

    found = await blocked(
        world,
        integration,
        "verified.field_sync_failed",
        "marketo.permission_missing",
        by="field_sync.failed",
        remedy="Read-Write Schema",
    )
    halfway = found["field_sync"]
    assert 0 < halfway["done"] < halfway["total"]

    await world.send(integration, "field_sync.requested")
    found = await world.wait_for(integration, "fields_synced.mapping_open")
    assert found["blocked_by"] is None
    assert found["field_sync"]["done"] == found["field_sync"]["total"]
    assert set(halfway["created"]) <= set(found["field_sync"]["created"])
    assert found["field_sync"]["refused"] == {}
    await world.reach(integration, "syncing.waiting")


@pytest.mark.parametrize("settings", [PATIENT], indirect=True)
async def test_a_field_sync_that_loses_its_answer_creates_no_field_twice(world: World) -> None:
    """The fields are created, the answer is lost: the next try finds them and counts them once."""
    integration = await world.create()
    await world.reach(integration, "verified.awaiting_field_sync")
    await world.fault(side="marketo", kind="reset", match="fields.create", skip=1, after=True)
    await world.send(integration, "field_sync.requested")

    found = await world.wait_for(integration, "fields_synced.mapping_open")
    names = [*found["field_sync"]["created"], *found["field_sync"]["existed"]]
    assert len(names) == len(set(names)) == found["field_sync"]["total"]
    assert await trouble(world, integration) == []
