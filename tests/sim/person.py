"""A person at a browser: opens pages of the simulated Salesforce and fills in its forms, over HTTP with cookies."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import aiohttp
from yarl import URL

from syncline_sim.app import Simulation

CALLBACK = "https://syncline.example/salesforce/getSfdcOAuthTokensRedirect"
VERIFIER = "v" * 171


def challenge(verifier: str = VERIFIER) -> str:
    """Answer the S256 challenge (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


@dataclass
class Page:
    """What the browser shows: a page, or the callback it was sent to."""

    url: URL
    status: int
    text: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The query of the address."""
        return dict(self.url.query)

    @property
    def title(self) -> str:
        """The heading."""
        found = re.search(r"<h1>(.*?)</h1>", self.text)
        return unescape(found[1]) if found else ""

    def form(self) -> tuple[str, dict[str, str]]:
        """Answer where the first form goes and its hidden fields."""
        action = re.search(r'<form method="post" action="([^"]+)"', self.text)
        assert action, self.text
        first = self.text.split("</form>")[0]
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', first)
        return unescape(action[1]), {name: unescape(value) for name, value in hidden}


@dataclass
class Person:
    """One browser."""

    simulation: Simulation
    http: aiohttp.ClientSession
    at: Page = field(default_factory=lambda: Page(URL(), 0))

    @property
    def salesforce(self) -> URL:
        """The origin of the simulated Salesforce."""
        return URL(self.simulation.world.urls["salesforce"])

    async def open(self, path: str, query: Mapping[str, str] | None = None) -> Page:
        """Open a page."""
        return await self._go("GET", self.salesforce.join(URL(path)).update_query(query or {}))

    async def send(self, **values: str) -> Page:
        """Send the form that is shown, with these fields filled in."""
        action, hidden = self.at.form()
        return await self._go("POST", self.salesforce.join(URL(action)), {**hidden, **values})

    async def authorize(self, app: Mapping[str, Any], **query: str) -> Page:
        """Follow an app's login button; a parameter that is empty is left out."""
        parameters = {
            "response_type": "code",
            "client_id": app["consumer_key"],
            "redirect_uri": CALLBACK,
            "state": "s-1",
            "code_challenge": challenge(),
            **query,
        }
        return await self.open("/services/oauth2/authorize", {k: v for k, v in parameters.items() if v})

    async def log_in(self, username: str = "sync@acme.example", password: str = "correct-horse-1") -> Page:
        """Fill in the login page, and the verification page when it comes."""
        await self.send(username=username, password=password)
        if self.at.url.path == "/verify":
            await self.send(code=self.code())
        return self.at

    def code(self) -> str:
        """Answer the code in the newest message."""
        found = self.simulation.world.db.execute("SELECT code FROM mail ORDER BY id DESC").fetchone()
        return str(found["code"])

    async def connect(self, app: Mapping[str, Any], **query: str) -> Page:
        """Log in and allow; the callback is shown at the end."""
        await self.authorize(app, **query)
        if self.at.url.path == "/login":
            await self.log_in()
        if self.at.url.path == "/approve":
            await self.send(decision="allow")
        return self.at

    async def token(self, app: Mapping[str, Any], **form: str) -> tuple[int, dict[str, Any]]:
        """Call the token endpoint as the app; a field that is empty is left out."""
        fields = {"client_id": app["consumer_key"], "client_secret": app["consumer_secret"], **form}
        sent = {name: value for name, value in fields.items() if value}
        async with self.http.post(self.salesforce / "services/oauth2/token", data=sent) as response:
            return response.status, await response.json()

    async def exchange(self, app: Mapping[str, Any], **form: str) -> tuple[int, dict[str, Any]]:
        """Spend the code that the callback brought."""
        fields = {"redirect_uri": CALLBACK, "code_verifier": VERIFIER, "code": self.at.query.get("code", "")}
        return await self.token(app, grant_type="authorization_code", **{**fields, **form})

    async def grant(self, app: Mapping[str, Any], **query: str) -> dict[str, Any]:
        """Log in, allow and answer the tokens."""
        await self.connect(app, **query)
        status, tokens = await self.exchange(app)
        assert status == 200, tokens
        return tokens

    async def refresh(self, app: Mapping[str, Any], token: str) -> tuple[int, dict[str, Any]]:
        """Spend a refresh token."""
        return await self.token(app, grant_type="refresh_token", refresh_token=token)

    async def get(self, path: str, token: str) -> tuple[int, str]:
        """Call an endpoint with an access token."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self.http.get(self.salesforce.join(URL(path)), headers=headers) as response:
            return response.status, await response.text()

    async def _go(self, method: str, url: URL, data: Mapping[str, str] | None = None) -> Page:
        for _ in range(10):
            async with self.http.request(method, url, data=data, allow_redirects=False) as response:
                if response.status != 302:
                    self.at = Page(url, response.status, await response.text())
                    return self.at
                url = url.join(URL(response.headers["Location"]))
            method, data = "GET", None
            if url.origin() != self.salesforce:
                self.at = Page(url, 0)
                return self.at
        raise AssertionError("the pages go round in circles")
