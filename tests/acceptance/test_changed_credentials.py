"""Other credentials are saved while there is a grant: the old one is revoked first, and nothing else is lost."""

import pytest

from tests.acceptance.expectations import SYNC_USER, blocked, calls, grants, rows_of
from tests.acceptance.world import World

WAITING, AGAIN = "syncing.waiting", "reauthorization_required.awaiting_person"
ALIVE = "reauthorization_required.old_grant_alive"
QUICK = {"http_timeout": 0.5, "effect_attempts": 2}


@pytest.mark.case("oauth", 45)
@pytest.mark.case("oauth", 45)
async def test_the_old_grant_is_revoked_and_the_sync_goes_on_after_a_login(world: World) -> None:
    """Same integration, watermark, mapping and log; nothing is synced twice, and the old tokens open nothing."""
    integration = await world.create()
    await world.reach(integration, WAITING)
    before, people = await world.status(integration), await world.people()
    key, secret = await world.register_app(integration)

    await world.send(integration, "credentials.saved", consumer_key=key, consumer_secret=secret)

    found = await world.wait_for(integration, AGAIN)
    assert [(g["revoked"], g["access_tokens"], g["refresh_tokens"]) for g in await grants(world, SYNC_USER)] == [
        ("its refresh token was revoked", 0, 0)
    ]
    assert {secret["field"] for secret in found["secrets"]}.isdisjoint({"access_token", "refresh_token"})
    row = (await rows_of(world, integration, "old_grant.revoked"))[-1]
    assert (row["disposition"], row["data"]) == ("transitioned", {"tokens": 2})
    assert found["mapping"] == before["mapping"]

    await world.login(integration)
    after = await world.wait_for(integration, WAITING)
    assert after["run"]["kind"] == "cycle"
    assert await world.people() == people
    marks = [[each["watermark"] for each in status["objects"]] for status in (before, after)]
    assert all(new >= old for old, new in zip(*marks, strict=True))
    assert (await world.command("audit", "verify"))[0] == 0


@pytest.mark.case("oauth", 45)
@pytest.mark.parametrize("settings", [QUICK], indirect=True)
async def test_an_old_grant_that_cannot_be_revoked_is_not_forgotten(world: World) -> None:
    """While the source is away nobody logs in anew; when it is back, one click does what was asked for."""
    integration = await world.create()
    await world.reach(integration, WAITING)
    await world.fault(side="salesforce", match="revoke", kind="status", status=503, times=-1)
    key, secret = await world.register_app(integration)

    await world.send(integration, "credentials.saved", consumer_key=key, consumer_secret=secret)

    found = await blocked(
        world, integration, ALIVE, "salesforce.unreachable", by="effect.exhausted", remedy="try again when Salesforce"
    )
    assert {each["field"] for each in found["secrets"]} >= {"access_token", "refresh_token"}
    assert {step["event"] for step in found["next"] if "person" in step["by"]} >= {
        "revocation.requested",
        "revocation.given_up",
        "disconnect.requested",
    }
    await world.refuse(integration, "login.started")
    await world.mend()
    await world.send(integration, "revocation.requested")
    await world.wait_for(integration, AGAIN)
    assert await calls(world, "salesforce", "revoke") >= 1
    await world.login(integration)
    await world.wait_for(integration, WAITING)


@pytest.mark.parametrize("settings", [QUICK], indirect=True)
async def test_a_person_may_go_on_without_revoking(world: World) -> None:
    """The tokens are erased here, and the log says who took that upon themselves."""
    integration = await world.create()
    await world.reach(integration, WAITING)
    await world.fault(side="salesforce", match="revoke", kind="reset", times=-1)
    key, secret = await world.register_app(integration)
    await world.send(integration, "credentials.saved", consumer_key=key, consumer_secret=secret)
    await world.wait_for(integration, ALIVE)

    await world.send(integration, "revocation.given_up")

    found = await world.wait_for(integration, AGAIN)
    assert {each["field"] for each in found["secrets"]}.isdisjoint({"access_token", "refresh_token"})
    assert (await rows_of(world, integration, "revocation.given_up"))[-1]["actor"]["kind"] == "person"


async def test_wrong_new_credentials_leave_no_way_back_to_the_old_ones(world: World) -> None:
    """They are rejected before anybody logs in, and can be corrected; the old grant is gone all the same."""
    integration = await world.create()
    await world.reach(integration, "fields_synced.mapping_open")
    key, secret = await world.register_app(integration)

    await world.send(integration, "credentials.saved", consumer_key=key, consumer_secret="wrong")

    await world.wait_for(integration, "reauthorization_required.credentials_rejected")
    assert [g["access_tokens"] for g in await grants(world, SYNC_USER)] == [0]
    await world.send(integration, "credentials.saved", consumer_key=key, consumer_secret=secret)
    await world.wait_for(integration, AGAIN)
    await world.login(integration)
    await world.wait_for(integration, "fields_synced.mapping_open")
