"""Kill -9 just when something is under way that cannot be done twice, or that somebody has to remember."""

import pytest

from tests.acceptance.conftest import CONTACTS, LEADS
from tests.acceptance.expectations import SYNC_USER, approach, blocked, calls, decide, grants, rows_of
from tests.acceptance.syncs import until
from tests.acceptance.world import World

LOST = "reauthorization_required.awaiting_person"
WAITING = "syncing.waiting"
#: Long enough that nothing comes to its end by itself before the process is gone.
LONG = {"http_timeout": 60, "cycle_interval": 600}

pytestmark = pytest.mark.parametrize("settings", [LONG], indirect=True)


async def killed_in(world: World, operation: str, *, side: str = "salesforce", more: int = 0) -> int:
    """Kill the service while a call that hangs is under way, and start it again; answers how often it was called."""

    async def under_way() -> bool:
        return await calls(world, side, operation) > more

    await until(under_way, f"{operation} is not called")
    await world.kill()
    made = await calls(world, side, operation)
    await world.mend()
    await world.start()
    return made


async def hang(world: World, operation: str, **what: object) -> None:
    """Let the next call of an operation hang."""
    await world.fault(side="salesforce", match=operation, kind="hang", **what)


@pytest.mark.case("oauth", 37)
async def test_a_code_that_was_sent_is_never_sent_again(world: World) -> None:
    """The intent stands in the journal: what became of it is not known, so a person logs in once more."""
    integration = await world.create()
    await world.reach(integration, "credentials_saved.ready")
    url = (await world.send(integration, "login.started"))["authorize_url"]
    callback = await decide(await approach(world, url, world.browser), world.browser)
    before = await calls(world, "salesforce", "token.code")
    await hang(world, "token.code")
    await world.browser.open(callback)

    made = await killed_in(world, "token.code", more=before)

    await blocked(
        world,
        integration,
        "credentials_saved.login_failed",
        "login.reply_lost",
        by="code.refused",
        remedy="Log in again",
    )
    assert made == before + 1 == await calls(world, "salesforce", "token.code")
    await world.login(integration)
    await world.reach(integration, WAITING)


@pytest.mark.case("oauth", 37)
@pytest.mark.parametrize("after", [False, True], ids=["unspent", "spent"])
async def test_a_rotating_refresh_token_that_was_sent_is_never_sent_again(world: World, *, after: bool) -> None:
    """Sent twice it would cost the whole grant, so a person is asked; the watermark stays."""
    await world.switch("salesforce", rotation=True)
    integration = await world.create()
    before = await world.reach(integration, WAITING)
    await world.control("POST", "/tokens/expire", side="salesforce")
    await hang(world, "token.refresh", after=after)
    await world.send(integration, "sync.requested")

    made = await killed_in(world, "token.refresh")

    lost = await blocked(
        world, integration, LOST, "grant.reply_lost", by="grant.lost", remedy="nothing that was synced is lost"
    )
    assert made == 1 == await calls(world, "salesforce", "token.refresh")
    assert [grant["revoked"] for grant in await grants(world, SYNC_USER)] == [""]  # Nobody was punished for a re-use.
    marks = [[item["watermark"] for item in found["objects"]] for found in (before, lost)]
    assert marks[0] == marks[1]
    await world.login(integration)
    assert (await world.wait_for(integration, WAITING))["blocked_by"] is None
    assert await world.people() == LEADS + CONTACTS


async def test_a_lasting_refresh_token_is_sent_again_and_nobody_has_to_log_in(world: World) -> None:
    """Where refresh tokens were seen to live, the next process makes the refresh anew and goes on."""
    await world.switch("salesforce", rotation=False)
    integration = await world.create()
    await world.reach(integration, WAITING)
    for expiry in range(2):
        await world.control("POST", "/tokens/expire", side="salesforce")
        if expiry == 1:
            await hang(world, "token.refresh")
        await world.send(integration, "sync.requested")
        if expiry == 0:
            await world.wait_for(integration, WAITING)

    await killed_in(world, "token.refresh", more=1)

    found = await world.wait_for(integration, WAITING)
    assert found["blocked_by"] is None
    assert await rows_of(world, integration, "grant.lost") == []
    assert [row["disposition"] for row in await rows_of(world, integration, "grant.refresh_failed")] == ["handled"]
    assert await calls(world, "salesforce", "token.refresh") == 3


async def test_a_field_sync_goes_on_and_makes_no_field_twice(world: World) -> None:
    """What the dead process created is found again and counted once."""
    integration = await world.create()
    await world.reach(integration, "verified.awaiting_field_sync")
    await world.fault(side="marketo", match="fields.create", kind="hang", skip=1, after=True)
    await world.send(integration, "field_sync.requested")

    await killed_in(world, "fields.create", side="marketo", more=1)

    found = await world.wait_for(integration, "fields_synced.mapping_open")
    names = [*found["field_sync"]["created"], *found["field_sync"]["existed"]]
    assert len(names) == len(set(names)) == found["field_sync"]["total"]
    assert found["field_sync"]["refused"] == {}
    await world.reach(integration, WAITING)


async def test_a_revocation_is_made_by_the_next_process(world: World) -> None:
    """Somebody disconnects and the power goes: the tokens are revoked and the secrets erased all the same."""
    integration = await world.create()
    await world.reach(integration, WAITING)
    await hang(world, "revoke")
    await world.send(integration, "disconnect.requested")

    await killed_in(world, "revoke")

    found = await world.wait_for(integration, "disconnected.closed")
    assert found["secrets"] == []
    assert [grant["refresh_tokens"] for grant in await grants(world, SYNC_USER)] == [0]


async def test_a_timer_rings_in_the_next_process(world: World) -> None:
    """A login that nobody finishes ends although the process that started its timer is gone."""
    await world.stop()
    await world.start(login_lifetime=6)
    integration = await world.create()
    await world.reach(integration, "credentials_saved.ready")
    await world.send(integration, "login.started")

    await world.kill()
    await world.start()

    await blocked(
        world,
        integration,
        "credentials_saved.login_failed",
        "login.expired",
        by="timer.login_expired",
        remedy="Start the login again",
    )
    await world.login(integration)
    await world.wait_for(integration, "authorized.awaiting_confirmation")
