"""Every page against axe (WCAG 2.2 AA), in light and dark and on a small screen."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe

from syncline.destinations import Destinations
from syncline.forwarding import Forwarding, Trouble
from syncline.forwarding.destination import read_destinations
from syncline.web.pages.faces import FACES
from tests.browser.conftest import Visit
from tests.deliveries.receivers import receiving

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

_RULES: dict[str, Any] = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
_AROUND = (
    "/",
    "/new",
    "/audit",
    "/audit/checkpoints",
    "/audit/forwarding",
    "/keys",
    "/help/errors",
    "/help/errors/salesforce.wrong_secret",
    "/sign-in",
)


async def faults(visit: Visit, path: str) -> list[str]:
    """Answer what axe finds wrong with the page that is open."""
    found = await Axe().run(visit.page, options=_RULES)
    return [
        f"{path}: {fault['id']}: {node['html'][:120]}"
        for fault in found.response["violations"]
        for node in fault["nodes"]
    ]


async def test_every_panel_is_accessible(visit: Visit) -> None:
    """No fault, neither in the light on a wide screen nor in the dark on a small one; nothing is scrolled sideways."""
    found = []
    for state in {face.panel: state for state, face in FACES.items()}.values():
        path = f"/i/{await visit.stage.reach(state)}"
        await visit.page.emulate_media(color_scheme="light", reduced_motion="reduce")
        await visit.page.set_viewport_size({"width": 1280, "height": 900})
        await visit.go(path)
        found += await faults(visit, path)
        await visit.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        await visit.page.set_viewport_size({"width": 360, "height": 740})
        found += await faults(visit, path)
        width = await visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{state} has to be scrolled sideways"
    assert found == []


async def test_checkpoints_are_accessible(visit: Visit) -> None:
    """With one whose note is shown, also on a small screen, which a key does not make any wider."""
    checkpoints = visit.stage.site.checkpoints
    await checkpoints.open()
    await checkpoints.sign()
    await visit.page.set_viewport_size({"width": 360, "height": 740})
    await visit.go("/audit/checkpoints")
    await visit.page.locator("summary").first.click()
    assert await faults(visit, "/audit/checkpoints") == []
    assert await visit.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


async def test_subscriptions_are_accessible(visit: Visit) -> None:
    """The form, the page after it with the secret and a test that failed, and the list, also on a small screen."""
    site = visit.stage.site
    await site.service_log.open()
    async with receiving() as (origin, receivers):
        site.__dict__["destinations"] = Destinations((origin,), 5)
        receivers["one"].answers = [500]
        await visit.page.set_viewport_size({"width": 360, "height": 740})
        await visit.go("/subscriptions")
        found = await faults(visit, "/subscriptions")
        await visit.page.get_by_label("Name", exact=True).fill("Pager")
        await visit.page.get_by_label("Address", exact=True).fill(f"{origin}/one")
        await visit.page.get_by_role("button", name="Try it and subscribe").click()
        await visit.page.get_by_role("heading", name="The subscription is made").wait_for()
        found += await faults(visit, "/subscriptions made")
        await visit.go("/subscriptions")
        found += await faults(visit, "/subscriptions listed")
        width = await visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        await site.destinations.close()
    assert (found, width <= 0) == ([], True)


async def test_places_that_the_log_goes_to_are_accessible(visit: Visit) -> None:
    """With one that does well and one that does not; the way to what its trouble means is there."""
    site = visit.stage.site
    places = read_destinations(["https://siem.example.com/in#name=siem&reveal=yes", "syslog+tls://log.example.com"])
    # The site makes its own from its settings once it is asked for; nothing is sent from here.
    forwarding = site.__dict__["forwarding"] = Forwarding(places, site.store, site.privacy, site.now)
    now = site.now()
    forwarding._forwarders[1].trouble = Trouble("forwarding.unreachable", "answered 503", now, 3, now)
    await visit.go("/audit/forwarding")
    assert await faults(visit, "/audit/forwarding") == []
    await visit.page.click("text=answered 503")
    await visit.page.wait_for_url("**/help/errors/forwarding.unreachable")


async def test_pages_around_are_accessible(visit: Visit) -> None:
    """Lists, forms, the log, the help, the keys, connect links, forms with faults and error pages."""
    await visit.page.emulate_media(reduced_motion="reduce")
    id_ = await visit.stage.reach("credentials_saved.login_failed")
    paths = [*_AROUND, f"/i/{id_}/timeline", f"/i/{id_}/timeline?seq=3", f"/i/{id_}/login/finished"]
    paths += ["/audit?actor_kind=person&text=app", "/audit?type=none", f"/i/{id_}?as_of={visit.stage.site.now()}"]
    paths += [f"/i/{id_}/do/{event}" for event in ("credentials.saved", "account.saved", "disconnect.requested")]
    key = {"Authorization": f"Bearer {await visit.stage.key()}"}
    async with visit.stage.client.post(f"/api/integrations/{id_}/connect-links", json={}, headers=key) as made:
        paths += [f"/i/{id_}/links", urlsplit((await made.json())["url"]).path]
    found = []
    for path in paths:
        await visit.go(path)
        found += await faults(visit, path)
    assert found == []


async def test_keyboard_reaches_the_next_step(visit: Visit) -> None:
    """The skip link comes first and leads past the head; from there the step's form is reached by Tab alone."""
    id_ = await visit.stage.reach("app_registered.awaiting_credentials")
    await visit.go(f"/i/{id_}")
    await visit.page.keyboard.press("Tab")
    assert await visit.page.evaluate("document.activeElement.className") == "skip"
    await visit.page.keyboard.press("Enter")
    seen = []
    for _ in range(12):
        await visit.page.keyboard.press("Tab")
        seen.append(await visit.page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    order = ["consumer_key", "consumer_secret", "login_host", "Save Consumer Key and Secret"]
    assert [one for one in seen if one in order] == order
