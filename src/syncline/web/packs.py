"""The auditor's pack, over HTTP."""

from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial

from aiohttp import web
from pydantic import Field

from syncline.core.event import SERVICE
from syncline.errors import NotFoundError, SynclineError, UnavailableError
from syncline.pack import Pack, Wanted
from syncline.store.checkpoints import BrokenLogError
from syncline.store.integrations import integration
from syncline.web.access import Who, note_hidden
from syncline.web.models import Model
from syncline.web.problems import request_id
from syncline.web.site import Site
from syncline.web.taking import Leaving, take


class PackAsked(Model):
    """What is to be packed."""

    integration: str = Field("", max_length=64)
    """One integration, or `service`; of all others there are hashes only."""
    reveal: bool = False
    """Whether `personal.json` is to say what is sealed in the rows: names, addresses, texts of people."""


async def send(site: Site, request: web.Request, who: Who, asked: PackAsked) -> web.StreamResponse:
    """Stream a pack; raises `NotFoundError` for an integration that there is not, else as `taking.take`."""
    if asked.integration and not who.key.sees(asked.integration):
        at = {"method": "GET", "route": "/api/audit/pack", "request": request_id(request)}
        await note_hidden(site, who, asked.integration, **at)
        raise NotFoundError("integration.unknown", "there is no such integration")
    if asked.integration not in {"", SERVICE}:
        await site.store.read(partial(integration, id=asked.integration))
    pack = Pack(
        site.store, site.privacy, Wanted(asked.integration, who.key.integrations, revealed=asked.reveal), site.now
    )
    facts = {"format": "pack", "integration": asked.integration, "revealed": asked.reveal}
    name = f"audit-pack-{asked.integration or 'all'}.zip"
    leaving = Leaving(name, "application/zip", {key: value for key, value in facts.items() if value})
    return await take(site, request, leaving, _pieces(site, pack), lambda: {"rows": pack.rows, "through": pack.through})


async def _pieces(site: Site, pack: Pack) -> AsyncIterator[bytes]:
    """Answer the pack piece by piece; raises `UnavailableError` when the service stops before its end."""
    with suppress(SynclineError, BrokenLogError):  # What cannot be signed is packed all the same, and says so.
        await site.checkpoints.sign()
    async for piece in pack.pieces():
        if site.stopping.is_set():
            raise UnavailableError("service.stopping")
        if piece:
            yield piece
