"""What acceptance tests stand on: the real programs, a person with a browser, and a hand on the simulated world.

Nothing here reaches behind a door: the service is started by its command line and used over HTTP, and so is the
simulated world. A test asks for the fixture `world` and says what a person does:

    integration = await world.create()
    await world.reach(integration, "syncing.waiting")
    await world.fault(side="salesforce", kind="status", match="query", status=503)
    await world.wait_for(integration, "syncing.sync_failed")
"""

import asyncio
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from syncline.cli.demo.browser import Browser, Page
from syncline.config import Settings
from tests.acceptance.processes import Fork, Program, Running, run

#: Short, so that a test sees in a second what takes minutes in life.
SETTINGS: dict[str, str | float] = {
    "cycle_interval": 0.5,
    "throttle_wait": 0.5,
    "failure_wait": 0.5,
    "effect_backoff": 0.05,
    "effect_attempts": 3,
    "http_timeout": 3,
    "look_back": 60,
    "lease": 5,
    # A test asks for it where it is about that: many count runs and calls.
    "follow_changes": "false",
    "target_rate": 500,
}
#: What loaded modules have read; whoever is to trust others has to be started anew.
_TRUSTED = os.environ.get("SSL_CERT_FILE")
_POLL_SECONDS = 0.05
_DEADLINE_SECONDS = 30.0

Json = dict[str, Any]


class World:
    """One service with fresh data, the simulated world, and a person who can get into both."""

    def __init__(self, simulation: Running, folder: Path, settings: Mapping[str, str | float]) -> None:
        """Take a running simulated world and a folder for the data; nothing is started yet."""
        self.sim: Json = simulation.facts
        self.folder = folder
        self.data = folder / "data"
        self.settings = {**SETTINGS, **settings}
        self.url = ""
        self.key = ""
        self.service: Running
        self.browser: Browser
        self._port = 0

    async def __aenter__(self) -> Self:
        """Start the service and open a browser."""
        await self.start()
        self.browser = await Browser(self.salesforce, self.url).__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the browser and stop the service."""
        await self.browser.__aexit__(kind, error, trace)
        await self.stop()

    @property
    def salesforce(self) -> str:
        """The origin of the simulated Salesforce."""
        return str(self.sim["salesforce"])

    @property
    def marketo(self) -> str:
        """The origin of the simulated Marketo."""
        return str(self.sim["marketo"])

    @property
    def allowed(self) -> tuple[str, ...]:
        """The origins that the operator allows."""
        return self.salesforce, self.marketo

    # -- the service's process

    async def start(self, **settings: str | float) -> None:
        """Start the service on its data, at the address it had before; further settings stay."""
        self.settings.update(settings)
        # The service overlooks what it does not know, and the test would be about something else than it says.
        assert set(self.settings) <= set(Settings.model_fields), self.settings
        environment = {f"SYNCLINE_{name.upper()}": str(value) for name, value in self.settings.items()}
        environment["SYNCLINE_ALLOW_HOSTS"] = " ".join(self.allowed)
        arguments = ("syncline", "serve", "--json", "--data", str(self.data), "--port", str(self._port))
        kind: type[Program | Fork] = Fork if os.environ.get("SSL_CERT_FILE") == _TRUSTED else Program
        self.service = await asyncio.to_thread(kind, *arguments, log=self.folder / "service.log", settings=environment)
        self.url = str(self.service.facts["public_url"])
        self._port = int(self.url.rpartition(":")[2])
        self.key = self.service.facts["admin_key"] or self.key

    async def stop(self) -> int:
        """Stop the service in order; answers its exit code."""
        return await asyncio.to_thread(self.service.stop)

    async def kill(self) -> None:
        """End the service as a power cut would."""
        await asyncio.to_thread(self.service.kill)

    # -- the service's doors

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Call the API with the admin's key; answers the status and the document."""
        given = {"Authorization": f"Bearer {self.key}", **headers}
        async with self.browser.http.request(
            method, f"{self.url}{path}", json=body, headers=given, allow_redirects=False
        ) as response:
            document = await response.json(content_type=None) if await response.read() else None
            return response.status, document

    async def api(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  JSON
        """Call the API and expect it to be content; answers the document."""
        status, document = await self.call(method, path, body)
        assert status < 400, f"{method} {path} answered {status}: {document}"
        return document

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Run `syncline` with the service's address, the admin's key and the data; answers exit code and output.

        What it says on standard error is in `commands.log`.
        """
        known = {"SYNCLINE_URL": self.url, "SYNCLINE_KEY": self.key, "SYNCLINE_DATA": str(self.data)}
        log = self.folder / "commands.log"
        return await asyncio.to_thread(run, "syncline", *arguments, log=log, environment=known)

    async def create(self, name: str = "Acme", **target: str) -> str:
        """Create an integration of the two simulated sides; answers its id."""
        account = {"url": self.marketo, **self.sim["marketo_client"], **target}
        body = {"name": name, "source": {"login_host": self.salesforce}, "target": account}
        return str((await self.api("POST", "/api/integrations", body))["id"])

    async def status(self, integration: str) -> Json:
        """Answer the status of an integration."""
        found: Json = await self.api("GET", f"/api/integrations/{integration}")
        return found

    async def log(self, integration: str) -> list[Json]:
        """Answer the whole log of an integration, the oldest row first."""
        rows: list[Json] = []
        after: int | None = 0
        while after is not None:
            page = await self.api("GET", f"/api/integrations/{integration}/audit?limit=1000&after={after}")
            rows.extend(page["items"])
            after = page["next"]
        return rows

    async def send(self, integration: str, event: str, **fields: Any) -> Json:  # noqa: ANN401  JSON
        """Send a command and expect it to be accepted."""
        body = {"type": event, **fields}
        answer: Json = await self.api("POST", f"/api/integrations/{integration}/events", body)
        return answer

    async def refuse(self, integration: str, event: str, **fields: Any) -> Json:  # noqa: ANN401  JSON
        """Send a command and expect it to be refused; answers the problem document."""
        status, document = await self.call("POST", f"/api/integrations/{integration}/events", {"type": event, **fields})
        assert status >= 400, f"{event} was accepted: {document}"
        return dict(document)

    async def wait_for(self, integration: str, *states: str, deadline: float = _DEADLINE_SECONDS) -> Json:
        """Wait until an integration is in one of the states (or below it); answers its status."""
        end = time.monotonic() + deadline
        while True:
            found = await self.status(integration)
            if any(found["state"] == state or found["state"].startswith(f"{state}.") for state in states):
                return found
            if time.monotonic() > end:
                blocker = found["blocked_by"] and found["blocked_by"]["code"]
                rows = [f"{row['seq']} {row['type']} {row['disposition']}" for row in await self.log(integration)]
                raise AssertionError(
                    f"in {found['state']} instead of {' or '.join(states)} after {deadline} s; blocked by {blocker}, "
                    f"waits for {found['waiting_for']}, log ends with {rows[-8:]}"
                )
            await asyncio.sleep(_POLL_SECONDS)

    # -- the person

    async def register_app(self, integration: str, **settings: Any) -> tuple[str, str]:  # noqa: ANN401
        """Register an app for an integration, at once; answers Consumer Key and Secret."""
        callback = (await self.status(integration))["source"]["redirect_uri"]
        app = await self.control("POST", "/apps", callback_url=callback, **settings)
        return app["consumer_key"], app["consumer_secret"]

    async def login(self, integration: str, *, decision: str = "allow", username: str = "", password: str = "") -> Page:
        """Start a login, log in, type the code from the mailbox, allow or deny; answers the page it ends on."""
        answer = await self.send(integration, "login.started")
        return await self.visit(answer["authorize_url"], decision=decision, username=username, password=password)

    async def visit(self, url: str, *, decision: str = "allow", username: str = "", password: str = "") -> Page:
        """Go to an authorization address and answer every form on the way back."""
        user = self.sim["user"]
        page = await self.browser.open(url)
        if _asks(page, "/login"):
            given = {"username": username or user["username"], "password": password or user["password"]}
            page = await self.browser.submit(page, "/login", **given)
        if _asks(page, "/verify"):
            page = await self.browser.submit(page, "/verify", code=await self.mail())
        if _asks(page, "/approve"):
            page = await self.browser.submit(page, "/approve", decision=decision)
        return page

    async def new_browser(self) -> None:
        """Go on with a browser that nobody has logged in with."""
        await self.browser.__aexit__(None, None, None)
        self.browser = await Browser(self.salesforce, self.url).__aenter__()

    async def mail(self) -> str:
        """Answer the newest code in the mailbox."""
        found = await self.control("GET", "/mailbox")
        return str(found["messages"][0]["code"])

    async def reach(self, integration: str, state: str, *, deadline: float = _DEADLINE_SECONDS) -> Json:
        """Take a new integration along the main path until it is in a state; answers its status."""
        while True:
            found = await self.wait_for(integration, state, *_STEPS, deadline=deadline)
            if found["state"] == state:
                return found
            await _STEPS[found["state"]](self, integration, found)

    # -- the hand on the simulated world

    async def control(self, method: str, path: str, **body: Any) -> Any:  # noqa: ANN401  JSON
        """Call the control door."""
        url = f"{self.sim['control']}{path}"
        async with aiohttp.ClientSession() as http, http.request(method, url, json=body or None) as response:
            assert response.status < 400, f"{method} {path} answered {response.status}: {await response.text()}"
            return await response.json(content_type=None)

    async def fault(self, **what: Any) -> None:  # noqa: ANN401
        """Make something go wrong (`side`, `kind`, `match`, `times` …)."""
        await self.control("POST", "/faults", **what)

    async def mend(self) -> None:
        """Let nothing go wrong any more."""
        await self.control("DELETE", "/faults")

    async def switch(self, side: str, **values: Any) -> None:  # noqa: ANN401
        """Set switches of one side."""
        await self.control("POST", "/switches", side=side, **values)

    async def people(self) -> int:
        """Answer how many people have arrived at the target."""
        return int((await self.control("GET", "/marketo/digest"))["count"])


def _asks(page: Page, action: str) -> bool:
    return any(form.action.startswith(action) for form in page.forms)


async def _register(world: World, integration: str, _: Json) -> None:
    await world.send(integration, "app.registered")


async def _save_credentials(world: World, integration: str, _: Json) -> None:
    key, secret = await world.register_app(integration)
    await world.send(integration, "credentials.saved", consumer_key=key, consumer_secret=secret)


async def _log_in(world: World, integration: str, _: Json) -> None:
    await world.login(integration)


async def _confirm(world: World, integration: str, found: Json) -> None:
    identity = found["source"]["identity"]
    await world.send(integration, "connection.confirmed", org_id=identity["org_id"], user_id=identity["user_id"])


async def _sync_fields(world: World, integration: str, _: Json) -> None:
    await world.send(integration, "field_sync.requested")


async def _start_sync(world: World, integration: str, _: Json) -> None:
    await world.send(integration, "sync.start_requested")


#: Where the main path waits for a person, and what the person does there.
_STEPS = {
    "unconfigured": _register,
    "app_registered.awaiting_credentials": _save_credentials,
    "credentials_saved.ready": _log_in,
    "authorized.awaiting_confirmation": _confirm,
    "verified.awaiting_field_sync": _sync_fields,
    "fields_synced.mapping_open": _start_sync,
}


def random_key() -> str:
    """Answer a fresh Idempotency-Key."""
    return secrets.token_hex(16)
