"""A connect link in a real browser, with scripts and without: one button, and its address is told to nobody."""

from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Request

from tests.web.pages.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_link_is_redeemed_by_its_button_and_told_to_nobody(
    chromium: Browser,
    stage: Stage,
    javascript: bool,  # noqa: FBT001  what a test is given
) -> None:
    """The guest lands on the page and takes the first step; no request but those for the link itself names it."""
    await stage.born("in_1", "Acme")
    key = {"Authorization": f"Bearer {await stage.key()}"}
    async with stage.client.post("/api/integrations/in_1/connect-links", json={}, headers=key) as made:
        link = urlsplit((await made.json())["url"]).path
    context = await chromium.new_context(java_script_enabled=javascript)
    page = await context.new_page()
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))  # noqa: PLW0108  it puts a mark on its handlers
    await page.goto(stage.origin + link)
    assert await page.inner_text("h1") == "You are asked to connect Salesforce"
    await page.click("button.primary")
    await page.wait_for_url(f"{stage.origin}/i/in_1")
    assert await page.locator("nav").count() == 0
    await page.click("text=I have registered the app")
    await page.wait_for_selector("text=Enter Consumer Key and Consumer Secret")
    await page.click("text=Leave for good")
    await page.wait_for_selector("text=You have left")
    assert len(requests) > 5
    for request in requests:
        headers = await request.all_headers()
        assert link not in str(headers.get("referer", "")), request.url
        assert urlsplit(request.url).path == link or link not in f"{request.url}{request.post_data}"
    await context.close()
