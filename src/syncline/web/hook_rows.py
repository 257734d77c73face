"""What the doors of hooks put on the log besides events: that their secrets were opened, and calls that were refused.

A row for each opening, not for each use. An opened secret is kept in memory by this process for as long as it counts,
and whatever it lets in is a row that names the door and how its sender was known; to write a second row for each
signed event would double the log and say nothing more.
"""

from functools import partial

from aiohttp import web

from syncline.core.brought import LentSecret
from syncline.core.event import Actor, ActorKind, Event
from syncline.errors import ForbiddenError, InputError, NotFoundError, SynclineError
from syncline.store.hooks import Door, hook_secrets
from syncline.store.integrations import exists
from syncline.store.transaction import Transaction
from syncline.web.client_address import client_address
from syncline.web.entrance import UNKNOWN
from syncline.web.opened_hooks import Shown
from syncline.web.problems import request_id
from syncline.web.site import SITE, Site

_MOST_LETTERS = 256
_KINDS: dict[Door, ActorKind] = {"events": "hook", "source": "source", "target": "target"}


async def note_opening(request: web.Request, door: Door, correlation: str) -> None:
    """Put on the log that the secrets of a door are opened now, unless this process has said so of the same ones."""
    site, integration = request.app[SITE], request.match_info["id"]

    def find(tx: Transaction) -> Shown:
        living = hook_secrets(tx, integration=integration, now=site.now())[door]
        return tuple((one.sealed.field, one.sealed.fingerprint) for one in living)

    shown = await site.store.read(find)
    if not shown or not site.opened_hooks.is_new(integration, door, shown):
        return
    try:
        await site.engine.handle(_opening(site, request, door, shown, correlation))
    except SynclineError:
        site.opened_hooks.forget(integration, door)
        raise


async def note_refusal(request: web.Request, door: Door, error: SynclineError, name: str, *, known: bool) -> None:
    """Put on the log of an integration that a call was refused; `known` says that it had shown the door's secret.

    What has left a row already, and what is the service's own fault, is not noted.
    """
    site, integration = request.app[SITE], request.match_info["id"]
    if not isinstance(error, ForbiddenError | InputError | NotFoundError) or error.noted:
        return
    if not await site.store.read(partial(exists, id=integration)):
        return
    kind = _KINDS[door]
    via = ("signature" if door == "events" else "notification") if known else ""
    actor = Actor(kind, integration if known else UNKNOWN, via, client_address(request))
    id_ = name[:_MOST_LETTERS] if name and name.isascii() and name.isprintable() else request_id(request)
    await site.refusals.note(
        "hook.refused", actor, error.code, error.detail, integration=integration, request=id_, door=door
    )


def _opening(site: Site, request: web.Request, door: Door, shown: Shown, correlation: str) -> Event:
    integration, now = request.match_info["id"], site.now()
    return Event(
        integration,
        "secret.lent",
        f"hooks:lent:{door}:{now}",
        Actor("service", "hooks", address=client_address(request)),
        now,
        {"to": "check_calls", "door": door},
        request=correlation,
        brings=tuple(LentSecret(field, fingerprint) for field, fingerprint in shown),
    )
