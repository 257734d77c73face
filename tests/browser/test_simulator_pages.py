"""The pages of the simulated world against axe (WCAG 2.2 AA), and used by somebody without scripts."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from syncline_sim.app import Plan, Simulation
from syncline_sim.control_pages import PAGES
from syncline_sim.world import World

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest_asyncio.fixture(loop_scope="session")
async def simulation() -> AsyncIterator[Simulation]:
    """A world with something to show on every page."""
    world = World(seed=1)
    running = Simulation(world, Plan(leads=60, contacts=5))
    await running.start()
    running.faults.add({"side": "salesforce", "kind": "status", "match": "query"})
    running.faults.schedule({"side": "marketo", "kinds": {"reset": 0.5}})
    yield running
    await running.stop()
    world.close()


@pytest_asyncio.fixture(loop_scope="session", params=["light", "dark"])
async def page(request: pytest.FixtureRequest, chromium: Browser, simulation: Simulation) -> AsyncIterator[Page]:
    """A browser without scripts, wide in the light and small in the dark."""
    width = {"light": 1280, "dark": 360}[request.param]
    context = await chromium.new_context(
        base_url=simulation.world.urls["control"],
        viewport={"width": width, "height": 800},
        color_scheme=request.param,
    )
    yield await context.new_page()
    await context.close()


async def test_every_page_is_accessible(page: Page) -> None:
    """No fault, in the light and in the dark, wide and small; nothing is scrolled sideways but tables in themselves."""
    found = []
    for path in PAGES:
        await page.goto(path)
        report = await Axe().run(page, options=_RULES)
        found += [
            f"{path}: {each['id']}: {node['html'][:120]}"
            for each in report.response["violations"]
            for node in each["nodes"]
        ]
        width = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert width <= 0, f"{path} has to be scrolled sideways by {width}"
    assert found == []


async def test_a_person_sets_a_fault(page: Page) -> None:
    """By the labels of the form, and back by the button of its row; what was wrong is said in an alert."""
    await page.goto("/page/faults")
    await page.get_by_label("times", exact=True).fill("often")
    await page.get_by_role("button", name="Put it in the way").click()
    assert "times must be a whole number" in await page.get_by_role("alert").inner_text()
    await page.get_by_label("Kind", exact=True).first.select_option("garbage")
    await page.get_by_role("button", name="Put it in the way").click()
    await page.get_by_role("button", name="Remove fault number 3").click()
    assert await page.get_by_role("button", name="Remove fault number 3").count() == 0
    assert await page.get_by_role("button", name="Remove fault number 1").count() == 1
