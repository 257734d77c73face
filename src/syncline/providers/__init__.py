"""The systems we talk to. This is the table that lists them, and the only place that names both sides."""

import aiohttp

from syncline.config import Settings
from syncline.providers.marketo.target import Marketo
from syncline.providers.port import Providers
from syncline.providers.salesforce.source import Salesforce
from syncline.wire import Wire


def connect(http: aiohttp.ClientSession, settings: Settings, streams: aiohttp.ClientSession | None = None) -> Providers:
    """Make both sides over one client session, and a second one for connections on which somebody listens."""
    wire, listening = (Wire(session, settings.http_timeout) for session in (http, streams or http))
    return Providers(source=Salesforce(wire, settings, listening), target=Marketo(wire, settings))
