"""Tokens that have died are refreshed once each, and a refresh whose answer is lost is not made twice."""

import pytest

from tests.acceptance.conftest import CONTACTS, LEADS
from tests.acceptance.expectations import SYNC_USER, blocked, calls, grants, rows_of
from tests.acceptance.test_reauthorization import LOST, ON_REQUEST, WAITING, run_cycle, watermarks
from tests.acceptance.world import World


@pytest.mark.parametrize("settings", [ON_REQUEST], indirect=True)
@pytest.mark.parametrize("rotation", [True, False], ids=["rotating", "lasting"])
async def test_a_grant_survives_many_expiries_with_one_refresh_for_each(world: World, *, rotation: bool) -> None:
    """Every access token that has died is replaced once, also when each refresh token is good only once."""
    await world.switch("salesforce", rotation=rotation)
    integration = await world.create()
    await world.reach(integration, WAITING)

    for expiry in range(1, 7):
        assert (await world.control("POST", "/tokens/expire", side="salesforce"))["expired"] == 1
        found = await run_cycle(world, integration)
        assert found["source"]["grant"]["generation"] == expiry + 1
        assert await calls(world, "salesforce", "token.refresh") == expiry

    for event in ("grant.refresh_started", "grant.refreshed"):
        rows = await rows_of(world, integration, event)
        assert [row["disposition"] for row in rows] == ["handled"] * 6
    assert [row["data"]["rotated"] for row in await rows_of(world, integration, "grant.refreshed")] == [rotation] * 6
    assert [grant["revoked"] for grant in await grants(world, SYNC_USER)] == [""]


@pytest.mark.parametrize("settings", [ON_REQUEST], indirect=True)
async def test_a_rotating_refresh_whose_answer_is_lost_asks_for_a_login(world: World) -> None:
    """The refresh token may be spent, and using it twice would be punished: it is not sent again."""
    await world.switch("salesforce", rotation=True)
    integration = await world.create()
    before = await world.reach(integration, WAITING)
    await world.control("POST", "/tokens/expire", side="salesforce")
    await world.fault(side="salesforce", match="token.refresh", kind="reset", after=True)

    await world.send(integration, "sync.requested")

    lost = await blocked(
        world, integration, LOST, "grant.reply_lost", by="grant.lost", remedy="nothing that was synced is lost"
    )
    assert "lost" in lost["blocked_by"]["detail"]
    assert watermarks(lost) == watermarks(before)
    assert await calls(world, "salesforce", "token.refresh") == 1
    await world.login(integration)
    found = await world.wait_for(integration, WAITING)
    assert found["blocked_by"] is None
    assert await world.people() == LEADS + CONTACTS


@pytest.mark.parametrize("settings", [ON_REQUEST], indirect=True)
async def test_a_lasting_refresh_whose_answer_is_lost_is_made_again(world: World) -> None:
    """Once the source was seen to let refresh tokens live, sending one again does no harm, and nobody has to log in."""
    await world.switch("salesforce", rotation=False)
    integration = await world.create()
    await world.reach(integration, WAITING)
    await world.control("POST", "/tokens/expire", side="salesforce")
    await run_cycle(world, integration)
    await world.control("POST", "/tokens/expire", side="salesforce")
    await world.fault(side="salesforce", match="token.refresh", kind="reset", after=True)

    found = await run_cycle(world, integration)

    assert found["blocked_by"] is None
    assert await calls(world, "salesforce", "token.refresh") == 3
    assert [row["disposition"] for row in await rows_of(world, integration, "grant.refresh_failed")] == ["handled"]
    assert await rows_of(world, integration, "grant.lost") == []


@pytest.mark.parametrize("settings", [ON_REQUEST], indirect=True)
async def test_a_refresh_that_meets_an_outage_is_made_again_when_it_is_over(world: World) -> None:
    """A 503 says that nothing was done, so the grant lives, also under rotation."""
    await world.switch("salesforce", rotation=True)
    integration = await world.create()
    await world.reach(integration, WAITING)
    await world.control("POST", "/tokens/expire", side="salesforce")
    await world.fault(side="salesforce", match="token.refresh", kind="status", status=503, times=2)

    await run_cycle(world, integration)

    assert await rows_of(world, integration, "grant.lost") == []
    assert [row["disposition"] for row in await rows_of(world, integration, "grant.refresh_failed")] == ["handled"] * 2
    assert [grant["revoked"] for grant in await grants(world, SYNC_USER)] == [""]
