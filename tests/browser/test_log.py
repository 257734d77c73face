"""The log in a browser: a person filters it, follows a cause to its effect and back, and looks at a past moment."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_person_finds_an_event_and_what_is_around_it(visit: Visit) -> None:
    """By the form, then from link to link; no script of the page is needed for it."""
    id_ = await visit.stage.reach("credentials_saved.login_failed", id_="in_log_in_browser")
    page = visit.page
    await visit.go(f"/i/{id_}/timeline")
    rows = page.locator(".story > li")
    whole = await rows.count()
    await page.get_by_label("Event", exact=True).select_option("credentials.saved")
    await page.get_by_role("button", name="Filter").click()
    await expect(rows).to_have_count(1)
    await expect(page).to_have_url(re.compile("type=credentials.saved"))
    await page.get_by_text("More filters").click()
    await page.get_by_label("Kind of actor").select_option("timer")
    await page.get_by_role("button", name="Filter").click()
    await expect(rows).to_have_count(0)
    await expect(page.get_by_text("Nothing matches.")).to_be_visible()
    await expect(page.get_by_label("Kind of actor")).to_be_visible()  # Filters that are in use are not folded away.
    await page.get_by_label("Kind of actor").select_option("")
    await page.get_by_role("button", name="Filter").click()
    await page.get_by_role("link", name=re.compile(r"^event \d+$")).first.click()
    await expect(page.get_by_role("table", name="What changed")).to_be_visible()
    title = await page.get_by_role("heading", level=1).inner_text()
    await page.get_by_role("link", name=re.compile("^Event ")).last.click()
    await expect(page.get_by_role("heading", level=1)).not_to_have_text(title)
    await page.get_by_role("link", name=re.compile("^Event ")).first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(title)
    await page.get_by_role("link", name="as it was then").click()
    await expect(page.get_by_role("heading", name="How it stood then")).to_be_visible()
    await page.go_back()
    await page.get_by_role("link", name="The whole timeline").click()
    await expect(rows).to_have_count(whole)
