"""The two parties of an integration as the ports want them: OAuth client at the source, API user at the target."""

from functools import partial

import msgspec
from pydantic import SecretStr

from syncline.core.documents import SETTINGS, SettingsDocument
from syncline.credentials import CLIENT_ID, CLIENT_SECRET, CONSUMER_KEY, CONSUMER_SECRET
from syncline.effects.lending import lend
from syncline.effects.tools import Tools
from syncline.effects.work import Errand
from syncline.errors import NotFoundError
from syncline.providers.port import Account, App
from syncline.store.integrations import documents


async def open_app(tools: Tools, errand: Errand) -> App:
    """Open the OAuth client of an integration; raises `NotFoundError` when it is not stored, and as `lend`."""
    settings = await _settings(tools, errand.integration)
    key, secret = await _both(tools, errand, CONSUMER_KEY, CONSUMER_SECRET)
    return App(settings.login_host, key, secret, tools.redirect_uri)


async def open_account(tools: Tools, errand: Errand) -> Account:
    """Open the API user of an integration; raises `NotFoundError` when it is not stored, and as `lend`."""
    settings = await _settings(tools, errand.integration)
    client_id, secret = await _both(tools, errand, CLIENT_ID, CLIENT_SECRET)
    return Account(settings.target_url, client_id, secret)


async def _settings(tools: Tools, integration: str) -> SettingsDocument:
    found = await tools.store.read(partial(documents, integration=integration))
    return msgspec.convert(found[SETTINGS], SettingsDocument)


async def _both(tools: Tools, errand: Errand, first: str, second: str) -> tuple[SecretStr, SecretStr]:
    secrets = await lend(tools, errand, first, second)
    for field in (first, second):
        if field not in secrets:
            raise NotFoundError("secret.unknown", f"{field} is not stored")
    return secrets[first], secrets[second]
