"""The doors of one world: the simulated Salesforce, the simulated Marketo, the control door, and the proxy."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_urldispatcher import UrlMappingMatchInfo

from syncline_sim import certificates, dates
from syncline_sim.calls import Calls
from syncline_sim.control import Control
from syncline_sim.dress import MARKETO, SALESFORCE, dress, show_lost
from syncline_sim.errands import Errands
from syncline_sim.faults.faults import Faults
from syncline_sim.letters import Letters
from syncline_sim.marketo import api_users
from syncline_sim.marketo import app as marketo
from syncline_sim.marketo.webhooks.calling import WebhookDesk
from syncline_sim.population import Population
from syncline_sim.proxy import HOSTS, Address, Proxy
from syncline_sim.salesforce import data, gate, identity, orgs, soap
from syncline_sim.salesforce.bulk import async_routes as async_bulk
from syncline_sim.salesforce.bulk import routes as bulk
from syncline_sim.salesforce.login_pages import LoginPages
from syncline_sim.salesforce.outbound.sending import OutboundDesk
from syncline_sim.salesforce.policy_pages import PolicyPages
from syncline_sim.salesforce.setup_pages import SetupPages
from syncline_sim.salesforce.streaming import door as streaming
from syncline_sim.salesforce.token_endpoint import TokenEndpoint
from syncline_sim.world import SIDES, World

#: How long a call that is still being answered may take when the world ends.
_GRACE = 0.1
_MEANT = web.RequestKey("meant", UrlMappingMatchInfo)
_MAX_BODY = 16 * 2**20
#: An address may be long enough that a vendor, not the web server, refuses it: Marketo at 8 KB, Salesforce at 16 KB.
_MAX_LINE = 2**20
#: Addresses to listen on that nobody can call.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - no address to listen on


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to listen, 0 for any free port, and how many records there are at first."""

    host: str = "127.0.0.1"
    public_host: str = ""  #: the name under which others reach it, when that is not `host`
    salesforce_port: int = 0
    marketo_port: int = 0
    control_port: int = 0
    leads: int = 200
    contacts: int = 200
    tls_dir: str = ""  #: where the CA certificate goes; empty: no HTTPS and no proxy
    salesforce_tls_port: int = 0
    marketo_tls_port: int = 0
    proxy_port: int = 0
    send_anywhere: bool = False  #: outbound messages and webhooks may go to other machines too


class Simulation:
    """One running world."""

    def __init__(self, world: World, plan: Plan) -> None:
        self.world = world
        self.calls = Calls(world)
        self.faults = Faults(world)
        self.population = Population(world)
        self._plan = plan
        self._runners: dict[str, web.AppRunner] = {}
        self._proxy: Proxy | None = None
        letters = Letters(anywhere=plan.send_anywhere)
        self._errands = Errands(world, letters, OutboundDesk(world), WebhookDesk(world))
        self._secured: dict[str, str] = {}

    async def start(self) -> None:
        """Begin to populate the world if it is empty and listen on all ports."""
        size = {"leads": self._plan.leads, "contacts": self._plan.contacts}
        self.population.begin(**size)
        control = Control(self.world, self.calls, self.faults, self.population, **size)
        doors = (
            ("salesforce", self._salesforce(), self._plan.salesforce_port),
            ("marketo", self._marketo(), self._plan.marketo_port),
            ("control", control.app(), self._plan.control_port),
        )
        for name, app, port in doors:
            dates.follow(app, self.world)
            self._runners[name] = await _prepared(app)
            self.world.urls[name] = f"http://{self._name}:{await self._listen(name, port)}"
        if self._plan.tls_dir:
            await self._secure()
        self._errands.start()

    async def stop(self) -> None:
        """Close the doors at once; who is still waiting for an answer gets none."""
        try:
            await self._errands.stop()
        finally:
            if self._proxy is not None:
                await self._proxy.stop()
            await asyncio.gather(*(runner.cleanup() for runner in self._runners.values()))
            self._runners.clear()
            await self.population.stop()

    def address(self) -> dict[str, Any]:
        """Answer where everything is and who may log in: what is printed when the world is ready."""
        user = orgs.all_users(self.world.db)[0]
        client = api_users.find(self.world.db, api_users.DEFAULT_CLIENT_ID)
        return {
            **self.world.urls,
            **self._secured,
            "user": {"username": user.username, "password": user.password},
            "marketo_client": {
                "client_id": client.client_id if client else "",
                "client_secret": client.client_secret if client else "",
            },
        }

    @property
    def _name(self) -> str:
        return self._plan.public_host or self._plan.host

    async def _secure(self) -> None:
        """Open the same doors for HTTPS, and the proxy that leads the vendors' host names to them."""
        plan, folder = self._plan, Path(self._plan.tls_dir)
        here = _EVERYWHERE.get(plan.host, plan.host)
        names = dict.fromkeys((here, self._name, "localhost", "127.0.0.1", "::1", *HOSTS))
        contexts = certificates.issue(names, folder, len(SIDES))
        doors: dict[str, Address] = {}
        ports = (plan.salesforce_tls_port, plan.marketo_tls_port)
        for side, wanted, context in zip(SIDES, ports, contexts, strict=True):
            context.sni_callback = self._greeting(side)
            port = await self._listen(side, wanted, context)
            self.world.urls[f"{side}_https"] = f"https://{self._name}:{port}"
            doors[side] = (here, port)
        self._proxy = Proxy(doors)
        port = await self._proxy.start(plan.host, plan.proxy_port)
        self._secured = {"proxy": f"http://{self._name}:{port}", "ca": str((folder / certificates.CA_FILE).resolve())}

    def _greeting(self, side: str) -> Callable[..., int | None]:
        """Answer what is asked at the beginning of every handshake, with or without a name; a number breaks it off."""
        return lambda *_: None if self.faults.greet(side) else ssl.ALERT_DESCRIPTION_INTERNAL_ERROR

    async def _listen(self, name: str, port: int, context: ssl.SSLContext | None = None) -> int:
        runner = self._runners[name]
        before = len(runner.addresses)
        await web.TCPSite(runner, self._plan.host, port, ssl_context=context).start()
        found: int = runner.addresses[before][1]
        return found

    def _salesforce(self) -> web.Application:
        middlewares = (
            show_lost,
            _resolve_slashes,
            self.calls.count("salesforce"),
            self.faults.inject("salesforce"),
            self.population.guard("salesforce"),
            gate.guard(self.world),
            _take_resolved,
        )
        app = web.Application(middlewares=middlewares, client_max_size=_MAX_BODY)
        app.on_response_prepare.append(dress(SALESFORCE))
        LoginPages(self.world).add_routes(app)
        SetupPages(self.world).add_routes(app)
        PolicyPages(self.world).add_routes(app)
        TokenEndpoint(self.world).add_routes(app)
        identity.add_routes(app, self.world)
        soap.add_routes(app, self.world)
        bulk.add_routes(app, self.world)
        async_bulk.add_routes(app, self.world)
        streaming.add_routes(app, self.world)
        data.add_routes(app, self.world)
        return app

    def _marketo(self) -> web.Application:
        middlewares = (self.calls.count("marketo"), self.faults.inject("marketo"))
        app = web.Application(middlewares=middlewares, client_max_size=_MAX_BODY)
        app.on_response_prepare.append(dress(MARKETO))
        marketo.add_routes(app, self.world)
        return app


async def _prepared(app: web.Application) -> web.AppRunner:
    # A call whose client has gone is not worked on any longer: it may be hanging on purpose.
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=_GRACE,
        handler_cancellation=True,
        max_line_size=_MAX_LINE,
        max_field_size=_MAX_LINE,
    )
    await runner.setup()
    return runner


@web.middleware
async def _resolve_slashes(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Read `//services/data` as it is meant: one of the vendor's own clients writes it so."""
    path = gate.plain_path(request)
    if path != request.path:
        meant = request.clone(rel_url=request.rel_url.with_path(path, keep_query=True))
        request[_MEANT] = await request.app.router.resolve(meant)
    return await handler(request)


@web.middleware
async def _take_resolved(request: web.Request, handler: Handler) -> web.StreamResponse:
    # Two steps, because a request can be cloned only before its body is read, and is handled only at the end.
    meant = request.get(_MEANT)
    if meant is None:
        return await handler(request)
    request.match_info.update(meant)
    response: web.StreamResponse = await meant.handler(request)
    return response
