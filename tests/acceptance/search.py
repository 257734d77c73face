"""What the canary test looks for, and every place where it looks: files, pages for people and programs, the stream."""

import contextlib
import re
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
from aiohttp import web

from syncline.web import pages
from syncline.web.api import API
from tests.acceptance.world import World

#: GET routes that no table of ours lists: those for platforms, and the description of the API.
_OTHER_ROUTES = ("/livez", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json")
#: What a route has to be asked with, and whose `id` a route means when it is not an integration's.
_QUERIES = {"/api/audit/consistency": "?old=1&new=2"}
_SUBSCRIPTIONS = ("/api/subscriptions/", "/subscriptions/")
FILES = "/static/{name}"
LINK = "/connect/{text}"
STREAM = "/i/{id}/stream"


@dataclass
class Search:
    """What is looked for, and where."""

    world: World
    simulated: Path
    secrets: dict[str, str] = field(default_factory=dict)
    challenges: dict[str, str] = field(default_factory=dict)
    places: dict[str, bytes] = field(default_factory=dict)

    def plant(self, **named: str) -> None:
        """Remember secrets by their names."""
        self.secrets.update(named)

    def simulated_secrets(self, table: str, column: str) -> list[str]:
        """Answer the secrets of one kind that the simulated world gave out, the oldest first."""
        with contextlib.closing(sqlite3.connect(self.simulated)) as db:
            rows = db.execute(f"SELECT {column} FROM {table} ORDER BY rowid").fetchall()  # noqa: S608  names from here
        return [str(value) for (value,) in rows]

    def learn(self) -> None:
        """Take over all codes and tokens that the simulated world has ever given out."""
        for table, column in (
            ("salesforce_codes", "code"),
            ("salesforce_access_tokens", "token"),
            ("salesforce_refresh_tokens", "token"),
            ("marketo_tokens", "token"),
        ):
            found = self.simulated_secrets(table, column)
            assert found, f"{table} is empty"
            self.plant(**{f"{table} {number}": value for number, value in enumerate(found)})

    async def start_login(self, integration: str) -> str:
        """Start a login and remember what is secret about it; answers where the browser goes."""
        url = str((await self.world.send(integration, "login.started"))["authorize_url"])
        query = parse_qs(urlsplit(url).query)
        number = len(self.challenges)
        self.plant(**{f"state {number}": query["state"][0]})
        self.challenges[f"login {number}"] = query["code_challenge"][0]
        for cookie in self.world.browser.http.cookie_jar:
            if cookie.key.startswith("__Host-syncline-login-"):
                self.plant(**{cookie.key: cookie.value.partition(".")[0]})
        return url

    async def look(self, when: str, *paths: str) -> None:
        """Fetch pages as a browser that is signed in and as an API client, and keep what they say."""
        key = {"Authorization": f"Bearer {self.world.key}"}
        for path in paths:
            for who, headers in (("browser", {"Accept": "text/html"}), ("client", key)):
                async with self.world.browser.http.get(f"{self.world.url}{path}", headers=headers) as response:
                    told = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
                    body = await response.read()
                    # Otherwise a page may have been taken for another, such as the one to sign in with.
                    assert (response.status, response.url.path) == (
                        404 if "no.such" in path else 200,
                        path.split("?")[0],
                    )
                    self.places[f"{path} for a {who} when {when}"] = told.encode() + b"\n\n" + body

    async def visit_by_link(self, integration: str) -> None:
        """Make a connect link, look at it, redeem it, go on by its cookie, and try it again; keep what is said."""
        made = await self.world.api("POST", f"/api/integrations/{integration}/connect-links", {})
        self.plant(connect_link=made["url"].split("_")[-2])
        page, cookie = f"{self.world.url}/i/{integration}", ""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            for what, method, url, status in (
                ("look", "GET", made["url"], 200),
                ("use", "POST", made["url"], 303),
                ("go on", "GET", page, 200),
                ("look again", "GET", made["url"], 303),
                ("use again", "POST", made["url"], 410),
                ("forge", "POST", f"{made['url']}x", 404),
            ):
                headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin", "Cookie": cookie}
                async with http.request(method, url, headers=headers, allow_redirects=False) as response:
                    assert response.status == status, what
                    if "Set-Cookie" in response.headers:
                        cookie = response.headers["Set-Cookie"].partition(";")[0]
                        self.plant(guest_cookie=cookie.partition("=")[2])
                    told = [f"{name}: {value}" for name, value in response.headers.items() if name != "Set-Cookie"]
                    self.places[f"a connect link: {what}"] = "\n".join(told).encode() + await response.read()

    async def follow(self, integration: str) -> None:
        """Read the first words of the live stream."""
        url = f"{self.world.url}/i/{integration}/stream"
        async with self.world.browser.http.get(url) as response:
            assert response.status == 200
            self.places["the stream"] = await response.content.readuntil(b"\r\n\r\n")


def routes() -> list[str]:
    """Answer the template of every GET route."""
    app = web.Application()
    pages.add_routes(app)
    drawn = [resource.canonical for resource in app.router.resources() if _has_get(resource)]
    return sorted({*drawn, *_OTHER_ROUTES, *(route.path for route in API.routes if route.method == "GET")})


def _has_get(resource: object) -> bool:
    return any(route.method == "GET" for route in resource) if isinstance(resource, web.Resource) else False


def filled(template: str, integration: str, subscription: str) -> list[str]:
    """Answer the addresses of a route; a placeholder that nobody has thought of fails the test."""
    values = {
        "id": [subscription if template.startswith(_SUBSCRIPTIONS) else integration],
        "event": ["disconnect.requested", "credentials.saved", "account.saved"],
        "seq": ["1", "3", "8"],
        "code": ["salesforce.wrong_secret", "no.such_code"],
    }
    found = [template + _QUERIES.get(template, "")]
    for name in re.findall(r"{(\w+)", template):
        found = [re.sub(rf"{{{name}[^}}]*}}+", value, path) for path in found for value in values[name]]
    return found
