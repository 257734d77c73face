"""One Chromium for all tests, which therefore share an event loop; for each a fresh site and a signed-in profile."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright

from tests.web.pages.stage import Stage, build

_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find_chromium() -> str:
    """Answer where a Chromium is. One that is missing is a failure, not a reason to skip."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("the browser tests need a Chromium on PATH: apt-get install chromium", pytrace=False)
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=_ARGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A site with nothing in it."""
    made = await build(tmp_path)
    yield made
    await made.close()


@dataclass
class Visit:
    """Somebody with a browser, signed in, and what the browser complained about."""

    stage: Stage
    page: Page
    context: BrowserContext
    complaints: list[str]

    async def go(self, path: str) -> None:
        """Open a page of the site."""
        await self.page.goto(self.stage.origin + path)


@pytest.fixture
def javascript() -> bool:
    """Whether the browser runs scripts; a test may say no by parametrizing it."""
    return True


@pytest_asyncio.fixture(loop_scope="session")
async def visit(chromium: Browser, stage: Stage, javascript: bool) -> AsyncIterator[Visit]:  # noqa: FBT001  a fixture's name
    """A visit by an admin; it fails when the browser complains, as about the content security policy."""
    context = await chromium.new_context(
        viewport=ViewportSize(width=1280, height=900),
        java_script_enabled=javascript,
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{stage.origin}/sign-in")
    await page.fill("#key", await stage.key())
    await page.click("button.primary")
    await page.wait_for_url(f"{stage.origin}/")
    yield Visit(stage, page, context, complaints)
    await context.close()
    assert complaints == []
