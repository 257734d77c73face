"""What JavaScript adds: live pages, copy buttons, one submission per form. And that all works without it."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_page_follows_the_state(visit: Visit) -> None:
    """A new state comes by itself, is announced politely, and takes the focus to its step."""
    id_ = await visit.stage.reach("authorized.checking")
    await visit.go(f"/i/{id_}")
    await visit.stage.happen(id_, "checks.passed")
    await expect(visit.page.locator("#now")).to_have_text("Confirm the connection")
    await expect(visit.page.locator("#now")).to_be_focused()
    await expect(visit.page.locator("#news")).to_have_text("Now: Confirm org and user")
    assert "Confirm org and user" in await visit.page.title()


async def test_progress_moves_without_moving_the_focus(visit: Visit) -> None:
    """Numbers change in their place."""
    id_ = await visit.stage.reach("syncing.initial_sync")
    await visit.go(f"/i/{id_}")
    await visit.page.get_by_role("button", name="Pause").focus()
    await visit.stage.happen(id_, "sync.progressed")
    await expect(visit.page.get_by_label("Contact", exact=True)).to_have_attribute("value", "1200")
    await expect(visit.page.get_by_role("button", name="Pause")).to_be_focused()


async def test_typing_is_not_interrupted(visit: Visit) -> None:
    """Who is typing keeps what was typed and is told that something has changed."""
    id_ = await visit.stage.reach("app_registered.awaiting_credentials")
    await visit.go(f"/i/{id_}")
    await visit.page.locator("#consumer_key").type("half of a key")
    await visit.stage.happen(id_, "disconnect.requested")
    await expect(visit.page.locator("#news")).to_contain_text("has moved on")
    await expect(visit.page.locator("#consumer_key")).to_have_value("half of a key")


async def test_value_is_copied(visit: Visit) -> None:
    """The callback URL is on the clipboard to the letter."""
    id_ = await visit.stage.reach("unconfigured")
    await visit.go(f"/i/{id_}")
    await visit.page.get_by_role("button", name="Copy Callback URL").first.click()
    await expect(visit.page.locator("#news")).to_have_text("Copied")
    assert await visit.page.evaluate("navigator.clipboard.readText()") == visit.stage.site.redirect_uri


async def test_double_click_is_one_command(visit: Visit) -> None:
    """The second click of a form sends nothing."""
    id_ = await visit.stage.reach("syncing.waiting")
    await visit.go(f"/i/{id_}")
    posts = []
    visit.page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    await visit.page.get_by_role("button", name="Pause").dblclick()
    await expect(visit.page.locator("#now")).to_have_text("Paused")
    assert len(posts) == 1


@pytest.mark.parametrize("javascript", [True, False])
async def test_login_leaves_for_the_source(visit: Visit) -> None:
    """With and without JavaScript the browser ends up at the source's login, whatever the content security policy."""
    id_ = await visit.stage.reach("credentials_saved.ready")
    await visit.context.route("https://login.salesforce.com/**", lambda route: route.fulfill(body="the login page"))
    await visit.go(f"/i/{id_}")
    await visit.page.get_by_role("button", name="Login with Salesforce").click()
    await visit.page.wait_for_url("https://login.salesforce.com/services/oauth2/authorize?**")


@pytest.mark.parametrize("javascript", [True, False])
async def test_login_in_a_window_of_its_own(visit: Visit, javascript: bool) -> None:  # noqa: FBT001  a fixture's name
    """The other window leaves for the source; this page stays and waits."""
    id_ = await visit.stage.reach("credentials_saved.ready")
    await visit.context.route("https://login.salesforce.com/**", lambda route: route.fulfill(body="the login page"))
    await visit.go(f"/i/{id_}")
    async with visit.context.expect_page() as opened:
        await visit.page.get_by_role("button", name="Log in in a new window").click()
    window = await opened.value
    await window.wait_for_url("https://login.salesforce.com/services/oauth2/authorize?**")
    if not javascript:
        await visit.page.reload()
    await expect(visit.page.locator("#now")).to_have_text("Finish the login at Salesforce")
    await visit.stage.happen(id_, "login.denied")
    await window.goto(f"{visit.stage.origin}/i/{id_}")
    if javascript:
        await expect(window.locator("h1")).to_have_text("You may close this window")
        await window.get_by_role("link", name="Go on in this window").click()
    await expect(window.locator("#now")).to_have_text("The login did not succeed")


@pytest.mark.parametrize("javascript", [False])
async def test_set_up_goes_on_without_javascript(visit: Visit) -> None:
    """The first steps by forms and reloads alone."""
    page = visit.page
    await page.get_by_role("link", name="Create an integration").click()
    await page.get_by_label("Name", exact=True).fill("EMEA production")
    await page.get_by_label("Instance address").fill("https://123-abc-456.mktorest.com")
    await page.get_by_label("Client ID", exact=True).fill("an id")
    await page.get_by_label("Client Secret", exact=True).fill("a secret")
    await page.get_by_role("button", name="Create the integration").click()
    await page.get_by_role("link", name="Go on to the first step").click()
    await page.get_by_role("button", name="I have registered the app").click()
    await page.get_by_label("Consumer Key", exact=True).fill("a key")
    await page.get_by_label("Consumer Secret", exact=True).fill("a secret")
    await page.get_by_role("button", name="Save Consumer Key and Secret").click()
    await expect(page.locator("#now")).to_have_text("Testing Consumer Key and Secret")
    await visit.stage.happen(page.url.rpartition("/")[2].partition("?")[0], "credentials.accepted")
    await page.get_by_role("link", name="Reload").click()
    await expect(page.locator("#now")).to_have_text("Log in to Salesforce")
