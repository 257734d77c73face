"""Signed events from outside (Standard Webhooks): verified on the raw bytes, read, recorded, then answered.

This is the measured path: no middleware runs around it, the key of an integration is opened once, and nothing is
logged for a request that went well. A sender gets its 2xx only after the commit.

The signature is checked here rather than by the `standardwebhooks` package, which raises on a signature without a
comma, reads `nan` as a timestamp, and decodes each signature before it compares; tests hold the two together.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
import structlog
from aiohttp import hdrs, web
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from pydantic import SecretStr

from syncline import credentials
from syncline.core.event import EVENTS, Actor, Event
from syncline.errors import ConflictError, ForbiddenError, InputError, NotFoundError, SynclineError
from syncline.store.record import Outcome
from syncline.web import problems
from syncline.web.client_address import client_address
from syncline.web.hook_keys import Keys
from syncline.web.hook_rows import note_opening, note_refusal
from syncline.web.inbox_arrivals import arrival
from syncline.web.routes import HOT
from syncline.web.site import SITE, Site

#: How far a sender's clock may be off, in seconds, either way.
TOLERANCE = 300
_MOST_SIGNATURES = 20
_MOST_ID_LETTERS = 256
_ALLOWED = frozenset(name for name, kind in EVENTS.items() if "hook" in kind.senders)
_HEADERS = {"Content-Type": "application/json", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}

_log = structlog.get_logger("syncline.web")


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a signed event."""

    type: str
    timestamp: str = ""
    data: dict[str, Any] = {}


class Answer(msgspec.Struct, frozen=True, omit_defaults=True, rename={"origin": "from"}):
    """What the sender is told; a repetition is told what became of the first."""

    seq: int
    disposition: str
    origin: str
    to: str
    reason: str = ""


_read = msgspec.json.Decoder(Signed).decode
_write = msgspec.json.Encoder().encode


def add_routes(app: web.Application) -> None:
    """Add the address that an integration's hook has."""
    app.router.add_post("/hooks/{id}/events", receive, name=HOT)
    site = app[SITE]
    site.engine.watch(partial(_forget, site))


async def receive(request: web.Request) -> web.StreamResponse:
    """Verify, record and answer one signed event."""
    site, integration, name = request.app[SITE], request.match_info["id"], request.headers.get("webhook-id", "")
    body = None
    try:
        body = await _authenticate(site, request, integration, name)
        # Now, and not when its headers came: a body may take its time, and moments have to follow one another.
        event = read(integration, name, body, site.now(), via="signature", address=client_address(request))
        outcome = judge(await site.engine.handle(event))
        return web.Response(body=_write(_answer(outcome)), headers=_HEADERS)
    except SynclineError as error:
        return await _refuse(request, error, body)
    except web.HTTPRequestEntityTooLarge:
        return await _refuse(request, InputError("request.too_large"), None)
    except Exception:  # noqa: BLE001  no middleware is around; logged with its stack, answered without
        _log.exception("unexpected", route="hook")
        return await problems.respond(request, SynclineError("service.unexpected"))


def read(integration: str, name: str, body: bytes, at: int, *, via: str, address: str = "", cause: str = "") -> Event:
    """Read an event that is known to come from a sender of the hook; raises `InputError`.

    `name` is the sender's own id of it, by which it counts once; it arrived `at` (µs).
    """
    signed = _parse(body)
    return Event(
        integration,
        signed.type,
        f"hook:{name}",
        Actor("hook", integration, via, address),
        at,
        # Kept apart, so that nothing a sender says can be taken for what an effect reports.
        {"sent": signed.data} if signed.data else {},
        cause=cause,
        request=name,
    )


def judge(outcome: Outcome) -> Outcome:
    """Answer the outcome; raises `ConflictError` for a key that came with another payload.

    That is an error of the sender, while what the chart makes of an event is none.
    """
    if outcome.repeats and outcome.disposition == "refused":
        raise ConflictError("key.reused", outcome.reason)
    return outcome


async def _authenticate(site: Site, request: web.Request, integration: str, name: str) -> bytes:
    """Answer the body of a request that is signed as it should be; raises what it is refused for."""
    headers = request.headers
    if hdrs.CONTENT_ENCODING in headers:  # A compressed body may be a bomb, and no sender needs it for so little.
        raise InputError("request.media_type", "the body has to be sent as it is, without Content-Encoding")
    stamp = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    at = site.now()
    _check_headers(name, stamp, signatures, at)
    body = await request.read()
    keys = site.hook_keys.find(integration) or await _open_keys(request, name)
    fits = False
    for keyed, until in keys:
        if not until or until > at:
            fits |= verify(keyed, name, stamp, body, signatures.split(" "))
    if not fits:
        raise ForbiddenError("hook.bad_signature")
    return body


async def _refuse(request: web.Request, error: SynclineError, body: bytes | None) -> web.StreamResponse:
    """Answer why; what was signed and cannot be read is kept, for somebody to look at and to replay."""
    site = request.app[SITE]
    site.metrics.count_refused_hook(error.code)
    problems.name_request(request)
    name = request.headers.get("webhook-id", "")
    site.inbox.note(arrival(request, "events", error, site.now(), name=name, body=body))
    try:
        await note_refusal(request, "events", error, name, known=body is not None)
    except SynclineError as unwritten:  # Nothing is refused for good before the log has it; no middleware is around.
        error = unwritten
    return await problems.respond(request, error)


def verify(keyed: HMAC, name: str, stamp: str, body: bytes, signatures: Sequence[str]) -> bool:
    """Answer whether one of the signatures is `v1,` and the base64 of HMAC-SHA-256 over `id.timestamp.body`."""
    mac = keyed.copy()  # To set up the key again costs several times as much as the rest.
    mac.update(b"%b.%b.%b" % (name.encode(), stamp.encode(), body))
    expected = b"v1," + base64.b64encode(mac.finalize())
    fits = False
    for signature in signatures[:_MOST_SIGNATURES]:
        fits |= hmac.compare_digest(expected, signature.encode())
    return fits


def _check_headers(name: str, stamp: str, signatures: str, at: int) -> None:
    if not (name and stamp and signatures):
        raise ForbiddenError("hook.unsigned", "webhook-id, webhook-timestamp and webhook-signature are needed")
    # A dot would let one signed text be cut into another id and timestamp.
    if len(name) > _MOST_ID_LETTERS or "." in name or not (name.isascii() and name.isprintable()):
        raise InputError("hook.malformed", "webhook-id has to be printable ASCII without dots")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):  # noqa: PLR2004  until the year 33658
        raise InputError("hook.malformed", "webhook-timestamp has to be whole seconds since the epoch")
    if abs(at - int(stamp) * 1_000_000) > TOLERANCE * 1_000_000:
        raise ForbiddenError("hook.too_old", "webhook-timestamp is more than five minutes off")
    if not signatures.isascii():
        raise ForbiddenError("hook.bad_signature")


async def _open_keys(request: web.Request, name: str) -> Keys:
    site, integration = request.app[SITE], request.match_info["id"]
    drops = site.hook_keys.drops
    try:
        secrets = await credentials.open_hook(site.store, site.vault, integration, "events", site.now())
    except NotFoundError:
        raise NotFoundError("hook.unknown") from None
    keys = tuple((HMAC(key, SHA256()), until) for text, until in secrets if (key := _key(text)))
    if not keys:
        raise NotFoundError("hook.unknown")
    await note_opening(request, "events", name)
    site.hook_keys.keep(integration, keys, drops=drops)
    return keys


def _key(secret: SecretStr) -> bytes:
    """Answer the key that a secret stands for; an empty one opens nothing."""
    try:
        return base64.b64decode(secret.get_secret_value().removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return b""


def _parse(body: bytes) -> Signed:
    try:
        signed = _read(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError("hook.malformed", "the body has to be {type, timestamp, data} in JSON") from error
    if signed.type not in _ALLOWED:
        raise InputError("hook.type_not_allowed", facts={"allowed": sorted(_ALLOWED)})
    return signed


def _answer(outcome: Outcome) -> Answer:
    return Answer(
        outcome.repeats or outcome.seq,
        outcome.first or outcome.disposition,
        outcome.origin,
        outcome.to,
        outcome.reason,
    )


def _forget(site: Site, outcome: Outcome) -> None:
    """Forget the opened keys of a hook whose secrets were exchanged or erased."""
    ended = outcome.disposition == "transitioned" and outcome.to in site.engine.rules.chart.finals
    if ended or outcome.type == "hook.rotated":
        site.hook_keys.drop(outcome.integration)
