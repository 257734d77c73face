"""The admin of the demo: does by HTTP what a person does in a browser, screen by screen, up to a running sync."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from syncline.cli.client import Client
from syncline.cli.demo.browser import Browser, Page
from syncline.cli.demo.processes import Simulation

_POLL_SECONDS = 0.15
_PATIENCE_SECONDS = 120.0
_APP = {"name": "Syncline", "contact_email": "admin@example.com"}


class StuckError(Exception):
    """An integration did not get where it should; the text says where it is and what blocks it."""


Watcher = Callable[[dict[str, Any], list[dict[str, Any]]], None]


class Admin:
    """Somebody with a key, a browser, and two systems to connect."""

    def __init__(self, client: Client, browser: Browser, world: Simulation, watcher: Watcher) -> None:
        """Take the tools; `watcher` is told the status and the new rows of the log whenever it is looked at."""
        self._client = client
        self._browser = browser
        self._world = world
        self._watcher = watcher
        self._seen = 0  #: the position of the last row of the log that was seen
        #: All rows of the log, as the API answers them.
        self.log: list[dict[str, Any]] = []

    async def create(self, name: str) -> dict[str, Any]:
        """Create an integration of the two simulated sides."""
        world = self._world
        account = {"url": world.marketo, "client_id": world.client_id, "client_secret": world.client_secret}
        body = {"name": name, "source": {"login_host": world.salesforce}, "target": account}
        created: dict[str, Any] = await self._client.post("/api/integrations", body)
        return created

    async def connect(self, integration: str) -> dict[str, Any]:
        """Take an integration from `unconfigured` to `syncing`; answers its status after the initial sync."""
        key, secret = await self.register_app(await self._look(integration))
        await self.send(integration, "app.registered")
        await self.send(integration, "credentials.saved", consumer_key=key, consumer_secret=secret)
        await self.arrive(integration, "credentials_saved.ready")
        await self.log_in(integration)
        found = await self.arrive(integration, "authorized.awaiting_confirmation")
        identity = found["source"]["identity"]
        await self.send(integration, "connection.confirmed", org_id=identity["org_id"], user_id=identity["user_id"])
        await self.arrive(integration, "verified.awaiting_field_sync")
        await self.send(integration, "field_sync.requested")
        await self.arrive(integration, "fields_synced.mapping_open")
        await self.send(integration, "sync.start_requested")
        return await self.arrive(integration, "syncing.waiting")

    async def register_app(self, status: dict[str, Any]) -> tuple[str, str]:
        """Register the app in the source's set-up pages, and read the code from the mailbox; answers key and secret."""
        page = await self._browser.open(f"{self._world.salesforce}/setup/new")
        page = await self._browser.submit(page, "/setup", callback_url=status["source"]["redirect_uri"], **_APP)
        if page.forms:
            page = await self._browser.submit(page, "/setup/apps/", code=await self._read_mail())
        return page.output("consumer_key"), page.output("consumer_secret")

    async def log_in(self, integration: str, *, decision: str = "allow") -> Page:
        """Start a login, log in, type the code from the mailbox, allow; answers the page the browser ends on."""
        answer = await self.send(integration, "login.started")
        page = await self._browser.open(answer["authorize_url"])
        if any("/login" in form.action for form in page.forms):
            credentials = {"username": self._world.username, "password": self._world.password}
            page = await self._browser.submit(page, "/login", **credentials)
        if any("/verify" in form.action for form in page.forms):
            page = await self._browser.submit(page, "/verify", code=await self._read_mail())
        if any("/approve" in form.action for form in page.forms):
            page = await self._browser.submit(page, "/approve", decision=decision)
        return page

    async def send(self, integration: str, event: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
        """Send a command, as a button does."""
        path = f"/api/integrations/{integration}/events"
        answer: dict[str, Any] = await self._client.post(path, {"type": event, **fields})
        return answer

    async def arrive(self, integration: str, state: str) -> dict[str, Any]:
        """Wait until an integration is in a state; raises `StuckError` when it waits for a person elsewhere."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            found = await self._look(integration)
            if found["state"] == state:
                return found
            working = any(waiting["status"] in {"pending", "running"} for waiting in found["waiting_for"])
            if (found["blocked_by"] and not working) or time.monotonic() > deadline:
                raise StuckError(_stuck(found, state))
            await asyncio.sleep(_POLL_SECONDS)

    async def _look(self, integration: str) -> dict[str, Any]:
        """Read the status, then the log, so that the log is never behind the status."""
        found: dict[str, Any] = await self._client.get(f"/api/integrations/{integration}")
        rows: list[dict[str, Any]] = []
        after: int | None = self._seen
        while after is not None:
            page = await self._client.get(f"/api/integrations/{integration}/audit", after=after, limit=1000)
            rows.extend(page["items"])
            after = page["next"]
        if rows:
            self._seen = rows[-1]["position"]
            self.log.extend(rows)
        self._watcher(found, rows)
        return found

    async def _read_mail(self) -> str:
        page = await self._browser.open(f"{self._world.salesforce}/mailbox")
        if not page.outputs:
            raise StuckError("no verification code came to the mailbox")
        return page.outputs[0][1]


def _stuck(found: dict[str, Any], state: str) -> str:
    text = f"{found['name']} is in {found['state']} and did not get to {state}"
    if blocker := found["blocked_by"]:
        text += f": {blocker['code']}, {blocker['meaning']} {blocker['detail']} Remedy: {blocker['remedy']}"
    return text
