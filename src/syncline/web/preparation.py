"""What a command comes with: its plain fields as data, its secrets sealed, its addresses checked by the providers."""

from dataclasses import dataclass
from typing import Any

import msgspec
from pydantic import SecretStr

from syncline import credentials
from syncline.core import documents
from syncline.core.brought import Brought, Document, Erasure, LentSecret
from syncline.core.documents import MappingDocument, PreviewDocument, SettingsDocument
from syncline.errors import InputError, NotFoundError
from syncline.providers.port import App
from syncline.store import integrations, secrets
from syncline.store.secrets import SealedRow
from syncline.store.transaction import Transaction
from syncline.vault import Safe
from syncline.web import logins
from syncline.web.access import Who
from syncline.web.asked import (
    AccountSaved,
    Command,
    ConnectionConfirmed,
    CredentialsSaved,
    FieldSyncRequested,
    LoginStarted,
    MappingSaved,
)
from syncline.web.site import Site


@dataclass(frozen=True, slots=True)
class Prepared:
    """A command, ready to become an event."""

    data: dict[str, Any]
    brings: tuple[Brought, ...] = ()
    login: logins.Login | None = None
    authorize_url: str | None = None


#: What a command erases at once. A disconnection keeps what it takes to revoke the tokens, and the tokens, until that
#: is done.
_ERASED_BY: dict[str, tuple[Brought, ...]] = {
    "erasure.requested": (Erasure(),),
    "revocation.given_up": (Erasure((credentials.ACCESS_TOKEN, credentials.REFRESH_TOKEN)),),
    "disconnect.requested": (
        Erasure((credentials.CLIENT_ID, credentials.CLIENT_SECRET, credentials.CODE, credentials.VERIFIER)),
    ),
}


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is stored of the integration that a command is for; no safe when its secrets are erased."""

    settings: SettingsDocument
    preview: PreviewDocument | None
    safe: Safe | None
    #: Still sealed: only a login needs it.
    consumer_key: SealedRow | None


def find_holdings(tx: Transaction, *, site: Site, integration: str) -> Holdings:
    """Read what commands are prepared with; raises `NotFoundError`."""
    integrations.integration(tx, id=integration)
    stored = integrations.documents(tx, integration=integration)
    safe, key = None, None
    try:
        safe = site.vault.open_safe(integration, secrets.data_key(tx, integration=integration))
    except NotFoundError:
        pass  # Erased; the chart will say what that means for the command.
    else:
        key = secrets.sealed(tx, integration=integration).get(credentials.CONSUMER_KEY)
    preview = stored.get(documents.PREVIEW)
    return Holdings(
        msgspec.convert(stored[documents.SETTINGS], SettingsDocument),
        msgspec.convert(preview, PreviewDocument) if preview else None,
        safe,
        key,
    )


def prepare(site: Site, who: Who, has: Holdings, command: Command) -> Prepared:
    """Prepare a command; raises `InputError` for what a provider or the mapping does not allow."""
    match command:
        case CredentialsSaved():
            return _credentials(site, has, command)
        case AccountSaved():
            return _account(site, has, command)
        case LoginStarted():
            return _login(site, who, has)
        case MappingSaved():
            return _mapping(site, has, command)
        case ConnectionConfirmed() | FieldSyncRequested():
            return Prepared(command.model_dump(mode="json", exclude={"type"}, exclude_defaults=True))
        case _:
            return Prepared({}, _ERASED_BY.get(command.type, ()))


def _credentials(site: Site, has: Holdings, command: CredentialsSaved) -> Prepared:
    data, brings = {}, []
    if command.login_host is not None:
        host = site.providers.source.login_host(command.login_host)
        if host != has.settings.login_host:
            data["login_host"] = host
            brings.append(_settings(msgspec.structs.replace(has.settings, login_host=host)))
    if has.safe is None:
        return Prepared(data)
    key = has.safe.seal(credentials.CONSUMER_KEY, command.consumer_key)
    secret = has.safe.seal(credentials.CONSUMER_SECRET, command.consumer_secret)
    return Prepared(data, (key, secret, *brings))


def _account(site: Site, has: Holdings, command: AccountSaved) -> Prepared:
    data, brings = {}, []
    if command.url is not None:
        url = site.providers.target.account_url(command.url)
        if url != has.settings.target_url:
            data["url"] = url
            brings.append(_settings(msgspec.structs.replace(has.settings, target_url=url)))
    if has.safe is None:
        return Prepared(data)
    name = has.safe.seal(credentials.CLIENT_ID, command.client_id)
    secret = has.safe.seal(credentials.CLIENT_SECRET, command.client_secret)
    return Prepared(data, (name, secret, *brings))


def _login(site: Site, who: Who, has: Holdings) -> Prepared:
    if has.safe is None or has.consumer_key is None:
        return Prepared({})  # No state without a Consumer Key awaits a login, so the chart will refuse.
    sealed = has.consumer_key
    key = has.safe.open(sealed.field, sealed.blob, sealed.key_id)
    login = logins.start(site, has.safe, who, sealed.seq)
    app = App(has.settings.login_host, key, SecretStr(""), site.redirect_uri)
    address = site.providers.source.authorize_url(app, state=login.state, challenge=login.challenge)
    return Prepared({}, (login.attempt, LentSecret(sealed.field, sealed.fingerprint)), login, address)


def _mapping(site: Site, has: Holdings, command: MappingSaved) -> Prepared:
    """A mapping names objects that are read, fields that were seen, and no target field twice in one object."""
    known = {(field.object, field.name) for field in has.preview.fields} if has.preview else set()
    for name, fields in command.objects.items():
        if name not in site.providers.source.objects:
            raise InputError("request.invalid", f"{name} is not synced", facts={"field": f"objects.{name}"})
        unknown = next((field for field in fields if known and (name, field) not in known), None)
        if unknown is not None:
            field = f"objects.{name}.{unknown}"
            raise InputError("request.invalid", f"{name} has no field {unknown}", facts={"field": field})
        if len(set(fields.values())) < len(fields):
            detail = f"two fields of {name} go to the same field"
            raise InputError("request.invalid", detail, facts={"field": f"objects.{name}"})
    objects = {name: dict(fields) for name, fields in command.objects.items()}
    return Prepared({"objects": objects}, (Document(documents.MAPPING, MappingDocument(objects)),))


def _settings(settings: SettingsDocument) -> Document:
    return Document(documents.SETTINGS, settings)
