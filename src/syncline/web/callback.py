"""Where the browser comes back to after a login at the source (RFC 6749 §4.1.2).

Law: whatever is not exactly the answer that was awaited, in the browser that awaits it, changes nothing and causes no
request to anybody; where it can be told which integration is meant, it leaves a row on the log.
"""

import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web
from pydantic import SecretStr

from syncline import credentials
from syncline.config import CALLBACK_PATH
from syncline.core.brought import SpentAttempt
from syncline.core.documents import LOGIN, SETTINGS
from syncline.core.event import Actor, Event
from syncline.errors import ConflictError, InputError, SynclineError
from syncline.store.integrations import documents
from syncline.store.record import Outcome
from syncline.store.secrets import OpenAttempt, SpentLogin, login_attempt, sealed, spent_login
from syncline.store.transaction import Transaction
from syncline.web import logins
from syncline.web.client_address import client_address
from syncline.web.entrance import UNKNOWN
from syncline.web.inbox_arrivals import arrival as turned_away
from syncline.web.problems import request_id
from syncline.web.site import SITE, Site

_STATE = re.compile(r"[A-Za-z0-9_-]{43}")
#: RFC 6749 appendix A: what a code, an error or a state may consist of.
_PLAIN = re.compile(r"[ -~]*")
_PARAMETERS = ("state", "code", "error", "error_description", "iss")
_MOST_LETTERS = 2048
_SHOWN_LETTERS = 200
#: The codes of RFC 6749 §4.1.2.1 and OpenID Connect; what looks otherwise is some text, and stands in the detail.
_ERROR = re.compile(r"[a-z_]{1,64}")


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A callback whose integration is known."""

    site: Site
    request: web.Request
    attempt: OpenAttempt
    #: The id of the API key that started the login, once that is known.
    starter: str = ""

    def event(self, type_: str) -> Event:
        """Make an event of it, so far without anything in it."""
        actor = Actor("source", self.starter or UNKNOWN, via="callback", address=client_address(self.request))
        key = f"login:{self.attempt.state_hash[:32]}"
        return Event(self.attempt.integration, type_, key, actor, self.site.now(), request=request_id(self.request))


def add_routes(app: web.Application) -> None:
    """Add the callback's address; HEAD and POST are refused by the router."""
    app.router.add_get(CALLBACK_PATH, come_back, allow_head=False)


async def come_back(request: web.Request) -> web.StreamResponse:
    """Take a login's answer in and lead the browser on to a clean address."""
    site = request.app[SITE]
    if "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", "")):
        return web.Response(status=503)  # A look ahead is not an arrival; the browser will ask again in earnest.
    try:
        arrival = await _find(site, request)
    except SynclineError as error:
        site.inbox.note(turned_away(request, "callback", error, site.now(), integration=""))
        if not error.noted:
            actor = Actor("source", UNKNOWN, via="callback", address=client_address(request))
            await site.refusals.note("callback.refused", actor, error.code, str(error), request=request_id(request))
        raise
    attempt = arrival.attempt
    try:
        # First of all, for by then the browser has forgotten the cookie, and "another browser" would not be true.
        if attempt.expires_at <= site.now():
            raise InputError("login.expired")
        begun = _check_browser(request, attempt)
        arrival = _Arrival(site, request, attempt, begun.key)
        await logins.check_starter(site, begun)
        parameters = _read(request)
        await _check_issuer(site, attempt, begun, parameters)
    except SynclineError as error:
        await _log_refusal(site, arrival.event("login.returned"), error)
        raise
    if "error" in parameters:
        outcome = await _denied(arrival, parameters)
    else:
        outcome = await _returned(arrival, parameters["code"])
    _judge(outcome)
    response = web.Response(status=303, headers={"Location": f"/i/{attempt.integration}"})
    logins.take(response, attempt.state_hash)
    return response


async def _find(site: Site, request: web.Request) -> _Arrival:
    """Find the attempt that a state belongs to; raises what is refused without knowing the integration."""
    states = request.query.getall("state", [])
    if len(states) != 1 or not _STATE.fullmatch(states[0]):
        raise InputError("login.unknown_state")
    state_hash = logins.hash_of(states[0])

    def find(tx: Transaction) -> tuple[OpenAttempt | None, SpentLogin | None]:
        return login_attempt(tx, state_hash=state_hash), spent_login(tx, state_hash=state_hash)

    attempt, spent = await site.store.read(find)
    if attempt is not None:
        return _Arrival(site, request, attempt)
    if spent is None:
        raise InputError("login.unknown_state")
    actor = Actor("source", UNKNOWN, via="callback", address=client_address(request))
    event = Event(spent.integration, "login.returned", "", actor, site.now(), request=request_id(request))
    error = InputError("login.used")
    await _log_refusal(site, event, error)
    raise error


def _check_browser(request: web.Request, attempt: OpenAttempt) -> logins.Start:
    """Answer how the login was started, if it was in this browser; raises `InputError`."""
    cookie = request.cookies.get(logins.cookie_name(attempt.state_hash), "")
    if not hmac.compare_digest(logins.hash_of(cookie), attempt.browser_hash):
        raise InputError("login.other_browser")
    return logins.read(cookie)


def _read(request: web.Request) -> dict[str, str]:
    """Answer the parameters, each of them once and either a code or an error; raises `InputError`."""
    found = {}
    for name in _PARAMETERS:
        values = request.query.getall(name, [])
        if len(values) > 1:
            raise InputError("login.malformed", f"{name} came {len(values)} times")
        if values:
            plain = name == "error_description" or _PLAIN.fullmatch(values[0])
            if len(values[0]) > _MOST_LETTERS or not plain:
                raise InputError("login.malformed", f"{name} is not a plain value")
            found[name] = values[0]
    if ("code" in found) == ("error" in found) or not found.get("code", found.get("error")):
        raise InputError("login.malformed", "there has to be either a code or an error")
    return found


async def _check_issuer(site: Site, attempt: OpenAttempt, begun: logins.Start, parameters: dict[str, str]) -> None:
    """Raise `InputError` for an answer that another login host than the one of now was asked for, or has given.

    Without the first check the code of a former host, or of a former app, would be sent to the one of now. An issuer
    that is named has to be the host that was asked, letter by letter, and has to be named where that host has promised
    it (RFC 9207 §2.4).
    """

    def read(tx: Transaction) -> tuple[dict[str, Any], int]:
        key = sealed(tx, integration=attempt.integration).get(credentials.CONSUMER_KEY)
        return documents(tx, integration=attempt.integration), key.seq if key else 0

    found, saved_by = await site.store.read(read)
    if str(saved_by) != begun.saved_by:
        raise InputError("login.outdated")
    login_host = found[SETTINGS]["login_host"]
    promised = found.get(LOGIN, {}).get("names_issuer", False)
    if parameters.get("iss", "" if promised else login_host) != login_host:
        raise InputError("login.other_issuer")


async def _denied(arrival: _Arrival, parameters: dict[str, str]) -> Outcome:
    error, description = parameters["error"], parameters.get("error_description", "")
    said = description[:_SHOWN_LETTERS]
    shown = "".join(letter if letter.isprintable() else " " for letter in said)
    data = {
        "problem": arrival.site.providers.source.refusal(error, description),
        "detail": f"{arrival.site.providers.source.title} says: {shown or error[:_SHOWN_LETTERS]}",
        "error": error if _ERROR.fullmatch(error) else "",
    }
    event = arrival.event("login.denied")
    brings = (SpentAttempt(arrival.attempt.state_hash),)
    return await arrival.site.engine.handle(msgspec.structs.replace(event, data=data, brings=brings))


async def _returned(arrival: _Arrival, code: str) -> Outcome:
    site, attempt = arrival.site, arrival.attempt
    safe = await credentials.open_safe(site.store, site.vault, attempt.integration)
    brings = (SpentAttempt(attempt.state_hash), attempt.verifier, safe.seal(credentials.CODE, SecretStr(code)))
    return await site.engine.handle(msgspec.structs.replace(arrival.event("login.returned"), brings=brings))


def _judge(outcome: Outcome) -> None:
    """Raise for what the log already holds as refused or unexpected."""
    if outcome.accepted:
        return
    if outcome.disposition == "refused":
        raise InputError("login.used", outcome.reason)
    raise ConflictError("login.not_awaited")


async def _log_refusal(site: Site, event: Event, error: SynclineError) -> None:
    """Put a refused callback on the log, with a key of its own."""
    key = f"refused:{secrets.token_hex(16)}"
    data = {"refused_as": error.code}
    await site.engine.handle(msgspec.structs.replace(event, key=key, data=data, refusal=str(error)))
    error.noted = True
