"""The end: tokens revoked at Salesforce, secrets erased here, and what happens when Salesforce cannot be told."""

import asyncio
import time

import pytest

from tests.acceptance.expectations import SYNC_USER, approach, blocked, calls, decide, grants, rows_of
from tests.acceptance.world import Json, World

CLOSED, FAILED = "disconnected.closed", "disconnected.revocation_failed"
QUICK = {"http_timeout": 0.5, "effect_attempts": 2}


async def receipt(world: World, integration: str) -> str:
    """Answer what the integration's page says, as a person reads it who has signed in."""
    page = await world.browser.open(f"{world.url}/sign-in")
    await world.browser.submit(page, "/sign-in", key=world.key)
    page = await world.browser.open(f"{world.url}/i/{integration}")
    assert page.status == 200
    return page.text


async def closed(world: World, integration: str) -> Json:
    """Wait for the end, and hold that no secret is left and that nothing leads on; answers the status."""
    found = await world.wait_for(integration, CLOSED)
    assert found["secrets"] == []
    assert found["waiting_for"] == []
    assert found["next"] == []
    assert found["blocked_by"] is None
    return found


async def test_disconnecting_revokes_the_tokens_erases_the_secrets_and_gives_a_receipt(world: World) -> None:
    """Nothing of the authorization is left on either side; the log is kept, and nothing is written any more."""
    integration = await world.create()
    before = await world.reach(integration, "syncing.waiting")
    assert {item["field"] for item in before["secrets"]} >= {"consumer_secret", "access_token", "refresh_token"}
    people = await world.people()

    await world.send(integration, "disconnect.requested")

    await closed(world, integration)
    assert [(g["revoked"], g["access_tokens"], g["refresh_tokens"]) for g in await grants(world, SYNC_USER)] == [
        ("its refresh token was revoked", 0, 0)
    ]
    row = (await rows_of(world, integration, "grant.revoked"))[-1]
    assert (row["disposition"], row["to"], row["data"]) == ("transitioned", CLOSED, {"tokens": 2})
    text = await receipt(world, integration)
    assert "Revoked: Salesforce has confirmed that the tokens are void." in text
    assert "All erased, and the key that sealed them with them." in text
    assert await world.people() == people
    for event in ("login.started", "sync.requested", "disconnect.requested"):
        problem = await world.refuse(integration, event)
        assert problem["code"] == "event.unexpected"
    await world.reach(await world.create("Anew"), "syncing.waiting")


async def test_disconnecting_before_anybody_logged_in_leaves_nothing_either(world: World) -> None:
    """There is nothing to revoke; the Consumer Secret and the API user's secret are erased all the same."""
    integration = await world.create()
    await world.reach(integration, "credentials_saved.ready")

    await world.send(integration, "disconnect.requested")

    await closed(world, integration)
    assert await calls(world, "salesforce", "revoke") == 0
    assert "There was no login, so there was nothing to revoke." in await receipt(world, integration)


@pytest.mark.case("oauth", 48)
async def test_a_login_that_comes_back_after_the_end_changes_nothing(world: World) -> None:
    """The link of a login that was open when somebody disconnected leads nowhere."""
    integration = await world.create()
    await world.reach(integration, "credentials_saved.ready")
    url = (await world.send(integration, "login.started"))["authorize_url"]
    callback = await decide(await approach(world, url, world.browser), world.browser)
    await world.send(integration, "disconnect.requested")
    await closed(world, integration)
    exchanges = await calls(world, "salesforce", "token.code")

    page = await world.browser.open(callback)

    assert page.status == 400
    await closed(world, integration)
    assert await calls(world, "salesforce", "token.code") == exchanges


async def test_disconnecting_in_the_middle_of_a_sync_stops_it(world: World) -> None:
    """What is on its way may still arrive, but nothing is begun any more, and the tokens are revoked."""
    integration = await world.create()
    await world.reach(integration, "fields_synced.mapping_open")
    await world.control("DELETE", "/calls")
    await world.fault(side="marketo", match="leads.sync", kind="slow", seconds=0.5)
    await world.send(integration, "sync.start_requested")
    deadline = time.monotonic() + 20
    while not await calls(world, "marketo", "leads.sync"):
        assert time.monotonic() < deadline, "nothing was sent"
        await asyncio.sleep(0.02)

    await world.send(integration, "disconnect.requested")

    await closed(world, integration)
    assert [grant["refresh_tokens"] for grant in await grants(world, SYNC_USER)] == [0]
    assert await calls(world, "marketo", "leads.sync") == 1


async def test_disconnecting_while_a_grant_is_lost_needs_no_login(world: World) -> None:
    """A token that is dead already counts as revoked."""
    integration = await world.create()
    await world.reach(integration, "syncing.waiting")
    await world.control("POST", "/tokens/revoke")
    await world.send(integration, "sync.requested")
    await world.wait_for(integration, "reauthorization_required.awaiting_person")

    await world.send(integration, "disconnect.requested")

    await closed(world, integration)


@pytest.mark.case("oauth", 47)
@pytest.mark.parametrize("settings", [QUICK], indirect=True)
@pytest.mark.parametrize(
    "fault",
    [{"kind": "status", "status": 503}, {"kind": "hang"}, {"kind": "garbage", "status": 500}, {"kind": "reset"}],
    ids=["503", "hang", "garbage", "reset"],
)
async def test_a_revocation_that_fails_keeps_the_tokens_until_it_is_made_again(
    world: World, fault: dict[str, str | int]
) -> None:
    """Erasing first would leave an authorization alive that nobody can revoke; so a person decides."""
    integration = await world.create()
    await world.reach(integration, "syncing.waiting")
    await world.fault(side="salesforce", match="revoke", times=-1, **fault)

    await world.send(integration, "disconnect.requested")

    found = await blocked(
        world, integration, FAILED, "salesforce.unreachable", by="effect.exhausted", remedy="try again when Salesforce"
    )
    assert {item["field"] for item in found["secrets"]} >= {"access_token", "refresh_token"}
    assert {step["event"] for step in found["next"]} == {"revocation.requested", "erasure.requested"}
    assert [grant["revoked"] for grant in await grants(world, SYNC_USER)] == [""]
    await world.mend()
    await world.send(integration, "revocation.requested")
    await closed(world, integration)
    assert [grant["refresh_tokens"] for grant in await grants(world, SYNC_USER)] == [0]


@pytest.mark.parametrize("settings", [QUICK], indirect=True)
async def test_secrets_are_erased_without_a_revocation_when_a_person_says_so(world: World) -> None:
    """Nothing is left here; the receipt says that the access has to be revoked at Salesforce by hand."""
    integration = await world.create()
    await world.reach(integration, "syncing.waiting")
    await world.fault(side="salesforce", match="revoke", times=-1, kind="status", status=500)
    await world.send(integration, "disconnect.requested")
    await world.wait_for(integration, FAILED)

    await world.send(integration, "erasure.requested")

    found = await closed(world, integration)
    assert found["why"]["type"] == "erasure.requested"
    row = (await rows_of(world, integration, "erasure.requested"))[-1]
    assert (row["disposition"], row["to"]) == ("transitioned", CLOSED)
    assert [grant["revoked"] for grant in await grants(world, SYNC_USER)] == [""]
    assert "Revoke the access in Salesforce yourself" in await receipt(world, integration)


async def test_an_app_that_was_deleted_does_not_keep_the_secrets_for_ever(world: World) -> None:
    """Salesforce refuses for good: that is said, and erasing is still possible."""
    integration = await world.create()
    await world.reach(integration, "syncing.waiting")
    await world.fault(
        side="salesforce", match="revoke", times=-1, kind="error", code="invalid_client_id", message="unknown"
    )

    await world.send(integration, "disconnect.requested")

    await blocked(
        world, integration, FAILED, "salesforce.wrong_key", by="effect.exhausted", remedy="Copy the Consumer Key again"
    )
    assert await calls(world, "salesforce", "revoke") == 1
    await world.send(integration, "erasure.requested")
    await closed(world, integration)
