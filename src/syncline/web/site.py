"""What every door is given: the engine, the store, the vault, the providers, and what the doors share."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from aiohttp import web

from syncline.checkpoints.keys import SigningKeys
from syncline.checkpoints.places import Place
from syncline.checkpoints.signing import Checkpoints
from syncline.config import CALLBACK_PATH, Settings
from syncline.core.catalogue import CATALOGUE
from syncline.destinations import Destinations
from syncline.engine import Engine
from syncline.errors import Problem
from syncline.forwarding import Forwarding
from syncline.forwarding.destination import read_destinations
from syncline.privacy import Privacy
from syncline.providers.port import Providers
from syncline.rotation import Rotation
from syncline.service_log import ServiceLog
from syncline.store.index import SearchIndex
from syncline.store.transaction import Store
from syncline.vault import Vault
from syncline.web.hook_keys import HookKeys
from syncline.web.in_flight import InFlight
from syncline.web.inbox import Inbox
from syncline.web.metrics import Metrics
from syncline.web.opened_hooks import OpenedHooks
from syncline.web.refusals import Refusals
from syncline.web.sessions import Sessions
from syncline.web.sign_ins import Bearers, SignIns


def now() -> int:
    """Answer the time in microseconds since the epoch."""
    return time.time_ns() // 1000


@dataclass(frozen=True)
class Site:
    """Everything a door may reach; made once by the composition root."""

    engine: Engine
    store: Store
    vault: Vault
    privacy: Privacy
    service_log: ServiceLog
    rotation: Rotation
    providers: Providers
    settings: Settings
    #: The origin that browsers and senders of hooks use, without a slash at the end; never taken from a request.
    public_url: str
    now: Callable[[], int] = now
    #: What the log is searched by; None: by looking through it.
    index: SearchIndex | None = None
    #: Where checkpoints are taken to.
    places: tuple[Place, ...] = ()
    #: Set when the service begins to stop: readiness goes 503 and streams end.
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    metrics: Metrics = field(default_factory=Metrics)
    hook_keys: HookKeys = field(default_factory=HookKeys)
    in_flight: InFlight = field(default_factory=InFlight)
    sessions: Sessions = field(default_factory=Sessions)
    sign_ins: SignIns = field(default_factory=SignIns)
    bearers: Bearers = field(default_factory=Bearers)
    opened_hooks: OpenedHooks = field(default_factory=OpenedHooks)

    @property
    def redirect_uri(self) -> str:
        """The address that logins come back to, as it has to be registered at the source byte for byte."""
        return self.public_url + CALLBACK_PATH

    @cached_property
    def checkpoints(self) -> Checkpoints:
        """What signs checkpoints of the log."""
        keys = SigningKeys(self.store, self.vault, self.service_log, self.now, self.settings.checkpoint_origin)
        return Checkpoints(self.store, keys, self.service_log, self.settings, list(self.places), self.now)

    @cached_property
    def inbox(self) -> Inbox:
        """What was turned away at the doors."""
        return Inbox(self.store, self.vault, self.settings, self.now)

    @cached_property
    def refusals(self) -> Refusals:
        """What writes down whom the doors have refused."""
        return Refusals(self.engine.handle, self.now)

    @cached_property
    def forwarding(self) -> Forwarding:
        """What takes the log to other systems; raises `ConfigurationError` when they are named wrongly."""
        return Forwarding(read_destinations(self.settings.audit_forward), self.store, self.privacy, self.now)

    @cached_property
    def destinations(self) -> Destinations:
        """What calls the addresses of subscribers."""
        return Destinations(self.settings.allow_destinations, self.settings.delivery_timeout)

    @cached_property
    def catalogue(self) -> Mapping[str, Problem]:
        """The whole error catalogue: our own codes and those of both providers."""
        return {**CATALOGUE, **self.providers.source.problems, **self.providers.target.problems}

    def title(self, text: str) -> str:
        """Put the names of the two providers into a text of the core (`{source}`, `{target}`)."""
        return text.replace("{source}", self.providers.source.title).replace("{target}", self.providers.target.title)


SITE = web.AppKey("site", Site)
