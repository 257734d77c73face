"""Kill -9 again and again between the source's answer to a refresh and our commit: never a loop, never a re-use."""

import os
import time

import pytest

from tests.acceptance.expectations import SYNC_USER, calls, grants, rows_of
from tests.acceptance.syncs import until
from tests.acceptance.world import World

#: The issue asks for 200, which take some minutes: `SYNCLINE_TEST_KILLS=200`.
KILLS = int(os.environ.get("SYNCLINE_TEST_KILLS", "8"))
LOST, WAITING = "reauthorization_required.awaiting_person", "syncing.waiting"
LONG = {"http_timeout": 60, "cycle_interval": 600}
PATIENCE = 60


@pytest.mark.timeout(60 * KILLS)
@pytest.mark.case("oauth", 37)
@pytest.mark.parametrize("settings", [LONG], indirect=True)
async def test_every_kill_ends_resumed_or_with_a_person_who_is_told_why(world: World) -> None:
    """The token was spent and the answer died with the process: said so within a minute, and no call is made twice."""
    await world.switch("salesforce", rotation=True)
    integration = await world.create()
    await world.reach(integration, WAITING)
    for kill in range(1, KILLS + 1):
        await world.control("POST", "/tokens/expire", side="salesforce")
        await world.fault(side="salesforce", match="token.refresh", kind="hang", after=True)
        await world.send(integration, "sync.requested")

        async def sent(times: int = kill) -> bool:
            return await calls(world, "salesforce", "token.refresh") == times

        await until(sent, "the refresh was not sent")
        await world.kill()
        await world.mend()
        await world.start()
        begun = time.monotonic()
        found = await world.wait_for(integration, LOST, WAITING, deadline=PATIENCE)
        assert time.monotonic() - begun < PATIENCE
        assert found["state"] == LOST
        assert found["blocked_by"]["code"] == "grant.reply_lost"
        assert await calls(world, "salesforce", "token.refresh") == kill
        await world.login(integration)
        await world.wait_for(integration, WAITING, deadline=PATIENCE)
    # Logging in again and again is what ends older grants; nobody was punished for using a token twice.
    assert {grant["revoked"] for grant in await grants(world, SYNC_USER)} <= {"", "a newer approval took its place"}
    assert len(await rows_of(world, integration, "grant.lost")) == KILLS
    assert (await world.command("audit", "verify"))[0] == 0
