"""Every failure is shown and mended on the pages alone: by forms, links and reloads, without JavaScript."""

import html
import re
from urllib.parse import urljoin

import pytest

from syncline.cli.demo.browser import Page
from tests.acceptance.expectations import OTHER_USER, PASSWORD, calls
from tests.acceptance.syncs import until
from tests.acceptance.world import Json, World

#: What a browser says of itself.
BROWSER = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
QUICK = {"effect_attempts": 1, "failure_wait": 300, "throttle_wait": 300, "cycle_interval": 300}


class Person:
    """Somebody at the page of one integration."""

    def __init__(self, world: World, integration: str) -> None:
        """Take the browser of a world."""
        self._world = world
        self._integration = integration
        self._url = f"{world.url}/i/{integration}"

    async def sign_in(self) -> None:
        """Show the key."""
        page = await self._world.browser.open(f"{self._world.url}/sign-in")
        await self._world.browser.submit(page, "/sign-in", key=self._world.key)

    async def look(self, url: str = "") -> Page:
        """Open the page of the integration, or another."""
        self._world.browser.http.headers.update(BROWSER)
        page = await self._world.browser.open(url or self._url)
        assert page.status == 200, page.text
        return page

    async def press(self, event: str, **typed: str) -> Page:
        """Press the button of a command, on the page itself or behind its link; what was typed goes along."""
        page = await self.look()
        if not any(form.fields.get("event") == event for form in page.forms):
            assert f'href="/i/{self._integration}/do/{event}"' in page.text, f"no way to {event} on the page"
            page = await self.look(f"{self._url}/do/{event}")
        form = next(form for form in page.forms if form.fields.get("event") == event)
        given = {**form.fields, **typed}
        async with self._world.browser.http.post(urljoin(page.url, form.action), data=given) as response:
            assert response.status == 200, await response.text()
            assert str(response.url).startswith(self._url)
        return await self.look()

    async def log_in(self, **how: str) -> None:
        """Press the button of the login, follow the page that leaves, and answer every form on the way back."""
        page = await self.look()
        page = await self._world.browser.submit(page, f"/i/{self._integration}/login")
        leaving = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.text)
        assert leaving is not None, page.text
        await self._world.visit(html.unescape(leaving[1]), **how)

    async def read(self, state: str) -> Json:
        """Wait for a state, and hold that the page says what blocks it and what to do about that."""
        found = await self._world.wait_for(self._integration, state)
        text = html.unescape((await self.look()).text)
        blocker = found["blocked_by"]
        assert blocker is not None
        for words in (blocker["meaning"], blocker["cause"], blocker["remedy"], f"/help/errors/{blocker['code']}"):
            assert words in text, words
        return found

    async def see(self, state: str) -> None:
        """Wait for a state in which nothing is in the way, on the page either."""
        found = await self._world.wait_for(self._integration, state)
        assert found["blocked_by"] is None
        assert "What to do" not in (await self.look()).text


@pytest.fixture
async def person(world: World) -> Person:
    """Somebody who has signed in and made an integration."""
    found = Person(world, await world.create())
    await found.sign_in()
    return found


@pytest.mark.parametrize("settings", [{**QUICK, "login_lifetime": 10}], indirect=True)
async def test_failures_before_the_first_login_are_mended_on_the_page(world: World, person: Person) -> None:
    """An outage at the probe, a wrong key, a wrong secret, a denial, and a login that nobody finishes."""
    await person.press("app.registered")
    key, secret = await world.register_app(person._integration)
    await world.fault(side="salesforce", match="token", kind="status", status=503)
    await person.press("credentials.saved", consumer_key=f"{key}x", consumer_secret=secret)
    await person.read("app_registered.probe_failed")
    await person.press("probe.requested")
    assert (await person.read("app_registered.credentials_rejected"))["blocked_by"]["code"] == "salesforce.wrong_key"
    await person.press("credentials.saved", consumer_key=key, consumer_secret=f"{secret}x")

    async def secret_is_wrong() -> bool:
        blocker = (await world.status(person._integration))["blocked_by"]
        return bool(blocker and blocker["code"] == "salesforce.wrong_secret")

    await until(secret_is_wrong, "the wrong secret is not told from the wrong key")
    await person.read("app_registered.credentials_rejected")
    await person.press("credentials.saved", consumer_key=key, consumer_secret=secret)
    await person.see("credentials_saved.ready")
    await person.log_in(decision="deny")
    await person.read("credentials_saved.login_failed")
    await person.log_in(password="wrong")
    await person.see("credentials_saved.awaiting_login")
    await person.read("credentials_saved.login_failed")
    await person.log_in()
    await person.see("authorized.awaiting_confirmation")


@pytest.mark.parametrize("settings", [QUICK], indirect=True)
async def test_failures_of_the_checks_and_fields_are_mended_on_the_page(world: World, person: Person) -> None:
    """A closed API, a wrong account, a preview and a field sync that nobody answers."""
    await world.reach(person._integration, "credentials_saved.ready")
    await world.switch("salesforce", api_disabled=True)
    client = world.sim["marketo_client"]
    await person.log_in()
    await person.read("authorized.checks_failed")
    await world.switch("salesforce", api_disabled=False)
    await person.press("account.saved", client_id=client["client_id"], client_secret="wrong")

    async def account_is_wrong() -> bool:
        blocker = (await world.status(person._integration))["blocked_by"]
        return bool(blocker and blocker["code"] == "marketo.wrong_credentials")

    await until(account_is_wrong, "the wrong account is not named")
    await person.read("authorized.checks_failed")
    await person.press("account.saved", **client)
    await person.see("authorized.awaiting_confirmation")
    await person.press("checks.requested")
    await person.see("authorized.awaiting_confirmation")
    await world.fault(side="salesforce", match="describe", kind="status", status=503)
    await person.press("connection.confirmed")
    await person.read("verified.preview_failed")
    await person.press("preview.requested")
    await person.see("verified.awaiting_field_sync")
    await world.fault(side="marketo", match="fields.create", kind="status", status=503)
    await world.send(person._integration, "field_sync.requested")
    await person.read("verified.field_sync_failed")
    await person.press("field_sync.requested")
    await person.see("fields_synced.mapping_open")
    await person.press("sync.start_requested")
    await person.see("syncing.waiting")


@pytest.mark.parametrize("settings", [QUICK], indirect=True)
async def test_failures_of_the_sync_are_mended_on_the_page(world: World, person: Person) -> None:
    """A limit, an outage, a pause, a lost grant, another person's login, and a revocation that fails."""
    await world.reach(person._integration, "syncing.waiting")
    await world.switch("salesforce", api_limit_reached=True)
    await person.press("sync.requested")
    await person.read("syncing.throttled")
    await world.switch("salesforce", api_limit_reached=False)
    await person.press("sync.requested")
    await person.see("syncing.waiting")
    await world.fault(side="salesforce", match="query", kind="status", status=503)
    await person.press("sync.requested")
    await person.read("syncing.sync_failed")
    await person.press("pause.requested")
    await person.see("syncing.paused")
    await person.press("resume.requested")
    await person.see("syncing.waiting")
    await world.control("POST", "/tokens/revoke")
    await person.press("sync.requested")
    await person.read("reauthorization_required.awaiting_person")
    await world.new_browser()
    await person.sign_in()
    await person.log_in(username=OTHER_USER, password=PASSWORD)
    await person.read("reauthorization_required.login_failed")
    await world.new_browser()
    await person.sign_in()
    await person.log_in()
    await person.see("syncing.waiting")
    await world.fault(side="salesforce", match="revoke", kind="status", status=503)
    await person.press("disconnect.requested")
    await person.read("disconnected.revocation_failed")
    await person.press("revocation.requested")
    await person.see("disconnected.closed")
    assert await calls(world, "salesforce", "revoke") >= 2
