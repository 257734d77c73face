"""The pages of hooks and of the inbox, in a browser, against axe (WCAG 2.2 AA), also on a small screen."""

import pytest

from tests.browser.conftest import Visit
from tests.browser.test_accessibility import faults

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_hooks_and_inbox_are_accessible(visit: Visit) -> None:
    """Empty and filled: an address is made, something is turned away at it, and the inbox has it."""
    id_ = await visit.stage.reach("credentials_saved.ready")
    await visit.page.emulate_media(reduced_motion="reduce")
    await visit.page.set_viewport_size({"width": 360, "height": 740})
    await visit.go("/inbox")
    found = await faults(visit, "/inbox empty")
    await visit.go(f"/i/{id_}")
    await visit.page.get_by_role("link", name="Hooks and their secrets").click()
    await visit.page.wait_for_url(f"**/i/{id_}/hooks")
    found += await faults(visit, "/i/{id}/hooks")
    await visit.page.get_by_role("button", name="Make the address of marketo").click()
    await visit.page.get_by_role("heading", name="The new secret of marketo").wait_for()
    found += await faults(visit, "/i/{id}/hooks made")
    width = await visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    async with visit.stage.client.post(f"/hooks/{id_}/events", data=b"{}") as refused:
        assert refused.status == 401
    await visit.go("/inbox")
    await visit.page.get_by_text("bad signature", exact=True).first.wait_for(state="attached")
    found += await faults(visit, "/inbox")
    widths = (width, await visit.page.evaluate("document.documentElement.scrollWidth - innerWidth"))
    assert found == []
    assert max(widths) <= 0, widths
