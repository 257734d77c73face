"""The ways in which credentials and logins fail: each is named, and each can be mended without a restart."""

import asyncio
import time

import pytest

from syncline.cli.demo.browser import Browser
from tests.acceptance.expectations import (
    OTHER_USER,
    PASSWORD,
    SYNC_USER,
    approach,
    blocked,
    calls,
    decide,
    go_on,
    rows_of,
)
from tests.acceptance.world import World

AWAITED = "credentials_saved.awaiting_login"
FAILED = "credentials_saved.login_failed"
CALLBACK = "/salesforce/getSfdcOAuthTokensRedirect"
QUICK = {"http_timeout": 0.5, "effect_attempts": 2}


async def awaiting_login(world: World) -> tuple[str, str]:
    """Start the first login of a new integration; answers the integration and where the browser goes."""
    integration = await world.create()
    await world.reach(integration, "credentials_saved.ready")
    return integration, (await world.send(integration, "login.started"))["authorize_url"]


# -- the credentials


@pytest.mark.parametrize(
    ("wrong", "code", "remedy"),
    [
        ("consumer_key", "salesforce.wrong_key", "Copy the Consumer Key again"),
        ("consumer_secret", "salesforce.wrong_secret", "Reveal the Consumer Secret again"),
    ],
)
async def test_a_wrong_key_and_a_wrong_secret_are_told_apart_before_anybody_logs_in(
    world: World, wrong: str, code: str, remedy: str
) -> None:
    """Whichever is wrong is named at once, and saving it right leads on."""
    integration = await world.create()
    await world.reach(integration, "app_registered.awaiting_credentials")
    key, secret = await world.register_app(integration)
    right = {"consumer_key": key, "consumer_secret": secret}

    await world.send(integration, "credentials.saved", **{**right, wrong: right[wrong][:-1] + "-"})

    await blocked(
        world,
        integration,
        "app_registered.credentials_rejected",
        code,
        by="credentials.rejected",
        remedy=remedy,
    )
    assert await calls(world, "salesforce", "authorize") == 0
    await world.refuse(integration, "login.started")
    await go_on(world, integration, "credentials.saved", "credentials_saved.ready", **right)
    await world.login(integration)
    await world.wait_for(integration, "authorized.awaiting_confirmation")


@pytest.mark.parametrize("settings", [QUICK], indirect=True)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 500},
        {"kind": "hang"},
        {"kind": "garbage"},
        {"kind": "reset"},
    ],
    ids=["503", "500", "hang", "garbage", "reset"],
)
async def test_a_probe_finds_the_login_host_down_and_is_made_again_on_request(
    world: World, fault: dict[str, str | int]
) -> None:
    """An outage says nothing about key and secret: that is what is shown, and nobody has to enter them again."""
    integration = await world.create()
    await world.reach(integration, "app_registered.awaiting_credentials")
    key, secret = await world.register_app(integration)
    await world.fault(side="salesforce", match="token", times=-1, **fault)

    await world.send(integration, "credentials.saved", consumer_key=key, consumer_secret=secret)

    found = await blocked(
        world,
        integration,
        "app_registered.probe_failed",
        "salesforce.unreachable",
        by="effect.exhausted",
        remedy="try again",
    )
    assert {item["field"] for item in found["secrets"]} >= {"consumer_key", "consumer_secret"}
    assert await calls(world, "salesforce", "token.code") == QUICK["effect_attempts"]
    await world.mend()
    await go_on(world, integration, "probe.requested", "credentials_saved.ready")


# -- the login


async def test_a_denied_login_can_be_started_again(world: World) -> None:
    """Deny at the approval page ends in a failed login; allowing it the next time leads on."""
    integration, url = await awaiting_login(world)

    page = await world.visit(url, decision="deny")

    assert page.url == f"{world.url}/i/{integration}"
    found = await blocked(
        world, integration, FAILED, "salesforce.denied", by="login.denied", remedy="Log in again and choose Allow"
    )
    assert "end-user denied authorization" in found["blocked_by"]["detail"]
    await world.login(integration)
    found = await world.wait_for(integration, "authorized.awaiting_confirmation")
    assert found["blocked_by"] is None


async def test_a_wrong_password_stays_at_salesforce(world: World) -> None:
    """Salesforce asks again; here nothing has happened, and the same login still leads on."""
    integration, url = await awaiting_login(world)
    before = await world.log(integration)

    page = await world.visit(url, password="wrong")

    assert page.url.startswith(f"{world.salesforce}/login")
    assert "check your username and password" in page.text
    assert await world.log(integration) == before
    assert (await world.status(integration))["state"] == AWAITED
    await world.visit(url)
    await world.wait_for(integration, "authorized.awaiting_confirmation")


@pytest.mark.case("oauth", 6)
@pytest.mark.parametrize("settings", [{"login_lifetime": 6}], indirect=True)
async def test_a_login_that_nobody_finishes_expires_and_a_fresh_one_works(world: World) -> None:
    """The timer ends the wait; whoever comes back after it is told so, and starts anew."""
    integration, url = await awaiting_login(world)
    callback = await decide(await approach(world, url, world.browser), world.browser)

    await blocked(world, integration, FAILED, "login.expired", by="timer.login_expired", remedy="Start the login again")
    exchanges = await calls(world, "salesforce", "token.code")
    assert (await world.browser.open(callback)).status == 400
    late = (await rows_of(world, integration, "login.returned"))[-1]
    assert (late["disposition"], late["data"]["refused_as"]) == ("refused", "login.expired")
    assert await calls(world, "salesforce", "token.code") == exchanges

    await world.login(integration)
    found = await world.wait_for(integration, "authorized.awaiting_confirmation")
    assert found["blocked_by"] is None


async def test_a_code_that_has_expired_is_refused_and_the_next_login_works(world: World) -> None:
    """Salesforce no longer takes the code; the login is started again."""
    await world.switch("salesforce", code_lifetime=0)
    integration, url = await awaiting_login(world)

    await world.visit(url)

    found = await blocked(
        world, integration, FAILED, "salesforce.code_expired", by="code.refused", remedy="Log in again"
    )
    assert not {item["field"] for item in found["secrets"]} & {"code", "verifier", "access_token", "refresh_token"}
    await world.switch("salesforce", code_lifetime=900)
    await world.login(integration)
    await world.wait_for(integration, "authorized.awaiting_confirmation")


@pytest.mark.parametrize("settings", [QUICK], indirect=True)
async def test_an_exchange_whose_answer_is_lost_is_not_made_twice(world: World) -> None:
    """The code is spent and nobody knows the tokens: the person logs in again, the code is never sent again."""
    integration, url = await awaiting_login(world)
    before = await calls(world, "salesforce", "token.code")
    await world.fault(side="salesforce", match="token.code", kind="reset", after=True)

    await world.visit(url)

    await blocked(world, integration, FAILED, "login.reply_lost", by="code.refused", remedy="Log in again")
    assert await calls(world, "salesforce", "token.code") == before + 1
    await world.login(integration)
    await world.wait_for(integration, "authorized.awaiting_confirmation")


# -- the callback


async def unmoved(world: World, integration: str, callback: str, browser: Browser) -> None:
    """Open a callback that has to be refused, and hold that no state has changed and no token was asked for."""
    before = await world.status(integration)
    exchanges = await calls(world, "salesforce", "token.code")
    page = await browser.open(callback)
    assert page.status == 400
    after = await world.status(integration)
    assert (after["state"], after["since"], after["secrets"]) == (before["state"], before["since"], before["secrets"])
    assert await calls(world, "salesforce", "token.code") == exchanges


# Not drawn at random: workers that run tests side by side have to see the same names.
@pytest.mark.case("oauth", 1)
@pytest.mark.case("oauth", 2)
@pytest.mark.parametrize("query", ["code=stolen", f"state={'Zm9yZ2Vk' * 5}&code=stolen", "state=x&code=y"])
async def test_a_callback_with_a_missing_or_forged_state_changes_nothing(world: World, query: str) -> None:
    """Nobody knows which login it is for; the one that is awaited can still come back."""
    integration, url = await awaiting_login(world)
    before = await world.log(integration)

    await unmoved(world, integration, f"{world.url}{CALLBACK}?{query}", world.browser)

    assert await world.log(integration) == before
    await world.visit(url)
    await world.wait_for(integration, "authorized.awaiting_confirmation")


@pytest.mark.case("oauth", 3)
@pytest.mark.case("oauth", 11)
@pytest.mark.parametrize("decision", ["allow", "deny"])
async def test_a_callback_in_another_browser_changes_nothing_but_the_log(world: World, decision: str) -> None:
    """Neither a code nor a refusal from another browser counts; the browser that started the login may still end it."""
    integration, url = await awaiting_login(world)
    async with Browser(world.salesforce, world.url) as other:
        callback = await decide(await approach(world, url, other), other, decision)
        await unmoved(world, integration, callback, other)

    row = (await world.log(integration))[-1]
    assert (row["type"], row["disposition"]) == ("login.returned", "refused")
    assert row["data"]["refused_as"] == "login.other_browser"
    await world.visit(url)
    await world.wait_for(integration, "authorized.awaiting_confirmation")


@pytest.mark.case("oauth", 4)
async def test_a_callback_that_comes_a_second_time_changes_nothing_but_the_log(world: World) -> None:
    """The address is good once: a reload is refused, and the authorization stays."""
    integration, url = await awaiting_login(world)
    callback = await decide(await approach(world, url, world.browser), world.browser)
    assert (await world.browser.open(callback)).url == f"{world.url}/i/{integration}"
    await world.wait_for(integration, "authorized.awaiting_confirmation")

    await unmoved(world, integration, callback, world.browser)

    row = (await world.log(integration))[-1]
    assert (row["type"], row["disposition"]) == ("login.returned", "refused")
    assert row["data"]["refused_as"] == "login.used"


@pytest.mark.case("oauth", 5)
async def test_fifty_callbacks_at_once_make_one_token_request(world: World) -> None:
    """However often the same answer comes at the same time, its code is spent once."""
    integration, url = await awaiting_login(world)
    callback = await decide(await approach(world, url, world.browser), world.browser)
    before = await calls(world, "salesforce", "token.code")

    await asyncio.gather(*(world.browser.open(callback) for _ in range(50)))

    await world.wait_for(integration, "authorized.awaiting_confirmation")
    assert await calls(world, "salesforce", "token.code") == before + 1
    returned = await rows_of(world, integration, "login.returned")
    assert [row["disposition"] for row in returned].count("transitioned") == 1


# -- the confirmation


async def test_confirming_another_org_or_user_than_the_shown_one_is_refused(world: World) -> None:
    """The confirmation names what the person saw; a page of the past confirms nothing."""
    integration = await world.create()
    found = await world.reach(integration, "authorized.awaiting_confirmation")
    seen = {name: found["source"]["identity"][name] for name in ("org_id", "user_id")}

    for name in seen:
        stale = {**seen, name: seen[name][:-4] + "ZZZZ"}
        problem = await world.refuse(integration, "connection.confirmed", **stale)
        assert problem["code"] == "event.refused"
        assert problem["remedy"].endswith(".")
        row = (await world.log(integration))[-1]
        assert (row["type"], row["disposition"]) == ("connection.confirmed", "refused")
        assert "confirms_seen_identity" in row["reason"]
    assert (await world.status(integration))["state"] == "authorized.awaiting_confirmation"

    await go_on(world, integration, "connection.confirmed", "verified.awaiting_field_sync", **seen)


async def test_the_wrong_person_is_seen_before_the_confirmation_and_replaced_by_another_login(world: World) -> None:
    """Before the confirmation anybody may log in; the page names them, and the right person logs in instead."""
    integration, url = await awaiting_login(world)
    await world.visit(url, username=OTHER_USER, password=PASSWORD)
    found = await world.wait_for(integration, "authorized.awaiting_confirmation")
    assert found["source"]["identity"]["username"] == OTHER_USER

    await world.new_browser()
    await world.login(integration)

    deadline = time.monotonic() + 20
    while True:
        found = await world.wait_for(integration, "authorized.awaiting_confirmation")
        if found["source"]["identity"]["username"] == SYNC_USER:
            return
        assert time.monotonic() < deadline, "the second login did not take the place of the first"
        await asyncio.sleep(0.05)
