"""An admin lets another user of the same org take over; nobody else can, and no other org."""

import json

import pytest

from tests.acceptance.conftest import CONTACTS, LEADS
from tests.acceptance.expectations import OTHER_USER, PASSWORD, USER_ELSEWHERE, blocked, rows_of
from tests.acceptance.test_reauthorization import FAILED, ON_REQUEST, WAITING, lose_grant, watermarks
from tests.acceptance.world import World


@pytest.mark.parametrize("settings", [ON_REQUEST], indirect=True)
async def test_another_user_takes_over_once_an_admin_says_so(world: World) -> None:
    """The log has who said it; the sync goes on where it was, and the new user is the pinned one from then on."""
    integration = await world.create()
    before = await world.reach(integration, WAITING)
    await lose_grant(world, integration)
    made = json.loads((await world.command("keys", "create", "night shift", "--role", "operator", "--json"))[1])
    body = {"type": "identity.released"}
    path = f"/api/integrations/{integration}/events"
    status, problem = await world.call("POST", path, body, Authorization=f"Bearer {made['key']}")
    assert (status, problem["code"]) == (403, "access.forbidden")
    assert (await rows_of(world, integration, "identity.released"))[-1]["disposition"] == "refused"

    await world.send(integration, "identity.released")
    row = (await rows_of(world, integration, "identity.released"))[-1]
    assert (row["disposition"], row["actor"]["kind"]) == ("handled", "person")

    await world.new_browser()
    await world.login(integration, username=USER_ELSEWHERE, password=PASSWORD)
    await blocked(world, integration, FAILED, "identity.wrong_org", by="code.refused", remedy="Log in again to the org")

    await world.new_browser()
    await world.login(integration, username=OTHER_USER, password=PASSWORD)
    found = await world.wait_for(integration, WAITING)
    assert found["source"]["identity"]["org_id"] == before["source"]["identity"]["org_id"]
    assert found["source"]["identity"]["user_id"] != before["source"]["identity"]["user_id"]
    assert watermarks(found).keys() == watermarks(before).keys()
    assert await world.people() == LEADS + CONTACTS

    await lose_grant(world, integration)
    await world.new_browser()
    await world.login(integration)
    await blocked(
        world, integration, FAILED, "identity.wrong_user", by="code.refused", remedy="let an admin accept another user"
    )
