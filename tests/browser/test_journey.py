"""The whole set-up, screen by screen, by somebody who has only a browser: the real programs, no JavaScript needed."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.acceptance.processes import Fork
from tests.acceptance.world import World

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

expect.set_options(timeout=15_000)


@pytest_asyncio.fixture(loop_scope="session")
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A service and a small simulated world, in processes of their own."""
    size = ("--seed", "1", "--leads", "30", "--contacts", "20")
    simulation = Fork("syncline_sim", "--json", *size, log=tmp_path / "simulation.log")
    try:
        async with World(simulation, tmp_path, {"cycle_interval": 300}) as begun:
            yield begun
    finally:
        simulation.stop()


@pytest.mark.parametrize("javascript", [True, False])
async def test_from_nothing_to_syncing_and_back(world: World, chromium: Browser, javascript: bool) -> None:  # noqa: FBT001  a fixture's name
    """Every row of the set-up, a denied login on the way, and a disconnect at the end."""
    context = await chromium.new_context(java_script_enabled=javascript, base_url=world.url)
    page = await context.new_page()
    await _sign_in(page, world)
    await _create(page, world)
    callback = await page.locator(".copy", has_text="Callback URL").first.locator("code").inner_text()
    key, secret = await _register_app(await context.new_page(), world, callback)
    await page.get_by_role("button", name="I have registered the app").click()
    await _enter_credentials(page, key, secret + "x")
    await _see(page, "Correct Consumer Key and Secret", javascript=javascript)
    await expect(page.locator("#blocked")).to_contain_text("Consumer Secret")
    await _enter_credentials(page, key, secret)
    await _see(page, "Log in to Salesforce", javascript=javascript)
    await _log_in(page, world, "Deny")
    await expect(page.locator("#now")).to_have_text("The login did not succeed")
    await expect(page.get_by_role("link", name="salesforce.denied")).to_be_visible()
    await _log_in(page, world, "Allow")
    await _see(page, "Confirm the connection", javascript=javascript)
    await expect(page.locator(".identity")).to_contain_text(world.sim["user"]["username"])
    await page.get_by_role("button", name="Confirm Credentials").click()
    await _see(page, "Look over the fields", javascript=javascript)
    await page.get_by_role("button", name="Sync Fields").click()
    await _see(page, "Look over the mapping, then start", javascript=javascript)
    await page.get_by_role("button", name="Save the mapping").click()
    await expect(page.get_by_text("The mapping is saved.")).to_be_visible()
    await page.get_by_role("button", name="Start Sync").click()
    await _see(page, "In sync", javascript=javascript)
    await expect(page.locator("#progress")).to_contain_text("30 of 30 read, done")
    assert await world.people() == 50
    await page.get_by_role("link", name="Disconnect").click()
    await page.get_by_role("button", name="Disconnect").click()
    await _see(page, "Disconnected", javascript=javascript)
    await expect(page.get_by_text("All erased")).to_be_visible()
    await page.get_by_role("link", name="whole timeline").click()
    await expect(page.locator(".story > li").last).to_contain_text("Create the integration")
    await context.close()


async def _sign_in(page: Page, world: World) -> None:
    await page.goto("/")
    await page.fill("#key", world.key)
    await page.get_by_role("button", name="Sign in").click()


async def _create(page: Page, world: World) -> None:
    await page.get_by_role("link", name="Create an integration").click()
    await page.fill("#name", "EMEA production")
    await page.fill("#login_host", world.salesforce)
    await page.fill("#url", world.marketo)
    await page.fill("#client_id", world.sim["marketo_client"]["client_id"])
    await page.fill("#client_secret", world.sim["marketo_client"]["client_secret"])
    await page.get_by_role("button", name="Create the integration").click()
    await page.get_by_role("link", name="Go on to the first step").click()


async def _register_app(page: Page, world: World, callback: str) -> tuple[str, str]:
    """Make the app in the simulated Setup, with the code from the mailbox; answers key and secret."""
    await page.goto(f"{world.salesforce}/setup/new")
    await page.fill("#name", "Syncline")
    await page.fill("#contact_email", "admin@acme.example")
    await page.fill("#callback_url", callback)
    for scope in ("api", "refresh_token", "id"):
        await page.check(f'input[name="scopes"][value="{scope}"]')
    await page.get_by_role("button", name="Create").click()
    if await page.locator("#code").count():
        await page.fill("#code", await world.mail())
        await page.get_by_role("button", name="Verify").click()
    key = await page.locator("#consumer_key").inner_text()
    secret = await page.locator("#consumer_secret").inner_text()
    await page.close()
    return key, secret


async def _enter_credentials(page: Page, key: str, secret: str) -> None:
    await page.fill("#consumer_key", key)
    await page.fill("#consumer_secret", secret)
    await page.get_by_role("button", name="Save Consumer Key and Secret").click()


async def _log_in(page: Page, world: World, decision: str) -> None:
    """Go to the simulated login and come back; a browser that is known there is not asked for a code again."""
    await page.get_by_role("button", name="Login with Salesforce").click()
    await page.wait_for_url(re.compile(re.escape(world.salesforce)))
    await page.fill("#username", world.sim["user"]["username"])
    await page.fill("#password", world.sim["user"]["password"])
    await page.get_by_role("button", name="Log in").click()
    if await page.locator("#code").count():
        await page.fill("#code", await world.mail())
        await page.get_by_role("button", name="Verify").click()
    await page.get_by_role("button", name=decision).click()
    await page.wait_for_url(re.compile(re.escape(world.url)))


async def _see(page: Page, heading: str, *, javascript: bool) -> None:
    """Wait for a state; without JavaScript by loading the page again, as its meta refresh does."""
    if javascript:
        await expect(page.locator("#now")).to_have_text(heading)
        return
    for _ in range(100):
        if await page.locator("#now").inner_text() == heading:
            return
        await page.wait_for_timeout(150)
        await page.goto(page.url)
    await expect(page.locator("#now")).to_have_text(heading)
