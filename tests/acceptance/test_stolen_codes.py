"""Codes that are somebody else's, or that were spent before."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from syncline.cli.demo.browser import Browser
from tests.acceptance.expectations import OTHER_USER, PASSWORD, approach, blocked, calls, decide
from tests.acceptance.test_login_failures import CALLBACK, FAILED, awaiting_login
from tests.acceptance.world import World

TOKENS = {"code", "verifier", "access_token", "refresh_token"}


def changed(url: str, **parameters: str) -> str:
    """Answer an address with some parameters replaced; an empty one is left out."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()} | parameters
    return f"{url.partition('?')[0]}?{urlencode({name: value for name, value in query.items() if value})}"


def parameter(url: str, name: str) -> str:
    """Answer a parameter of an address."""
    return parse_qs(urlsplit(url).query)[name][0]


@pytest.mark.case("oauth", 17)
async def test_somebody_elses_code_does_not_fit_the_login_that_was_started_here(world: World) -> None:
    """A thief logs in at the same app and has the victim's browser bring the code: the verifier tells."""
    integration, url = await awaiting_login(world)
    async with Browser(world.salesforce, world.url) as thief:
        theirs = changed(url, state="s" * 43, code_challenge="A" * 43)
        stolen = parameter(await decide(await approach(world, theirs, thief), thief), "code")

    await world.browser.open(f"{world.url}{CALLBACK}?{urlencode({'state': parameter(url, 'state'), 'code': stolen})}")

    found = await blocked(
        world, integration, FAILED, "salesforce.verifier_refused", by="code.refused", remedy="Log in again"
    )
    assert not {item["field"] for item in found["secrets"]} & TOKENS
    await world.login(integration)
    await world.wait_for(integration, "authorized.awaiting_confirmation")


@pytest.mark.case("oauth", 19)
async def test_a_code_that_was_spent_is_refused_in_another_login(world: World) -> None:
    """The same code with the state of the next login: refused by the source, and the code is gone."""
    integration, url = await awaiting_login(world)
    callback = await decide(await approach(world, url, world.browser), world.browser)
    await world.browser.open(callback)
    await world.wait_for(integration, "authorized.awaiting_confirmation")
    spent = await calls(world, "salesforce", "token.code")
    url = (await world.send(integration, "login.started"))["authorize_url"]

    again = urlencode({"state": parameter(url, "state"), "code": parameter(callback, "code")})
    await world.browser.open(f"{world.url}{CALLBACK}?{again}")

    found = await world.wait_for(integration, FAILED)
    assert found["blocked_by"]["code"] in {"salesforce.code_expired", "salesforce.login_refused"}
    assert not {item["field"] for item in found["secrets"]} & {"code", "verifier"}
    assert await calls(world, "salesforce", "token.code") == spent + 1
    await world.login(integration)
    await world.wait_for(integration, "authorized.awaiting_confirmation")


@pytest.mark.case("oauth", 17)
async def test_a_code_that_is_bound_to_no_verifier_ends_before_a_person_who_sees_whose_it_is(world: World) -> None:
    """A source that does not insist on PKCE takes any verifier for it: nothing goes on before the user was seen."""
    integration = await world.create()
    await world.reach(integration, "app_registered.awaiting_credentials")
    key, secret = await world.register_app(integration, require_pkce=False)
    await world.send(integration, "credentials.saved", consumer_key=key, consumer_secret=secret)
    await world.wait_for(integration, "credentials_saved.ready")
    url = (await world.send(integration, "login.started"))["authorize_url"]
    async with Browser(world.salesforce, world.url) as thief:
        page = await thief.open(changed(url, state="s" * 43, code_challenge="", code_challenge_method=""))
        page = await thief.submit(page, "/login", username=OTHER_USER, password=PASSWORD)
        page = await thief.submit(page, "/verify", code=await world.mail())
        stolen = parameter(await decide(page, thief), "code")

    await world.browser.open(f"{world.url}{CALLBACK}?{urlencode({'state': parameter(url, 'state'), 'code': stolen})}")

    found = await world.wait_for(integration, "authorized.awaiting_confirmation")
    assert found["source"]["identity"]["username"] == OTHER_USER
    rows = await world.log(integration)
    assert "connection.confirmed" not in {row["type"] for row in rows}
    assert await world.people() == 0
