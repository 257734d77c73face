"""A Salesforce admin with nothing but a link takes an integration from `unconfigured` to `authorized`."""

import html
import json
import re
from collections.abc import AsyncIterator
from urllib.parse import urljoin

import pytest

from syncline.cli.demo.browser import Browser, Page
from tests.acceptance.world import World

BROWSER = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


class Admin:
    """Somebody with a browser, a mailbox and a Salesforce org; no key, no account."""

    def __init__(self, world: World) -> None:
        """Take the browser of a world, which nobody has signed in with."""
        self._world = world
        self._world.browser.http.headers.update(BROWSER)

    async def open(self, url: str) -> Page:
        """Go to an address."""
        return await self._world.browser.open(url)

    async def press(self, page: Page, action: str, **typed: str) -> Page:
        """Press the button of a form."""
        form = page.form(action)
        given = {**form.fields, **typed}
        async with self._world.browser.http.post(urljoin(page.url, form.action), data=given) as response:
            assert response.status == 200, await response.text()
            return await self.open(str(response.url).partition("?")[0])

    async def command(self, page: Page, event: str, **typed: str) -> Page:
        """Press the button of a command, with what was typed."""
        form = next(form for form in page.forms if form.fields.get("event") == event)
        given = {**form.fields, **typed}
        async with self._world.browser.http.post(urljoin(page.url, form.action), data=given) as response:
            assert response.status == 200, await response.text()
        return await self.open(page.url)

    async def log_in(self, page: Page) -> Page:
        """Leave for the login, answer every form there, and come back."""
        leaving = await self._world.browser.submit(page, "/login")
        found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', leaving.text)
        assert found is not None, leaving.text
        return await self._world.visit(html.unescape(found[1]))


@pytest.fixture
async def stranger(world: World) -> AsyncIterator[Browser]:
    """Somebody else's browser."""
    async with Browser(world.salesforce, world.url) as browser:
        browser.http.headers.update(BROWSER)
        yield browser


async def test_an_admin_with_a_link_takes_an_integration_to_authorized(world: World, stranger: Browser) -> None:
    """From the link alone, on the pages alone; an operator confirms, and with that the visit is over."""
    integration = await world.create()
    code, output = await world.command("links", "create", integration, "--hours", "5", "--json")
    assert code == 0
    link = json.loads(output)
    admin = Admin(world)

    page = await admin.open(link["url"])
    assert "You are asked to connect Salesforce" in page.text
    page = await admin.press(page, "")
    assert page.url == f"{world.url}/i/{integration}"
    page = await admin.command(page, "app.registered")
    key, secret = await world.register_app(integration)
    page = await admin.command(page, "credentials.saved", consumer_key=key, consumer_secret=f"{secret}x")
    await world.wait_for(integration, "app_registered.credentials_rejected")
    page = await admin.command(
        await admin.open(page.url), "credentials.saved", consumer_key=key, consumer_secret=secret
    )
    await world.wait_for(integration, "credentials_saved.ready")
    page = await admin.log_in(await admin.open(page.url))
    assert page.url.partition("?")[0] == f"{world.url}/i/{integration}"
    status = await world.wait_for(integration, "authorized.awaiting_confirmation")

    page = await admin.open(page.url)
    assert "Your part is done" in page.text
    assert not [form for form in page.forms if form.fields.get("event") == "connection.confirmed"]
    page = await admin.command(page, "checks.requested")
    await world.wait_for(integration, "authorized.awaiting_confirmation")
    for path in ("/", "/audit", "/tokens", "/keys", f"/i/{integration}/timeline", f"/api/integrations/{integration}"):
        assert (await admin.open(f"{world.url}{path}")).status == 403, path
    assert (await stranger.open(link["url"])).status == 410

    rows = [
        (row["type"], row["actor"]["kind"]) for row in await world.log(integration) if row["actor"]["id"] == link["id"]
    ]
    # The pages of this integration that are not a guest's; the others are refused on the log of the service.
    assert [rows.pop(), rows.pop()] == [("access.refused", "link")] * 2
    assert rows == [
        ("link.redeemed", "link"),
        ("app.registered", "link"),
        ("credentials.saved", "link"),
        ("credentials.saved", "link"),
        ("login.started", "link"),
        ("login.returned", "source"),
        ("checks.requested", "link"),
    ]
    seen = status["source"]["identity"]
    await world.send(integration, "connection.confirmed", org_id=seen["org_id"], user_id=seen["user_id"])
    page = await admin.open(f"{world.url}/i/{integration}")
    assert (page.status, "Your visit here is over" in page.text) == (403, True)
    code, output = await world.command("audit", "verify", "--json")
    assert (code, json.loads(output)["proved"]) == (0, True)
    await world.reach(integration, "syncing.waiting")


async def test_a_link_that_is_revoked_closes_the_page(world: World) -> None:
    """While its person is at it; a restart of the service opens nothing again."""
    integration = await world.create()
    _, output = await world.command("links", "create", integration, "--json")
    link, admin = json.loads(output), Admin(world)
    page = await admin.press(await admin.open(link["url"]), "")
    assert page.status == 200
    code, _ = await world.command("links", "revoke", integration, link["id"])
    assert code == 0
    assert (await admin.open(page.url)).status == 403
    await world.stop()
    await world.start()
    assert (await admin.open(page.url)).status == 403
    assert (await admin.open(link["url"])).status == 410
    _, output = await world.command("links", "list", integration, "--json")
    assert [item["standing"] for item in json.loads(output)["items"]] == ["revoked"]
