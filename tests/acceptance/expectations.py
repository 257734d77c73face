"""What every failure path is held to: the state, what blocks it, what to do about it, and the row on the log."""

from typing import Any
from urllib.parse import urljoin

from syncline.cli.demo.browser import Browser, Page
from tests.acceptance.world import Json, World

SYNC_USER, OTHER_USER, USER_ELSEWHERE = "sync@acme.example", "dana@acme.example", "sync@globex.example"
PASSWORD = "correct-horse-1"


async def blocked(world: World, integration: str, state: str, code: str, *, by: str, remedy: str) -> Json:
    """Wait until an integration is stuck in a state, and hold what it says against what a person needs to know.

    `by` is the event that led there, `remedy` a part of the sentence that says what to do; answers the status.
    """
    found = await world.wait_for(integration, state)
    assert found["state"] == state
    blocker = found["blocked_by"]
    assert blocker is not None, f"nothing is said to block {state}"
    assert blocker["code"] == code, blocker
    assert blocker["meaning"], blocker
    assert remedy in blocker["remedy"], blocker
    assert blocker["remedy"].endswith("."), blocker
    assert any(step["primary"] and "person" in step["by"] for step in found["next"]), found["next"]
    row = await row_of(world, integration, found["why"]["seq"])
    assert (row["type"], row["disposition"], row["to"]) == (by, "transitioned", state)
    assert row["data"]["problem"] == code
    return found


async def row_of(world: World, integration: str, seq: int) -> Json:
    """Answer one row of the log."""
    return next(row for row in await world.log(integration) if row["seq"] == seq)


async def rows_of(world: World, integration: str, event: str) -> list[Json]:
    """Answer the rows of one type of event, the oldest first."""
    return [row for row in await world.log(integration) if row["type"] == event]


async def calls(world: World, side: str, operation: str) -> int:
    """Answer how often an operation of a side was called."""
    found = await world.control("GET", "/calls")
    return int(found[side]["operations"].get(operation, 0))


async def grants(world: World, username: str) -> list[Json]:
    """Answer the approvals of a user, the oldest first; `revoked` is empty while one is alive."""
    found = await world.control("GET", "/grants")
    return [grant for grant in found["grants"] if grant["username"] == username]


async def go_on(world: World, integration: str, event: str, state: str, **fields: Any) -> Json:  # noqa: ANN401  JSON
    """Send a command, and wait until an integration is in a state and nothing blocks it any more."""
    await world.send(integration, event, **fields)
    found = await world.wait_for(integration, state)
    assert found["blocked_by"] is None, found["blocked_by"]
    return found


async def approach(world: World, url: str, browser: Browser) -> Page:
    """Go to an authorization address as the sync user, as far as the approval page."""
    page = await browser.open(url)
    page = await browser.submit(page, "/login", username=SYNC_USER, password=PASSWORD)
    if any(form.action.startswith("/verify") for form in page.forms):
        page = await browser.submit(page, "/verify", code=await world.mail())
    return page


async def decide(page: Page, browser: Browser, decision: str = "allow") -> str:
    """Answer an approval page, but do not go where it leads; answers the address of the callback."""
    form = page.form("/approve")
    given = {**form.fields, "decision": decision}
    async with browser.http.post(urljoin(page.url, form.action), data=given, allow_redirects=False) as response:
        return response.headers["Location"]
