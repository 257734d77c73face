"""The systems we talk to. This is the table that lists them, and the only place that names both sides."""

import aiohttp

from syncline.config import Settings
from syncline.providers.marketo.target import Marketo
from syncline.providers.port import Providers
from syncline.providers.salesforce.source import Salesforce
from syncline.wire import Wire


def connect(http: aiohttp.ClientSession, settings: Settings) -> Providers:
    """Make both sides over one client session."""
    wire = Wire(http, settings.http_timeout)
    return Providers(source=Salesforce(wire, settings), target=Marketo(wire, settings))
