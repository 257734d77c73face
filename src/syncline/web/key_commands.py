"""Commands about API keys: each is an event on the log of the service, and done in its transaction."""

from syncline.core.brought import RevokedApiKey
from syncline.core.event import Actor
from syncline.errors import ConflictError, NotFoundError
from syncline.store.access import LAST_ADMIN, ApiKey, keys, sessions_of
from syncline.store.transaction import Transaction
from syncline.web.access import Who
from syncline.web.api_keys import new_key
from syncline.web.asked import KeyAsked
from syncline.web.site import Site

_INSTALLER = Actor("service", "serve")


async def create(site: Site, asked: KeyAsked, actor: Actor, *, request: str) -> tuple[ApiKey, str]:
    """Make a key; answers it and its text, to be shown once; raises `NotFoundError` for an unknown integration."""
    new, text = new_key(name=asked.name, role=asked.role, integrations=asked.integrations)
    data = {
        "key": new.id,
        "display_name": new.name,
        "role": new.role,
        "integrations": list(new.integrations),
        "shown": ["key"],
    }
    outcome = await site.service_log.note("key.created", data, new, actor=actor, request=request)
    if not outcome.accepted:
        raise NotFoundError("integration.unknown", outcome.reason)
    return next(key for key in await site.store.read(keys) if key.id == new.id), text


async def revoke(site: Site, who: Who, id_: str, *, request: str) -> None:
    """Revoke a key and end its sessions; raises `NotFoundError`, and `ConflictError` for the last admin key."""

    def find(tx: Transaction) -> tuple[ApiKey | None, int]:
        return next((key for key in keys(tx) if key.id == id_), None), sessions_of(tx, id=id_)

    key, sessions = await site.store.read(find)
    # What names no key may be anything, also a key's whole text in the wrong place.
    data = {"key": key.id, "role": key.role, "sessions": sessions} if key else {"key": "unknown"}
    revoked = RevokedApiKey(id_)
    outcome = await site.service_log.note("key.revoked", data, revoked, actor=who.actor, request=request)
    if outcome.accepted:
        return
    if outcome.reason == LAST_ADMIN:
        raise ConflictError("access.last_admin")
    raise NotFoundError("access.unknown_key")


async def first_key(site: Site, *, request: str) -> str | None:
    """Make an admin key when there is none at all; answers its text, to be shown once."""
    if await site.store.read(keys):
        return None
    _, text = await create(site, KeyAsked(name="first key", role="admin"), _INSTALLER, request=request)
    return text
