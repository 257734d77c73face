"""Requests of the inbox, replayed: through `engine.handle` under the id that they came with.

What became an event once is a duplicate then, and does nothing. What could not be read, or was not allowed, is judged
anew, as it would be if it came now; that its sender was who they said was seen when it came.
"""

import base64
from functools import partial

import msgspec

from syncline.core.brought import Brought, SealedSecret
from syncline.core.event import Actor, Event
from syncline.credentials import open_safe
from syncline.errors import ConflictError, ForbiddenError, InputError, NotFoundError, SynclineError
from syncline.store import inbox as stored
from syncline.store.inbox import Refused, SealedBody
from syncline.store.record import Outcome
from syncline.web import hooks, notices
from syncline.web.access import Who
from syncline.web.hook_models import Replayed
from syncline.web.hook_secrets import sides
from syncline.web.inbox_views import KEPT, ROW, of_row
from syncline.web.models import Result
from syncline.web.site import Site

_VIA = "replay"


async def replay(site: Site, who: Who, id_: str, *, request: str) -> Replayed:
    """Replay a request; raises `NotFoundError`, `ConflictError`, and what it is refused for now."""
    try:
        return await _replay(site, who, id_, request)
    except (NotFoundError, ConflictError, InputError, ForbiddenError) as error:
        if error.code != "key.reused" and not error.noted:  # That one has left a row where the event belongs.
            of = {"method": "POST", "route": "/api/inbox/{request}/replay"}
            await site.refusals.note("access.refused", who.actor, error.code, error.detail, request=request, **of)
        raise


async def _replay(site: Site, who: Who, id_: str, request: str) -> Replayed:
    number = id_.partition("-")[2]
    if not (number.isascii() and number.isdecimal() and len(number) < 19):  # noqa: PLR2004  what fits into 63 bits
        raise NotFoundError("inbox.unknown")
    if id_.startswith(ROW):
        outcomes = [await _again(site, who, int(number), request)]
    elif id_.startswith(KEPT):
        outcomes = await _anew(site, who, int(number), request)
    else:
        raise NotFoundError("inbox.unknown")
    return Replayed(outcomes=tuple(Result.of(outcome) for outcome in outcomes))


async def _again(site: Site, who: Who, position: int, request: str) -> Outcome:
    """Send the event of a row once more, with all that its payload is told by."""
    found = await site.store.read(partial(stored.arrived, position=position))
    row = None if found is None else found.row
    if row is None or not who.key.sees(row.integration):
        raise NotFoundError("inbox.unknown")
    if row.actor.kind not in {"hook", "source", "target"} or not of_row(row, position).replayable:
        raise ConflictError("inbox.not_replayable", "no event of a door stands there, or it was refused")
    secrets = [text.split(":") for text in row.brought if text.startswith("secret:")]
    # Only what tells a repetition: what is sealed was stored when it came first, or has been used up.
    brings: tuple[Brought, ...] = tuple(SealedSecret(field, b"", "", print_) for _, field, print_ in secrets)
    actor, cause = Actor(row.actor.kind, row.actor.id, _VIA), _cause(who)
    event = Event(row.integration, row.type, row.key, actor, site.now(), row.data, cause, request, brings=brings)
    return await site.engine.handle(event)


async def _anew(site: Site, who: Who, id_: int, request: str) -> list[Outcome]:
    """Judge a request that was turned away as if it came now."""
    found = await site.store.read(partial(stored.refused, id=id_))
    if found is None or not (who.key.sees(found[0].integration) if found[0].known else not who.key.integrations):
        raise NotFoundError("inbox.unknown")
    one, sealed = found
    if sealed is None:
        raise ConflictError("inbox.not_replayable")
    try:
        outcomes = await _judge(site, one, await _open(site, one, sealed), _cause(who), request)
    except SynclineError as error:
        await _note(site, one, error.code)
        raise
    await _note(site, one, ", ".join(sorted({outcome.disposition for outcome in outcomes})))
    return outcomes


async def _judge(site: Site, one: Refused, body: bytes, cause: str, request: str) -> list[Outcome]:
    if one.door == "events":
        event = hooks.read(one.integration, one.name, body, site.now(), via=_VIA, cause=cause)
        return [hooks.judge(await site.engine.handle(msgspec.structs.replace(event, request=request)))]
    if one.door == "callback":
        raise ConflictError("inbox.not_replayable")
    reading = await notices.read(site, one.integration, sides(site)[one.door], one.media_type, body)
    actor = notices.actor_of(one.door, one.integration, _VIA)
    return await notices.take(site, one.door, reading, actor, cause=cause, request=request)


async def _open(site: Site, one: Refused, sealed: SealedBody) -> bytes:
    try:
        safe = await open_safe(site.store, site.vault, one.integration)
    except NotFoundError:
        raise ConflictError("inbox.not_replayable", "the secrets of the integration are erased") from None
    return base64.b64decode(safe.open(sealed.sealed_as, sealed.blob, sealed.key_id).get_secret_value())


async def _note(site: Site, one: Refused, outcome: str) -> None:
    await site.store.write(partial(stored.note_replay, id=one.id, now=site.now(), outcome=outcome))


def _cause(who: Who) -> str:
    return f"replay:{who.key.id}"
