"""Grants that are lost, renewed and given back: the sync goes on where it was, and nothing is sent twice."""

import asyncio
import time
from collections import Counter

import pytest

from tests.acceptance.conftest import CONTACTS, LEADS
from tests.acceptance.expectations import (
    OTHER_USER,
    PASSWORD,
    SYNC_USER,
    USER_ELSEWHERE,
    blocked,
    calls,
    go_on,
    grants,
    row_of,
    rows_of,
)
from tests.acceptance.world import Json, World

LOST = "reauthorization_required.awaiting_person"
FAILED = "reauthorization_required.login_failed"
WAITING = "syncing.waiting"
#: Cycles come only when they are asked for, and are waited for one by one.
ON_REQUEST = {"cycle_interval": 600}


async def run_cycle(world: World, integration: str) -> Json:
    """Run one cycle to its end; answers the status."""
    before = (await world.wait_for(integration, WAITING))["run"]["number"]
    await world.send(integration, "sync.requested")
    deadline = time.monotonic() + 20
    while True:
        found = await world.wait_for(integration, WAITING)
        if found["run"]["number"] > before:
            return found
        assert time.monotonic() < deadline, "the cycle did not run"
        await asyncio.sleep(0.05)


async def until_called(world: World, side: str, operation: str) -> None:
    """Wait until an operation of a side has been called."""
    deadline = time.monotonic() + 20
    while not await calls(world, side, operation):
        assert time.monotonic() < deadline, f"{operation} was not called"
        await asyncio.sleep(0.02)


async def lose_grant(world: World, integration: str) -> Json:
    """Revoke the grant and let a cycle find out."""
    await world.wait_for(integration, WAITING)
    await world.control("POST", "/tokens/revoke")
    await world.send(integration, "sync.requested")
    return await blocked(
        world, integration, LOST, "salesforce.grant_lost", by="grant.lost", remedy="Log in again as the sync user"
    )


async def written_since(world: World, integration: str, seq: int) -> Counter[str]:
    """Answer what the runs that ended after a row have written and left alone, over all objects."""
    numbers: Counter[str] = Counter()
    for row in await rows_of(world, integration, "sync.finished"):
        if row["seq"] > seq:
            for counts in row["data"]["objects"].values():
                numbers.update({name: counts[name] for name in ("created", "updated", "unchanged", "refused")})
    return numbers


def watermarks(found: Json) -> dict[str, str]:
    """Answer how far each object has been synced."""
    return {item["object"]: item["watermark"] for item in found["objects"]}


# -- the loss


@pytest.mark.case("oauth", 38)
@pytest.mark.parametrize("settings", [ON_REQUEST], indirect=True)
async def test_a_grant_revoked_between_cycles_is_restored_and_the_watermark_kept(world: World) -> None:
    """The same user logs in again: what has changed meanwhile arrives, and only that is sent."""
    integration = await world.create()
    before = await world.reach(integration, WAITING)

    lost = await lose_grant(world, integration)
    assert watermarks(lost) == watermarks(before)
    assert {item["field"] for item in lost["secrets"]} >= {"consumer_key", "consumer_secret"}
    assert lost["waiting_for"] == [], "nothing may be tried by itself"
    await world.refuse(integration, "sync.requested")
    assert await calls(world, "salesforce", "token.refresh") == 1
    await world.control("POST", "/records", object="Lead", change={"create": {"LastName": "Meanwhile", "Company": "X"}})
    await world.control("DELETE", "/calls")
    await world.login(integration)

    found = await world.wait_for(integration, WAITING)
    assert found["blocked_by"] is None
    assert await world.people() == LEADS + CONTACTS + 1
    assert await calls(world, "marketo", "leads.sync") == 1
    numbers = await written_since(world, integration, lost["seq"])
    assert (numbers["created"], numbers["updated"], numbers["refused"]) == (1, 0, 0)
    row = (await rows_of(world, integration, "code.exchanged"))[-1]
    assert (row["from"], row["to"]) == ("reauthorization_required.exchanging_code", "syncing.running_cycle")


async def test_a_grant_revoked_in_the_middle_of_the_initial_sync_resumes_where_it_stopped(world: World) -> None:
    """The leads are on their way when the grant goes: they count, and are not sent again after the login."""
    integration = await world.create()
    await world.reach(integration, "fields_synced.mapping_open")
    await world.control("DELETE", "/calls")
    await world.fault(side="marketo", match="leads.sync", kind="slow", seconds=0.7)

    await world.send(integration, "sync.start_requested")
    await until_called(world, "marketo", "leads.sync")
    await world.control("POST", "/tokens/revoke")

    lost = await blocked(
        world, integration, LOST, "salesforce.grant_lost", by="grant.lost", remedy="The sync goes on from where"
    )
    assert [(item["object"], item["read"]) for item in lost["objects"]] == [("Lead", LEADS)]
    assert await world.people() == LEADS
    await world.control("POST", "/records", object="Contact", change={"create": {"LastName": "Meanwhile"}})
    await world.login(integration)

    deadline = time.monotonic() + 20
    while await world.people() < LEADS + CONTACTS + 1:
        assert time.monotonic() < deadline, "the record that was made meanwhile did not arrive"
        await asyncio.sleep(0.05)
    await world.wait_for(integration, WAITING)
    row = (await rows_of(world, integration, "code.exchanged"))[-1]
    assert row["to"] == "syncing.initial_sync"
    # The leads once, the contacts once, and the one that was made meanwhile with them or with the cycle after.
    assert await calls(world, "marketo", "leads.sync") in {2, 3}
    numbers = await written_since(world, integration, 0)
    assert (numbers["created"], numbers["updated"], numbers["refused"]) == (LEADS + CONTACTS + 1, 0, 0)
    first = (await rows_of(world, integration, "sync.finished"))[0]["data"]["objects"]
    assert first["Lead"]["created"] == LEADS


@pytest.mark.parametrize("settings", [ON_REQUEST], indirect=True)
async def test_a_grant_lost_while_paused_returns_to_paused(world: World) -> None:
    """Somebody pauses while the refresh that fails is on its way: after the login nothing runs until it is resumed."""
    integration = await world.create()
    await world.reach(integration, WAITING)
    await world.control("POST", "/tokens/revoke")
    await world.control("DELETE", "/calls")
    await world.fault(side="salesforce", match="token.refresh", kind="slow", seconds=0.5)

    await world.send(integration, "sync.requested")
    await until_called(world, "salesforce", "token.refresh")
    await world.send(integration, "pause.requested")

    lost = await blocked(world, integration, LOST, "salesforce.grant_lost", by="grant.lost", remedy="Log in again")
    row = await row_of(world, integration, lost["why"]["seq"])
    assert row["from"] == "syncing.paused"
    await world.login(integration)
    found = await world.wait_for(integration, "syncing.paused")
    assert found["blocked_by"] is None
    assert found["waiting_for"] == []
    await go_on(world, integration, "resume.requested", WAITING)


async def test_a_grant_lost_before_the_start_returns_to_where_it_was(world: World) -> None:
    """The preview finds the grant gone; after the login the fields are read anew."""
    integration = await world.create()
    await world.reach(integration, "verified.awaiting_field_sync")
    await world.control("POST", "/tokens/revoke")

    await world.send(integration, "preview.requested")

    await blocked(world, integration, LOST, "salesforce.grant_lost", by="grant.lost", remedy="Log in again")
    await world.login(integration)
    await world.reach(integration, WAITING)


# -- the wrong person


@pytest.mark.case("oauth", 30)
@pytest.mark.parametrize("settings", [ON_REQUEST], indirect=True)
@pytest.mark.parametrize(
    ("username", "named", "code", "remedy"),
    [
        (OTHER_USER, f"{OTHER_USER} of Acme Robotics", "identity.wrong_user", "log in again as the sync user"),
        (USER_ELSEWHERE, f"{USER_ELSEWHERE} of Globex Sandbox", "identity.wrong_org", "Log in again to the org"),
    ],
    ids=["user", "org"],
)
async def test_another_user_or_org_than_the_confirmed_one_is_named_and_its_grant_given_back(
    world: World, username: str, named: str, code: str, remedy: str
) -> None:
    """Both are named, the new grant is revoked at Salesforce, and the right person can still log in."""
    integration = await world.create()
    before = await world.reach(integration, WAITING)
    await lose_grant(world, integration)

    await world.new_browser()
    await world.login(integration, username=username, password=PASSWORD)

    found = await blocked(world, integration, FAILED, code, by="code.refused", remedy=remedy)
    assert found["blocked_by"]["detail"] == f"{named} logged in, {SYNC_USER} of Acme Robotics was expected"
    assert [bool(grant["revoked"]) for grant in await grants(world, username)] == [True]
    assert found["source"]["identity"] == before["source"]["identity"]
    assert watermarks(found) == watermarks(before)
    await world.new_browser()
    await world.login(integration)
    found = await world.wait_for(integration, WAITING)
    assert found["blocked_by"] is None
    assert [bool(grant["revoked"]) for grant in await grants(world, SYNC_USER)] == [True, False]
    assert await world.people() == LEADS + CONTACTS


@pytest.mark.parametrize("settings", [ON_REQUEST], indirect=True)
async def test_a_denied_login_does_not_end_the_need_to_authorize_again(world: World) -> None:
    """Deny, and then a replaced Consumer Secret, and then the login that works."""
    integration = await world.create()
    await world.reach(integration, WAITING)
    await lose_grant(world, integration)

    await world.login(integration, decision="deny")
    await blocked(world, integration, FAILED, "salesforce.denied", by="login.denied", remedy="choose Allow")

    app = (await world.control("GET", "/apps"))["apps"][0]
    key, secret = app["consumer_key"], "F" * 64
    await world.control("PATCH", f"/apps/{key}", consumer_secret=secret)
    await world.send(integration, "credentials.saved", consumer_key=key, consumer_secret="0" * 64)
    await blocked(
        world,
        integration,
        "reauthorization_required.credentials_rejected",
        "salesforce.wrong_secret",
        by="credentials.rejected",
        remedy="Reveal the Consumer Secret again",
    )
    await go_on(world, integration, "credentials.saved", LOST, consumer_key=key, consumer_secret=secret)
    await world.login(integration)
    await world.wait_for(integration, WAITING)


@pytest.mark.parametrize("settings", [{**ON_REQUEST, "login_lifetime": 10}], indirect=True)
async def test_logins_that_come_too_late_do_not_end_the_need_to_authorize_again(world: World) -> None:
    """A code that has expired, a login that nobody finishes, and then the login that works."""
    integration = await world.create()
    before = await world.reach(integration, WAITING)
    await lose_grant(world, integration)

    await world.switch("salesforce", code_lifetime=0)
    await world.login(integration)
    await blocked(world, integration, FAILED, "salesforce.code_expired", by="code.refused", remedy="Log in again")

    await world.send(integration, "login.started")
    lost = await blocked(
        world, integration, FAILED, "login.expired", by="timer.login_expired", remedy="Start the login again"
    )
    assert watermarks(lost) == watermarks(before)

    await world.switch("salesforce", code_lifetime=900)
    await world.login(integration)
    assert (await world.wait_for(integration, WAITING))["blocked_by"] is None
    assert await world.people() == LEADS + CONTACTS


@pytest.mark.parametrize("settings", [{**ON_REQUEST, "effect_attempts": 2}], indirect=True)
async def test_a_probe_that_meets_an_outage_does_not_call_the_credentials_wrong(world: World) -> None:
    """Credentials are saved anew while the login host is down: nothing is known to be wrong, and they are kept."""
    integration = await world.create()
    await world.reach(integration, WAITING)
    await lose_grant(world, integration)
    key, secret = await world.register_app(integration)
    await world.fault(side="salesforce", match="token", kind="status", status=503, times=-1)

    await world.send(integration, "credentials.saved", consumer_key=key, consumer_secret=secret)

    await blocked(
        world,
        integration,
        "reauthorization_required.probe_failed",
        "salesforce.unreachable",
        by="effect.exhausted",
        remedy="try again when Salesforce answers",
    )
    await world.mend()
    await go_on(world, integration, "probe.requested", LOST)
    await world.login(integration)
    await world.wait_for(integration, WAITING)
