"""What the tests of connect links share: somebody with nothing but a link, in a browser of their own."""

import html
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
from aiohttp.test_utils import TestClient

from syncline.config import CALLBACK_PATH
from tests.web.doors import Answer, Doors

FORM = {
    "Sec-Fetch-Site": "same-origin",
    "Accept": "text/html",
    "Content-Type": "application/x-www-form-urlencoded",
}


@dataclass
class Visit:
    """A browser, and what it was given."""

    doors: Doors

    async def open(self, path: str, **headers: str) -> Answer:
        """Go to a page."""
        return await self.doors.ask("GET", path, role=None, headers={"Accept": "text/html", **headers})

    async def press(self, path: str, **fields: str) -> Answer:
        """Send a form."""
        return await self.doors.ask("POST", path, role=None, headers=FORM, data=urlencode(fields).encode())

    async def command(self, integration: str, event: str, **fields: str) -> Answer:
        """Press the button of a command on the integration's page."""
        return await self.press(f"/i/{integration}", event=event, **fields)


@asynccontextmanager
async def browser(doors: Doors) -> AsyncIterator[Visit]:
    """Open another browser, without any cookie."""
    server = doors.client.server
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=server.make_url("/").origin())
    client: TestClient[Any, Any] = TestClient(server, cookie_jar=jar)
    try:
        yield Visit(replace(doors, client=client))
    finally:
        await client.session.close()


async def made(doors: Doors, integration: str, **body: object) -> Mapping[str, Any]:
    """Make a link as the operator; answers what the API said, with the `path` of its address."""
    path = f"/api/integrations/{integration}/connect-links"
    answer = await doors.ask("POST", path, role="operator", body=body)
    assert answer.status == 201, answer.text
    return {**answer.json, "path": urlsplit(answer.json["url"]).path}


async def guest(doors: Doors, visit: Visit, integration: str) -> Mapping[str, Any]:
    """Make a link and redeem it in a browser; answers the link."""
    link = await made(doors, integration)
    answer = await visit.press(link["path"])
    assert (answer.status, answer.headers["Location"]) == (303, f"/i/{integration}"), answer.text
    return link


async def start_login(visit: Visit, integration: str) -> str:
    """Press the button of the login; answers the state that the browser is sent away with."""
    leaving = await visit.press(f"/i/{integration}/login")
    assert leaving.status == 200, leaving.text
    found = re.search(r'content="0;url=([^"]+)"', leaving.text)
    assert found is not None, leaving.text
    return parse_qs(urlsplit(html.unescape(found[1])).query)["state"][0]


async def come_back(visit: Visit, state: str) -> Answer:
    """Arrive at the callback as the source sends a browser."""
    return await visit.open(f"{CALLBACK_PATH}?{urlencode({'state': state, 'code': 'canary-code'})}")


async def authorized(visit: Visit, integration: str) -> None:
    """Log in, and let the exchange and the checks go well."""
    answer = await come_back(visit, await start_login(visit, integration))
    assert (answer.status, answer.headers["Location"]) == (303, f"/i/{integration}"), answer.text
    await visit.doors.push(integration, "code.exchanged", org_id="00D1", user_id="0051", generation=1, scopes=[])
    await visit.doors.push(integration, "checks.passed")


async def standings(doors: Doors, integration: str) -> list[str]:
    """Answer how the links of an integration stand."""
    answer = await doors.ask("GET", f"/api/integrations/{integration}/connect-links", role="auditor")
    return [item["standing"] for item in answer.json["items"]]


async def tried(doors: Doors, integration: str) -> list[tuple[str, str, str]]:
    """Answer what the log says about links: type, disposition and why."""
    rows = [row.row for row in await doors.rows(integration)]
    return [(row.type, row.disposition, row.data.get("refused_as", "")) for row in rows if row.type.startswith("link.")]
