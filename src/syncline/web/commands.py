"""Commands of people: made into events, handed to the engine, and answered by what became of them."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from pydantic import SecretStr

from syncline import credentials
from syncline.core import documents
from syncline.core.brought import Brought, Document
from syncline.core.documents import SettingsDocument
from syncline.core.event import BIRTH, EVENTS, Event
from syncline.errors import ConflictError, ForbiddenError, InputError, NotFoundError, SynclineError
from syncline.store.record import Outcome
from syncline.web.access import Right, Who
from syncline.web.asked import Command, NewIntegration
from syncline.web.models import Result
from syncline.web.preparation import find_holdings, prepare
from syncline.web.site import Site
from syncline.web.status import possible

_HOOK_SECRET_BYTES = 32
#: The right to a command, where it is not that to command: who may sync as somebody else is an admin's business.
_RIGHTS: dict[str, Right] = {"identity.released": "administer"}
_MOST_KEY_LETTERS = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a command."""

    outcome: Outcome
    #: For a login that was started now: where the browser goes, and the cookie (name, value) that it has to keep.
    authorize_url: str | None = None
    cookie: tuple[str, str] | None = None
    #: For a new integration: the secret of its hook, this once.
    hook_secret: str | None = None

    @property
    def result(self) -> Result:
        """As the API answers it; a repetition is answered as the first was."""
        return Result.of(self.outcome)


async def send(site: Site, who: Who, integration: str, command: Command, *, key: str = "", request: str = "") -> Sent:
    """Send a command to an integration; raises `InputError`, `NotFoundError`, `ForbiddenError`, `ConflictError`.

    `key` is the caller's Idempotency-Key, `request` the id of the request. What the chart refuses or does not expect
    now is a `ConflictError` with the outcome in its facts.
    """
    event = Event(integration, command.type, _event_key(who, key), who.actor, site.now(), request=request)
    if not (who.may(_RIGHTS.get(command.type, "command")) and who.may_send(command.type)):
        await _refuse(site, who, event)
    with site.in_flight.alone(f"{integration}:{event.key}", key):
        has = await site.store.read(partial(find_holdings, site=site, integration=integration))
        prepared = prepare(site, who, has, command)
        outcome = await site.engine.handle(
            msgspec.structs.replace(event, data=prepared.data, brings=prepared.brings, at=site.now())
        )
    judge(site, outcome)
    if prepared.login is None or outcome.repeats:
        return Sent(outcome)
    return Sent(outcome, prepared.authorize_url, prepared.login.cookie)


async def create(site: Site, who: Who, asked: NewIntegration, *, key: str = "", request: str = "") -> Sent:
    """Make an integration; raises as `send`."""
    require_creator(who)
    settings = SettingsDocument(
        site.providers.source.login_host(asked.source.login_host), site.providers.target.account_url(asked.target.url)
    )
    integration = _new_id(site, who, key)
    event = Event(integration, BIRTH, _event_key(who, key), who.actor, site.now(), request=request)
    data: dict[str, Any] = {"name": asked.name, "login_host": settings.login_host, "url": settings.target_url}
    data["shown"] = [credentials.HOOK_SECRET]
    event = msgspec.structs.replace(event, data=data)
    secret, brings = await _sealed_birth(site, integration, asked, settings, again=bool(key))
    outcome = await site.engine.handle(msgspec.structs.replace(event, brings=brings))
    if key and outcome.repeats and outcome.disposition == "refused":
        # Two requests with one key met, each with a data key of its own; now there is one to seal with.
        secret, brings = await _sealed_birth(site, integration, asked, settings, again=True)
        outcome = await site.engine.handle(msgspec.structs.replace(event, brings=brings))
    judge(site, outcome)
    return Sent(outcome, hook_secret=None if outcome.repeats else secret)


async def refuse_foreign(site: Site, who: Who, integration: str, type_: str, *, request: str) -> None:
    """Refuse what is not theirs to send before its fields are looked at; puts that on the log."""
    if type_ in EVENTS and not (who.may(_RIGHTS.get(type_, "command")) and who.may_send(type_)):
        await _refuse(site, who, Event(integration, type_, "", who.actor, site.now(), request=request))


def require_creator(who: Who) -> None:
    """Raise `ForbiddenError` when they may not make integrations."""
    if not who.may("command"):
        raise _forbidden(who)
    if who.key.integrations:
        raise ForbiddenError("access.forbidden", "this key is for some integrations, and a new one is none of them")


async def _refuse(site: Site, who: Who, event: Event) -> None:
    """Put on the log that somebody without the right to it has sent a command."""
    error = _forbidden(who, event.type)
    key = f"refused:{secrets.token_hex(16)}"
    await site.engine.handle(msgspec.structs.replace(event, key=key, refusal=error.detail))
    error.noted = True
    raise error


def _forbidden(who: Who, what: str = "commands") -> SynclineError:
    return ForbiddenError("access.forbidden", f"the role {who.key.role} may not send {what}")


def _event_key(who: Who, key: str) -> str:
    if not key:
        return f"command:{secrets.token_hex(16)}"
    if len(key) > _MOST_KEY_LETTERS or not (key.isascii() and key.isprintable()):
        raise InputError("request.invalid", "an Idempotency-Key has at most 200 printable ASCII letters")
    return f"idem:{who.key.id}:{key}"


def _new_id(site: Site, who: Who, key: str) -> str:
    """Answer an id that sorts by time; with an Idempotency-Key one that is the same when the request comes again."""
    if key:
        return f"in_{hashlib.sha256(f'{who.key.id}:{key}'.encode()).hexdigest()[:24]}"
    return f"in_{site.now() // 1000:012x}{secrets.token_hex(6)}"


async def _sealed_birth(
    site: Site, integration: str, asked: NewIntegration, settings: SettingsDocument, *, again: bool
) -> tuple[str, tuple[Brought, ...]]:
    """Answer a new hook's secret and what the birth brings; a repeated birth is sealed as the first one was."""
    secret = SecretStr(f"whsec_{base64.b64encode(secrets.token_bytes(_HOOK_SECRET_BYTES)).decode()}")
    safe, data_key = site.vault.create_safe(integration)
    if again:
        try:
            stored = await credentials.open_secret(site.store, site.vault, integration, credentials.HOOK_SECRET)
            safe, secret = await credentials.open_safe(site.store, site.vault, integration), stored
        except NotFoundError:
            pass  # It is the first request with this key.
    return secret.get_secret_value(), (
        data_key,
        safe.seal(credentials.HOOK_SECRET, secret),
        safe.seal(credentials.CLIENT_ID, asked.target.client_id),
        safe.seal(credentials.CLIENT_SECRET, asked.target.client_secret),
        Document(documents.SETTINGS, settings),
    )


def judge(site: Site, outcome: Outcome) -> None:
    """Raise `ConflictError` unless the event did what it was sent for, now or when it came first."""
    if outcome.accepted:
        return
    if outcome.repeats and outcome.disposition == "refused":
        raise ConflictError("key.reused", outcome.reason)
    verdict = outcome.first or outcome.disposition
    code = "event.unexpected" if verdict == "unexpected" else "event.refused"
    detail = outcome.reason or f"{outcome.type} means nothing in the state {outcome.to}"
    steps = [step.model_dump() for step in possible(site, outcome.to) if "person" in step.by]
    result = Result.of(outcome).model_dump(by_alias=True)
    raise ConflictError(code, detail, facts={"outcome": result, "next": steps})
