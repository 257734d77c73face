"""API keys: listed, made (shown once) and revoked, by admins."""

from functools import partial

from aiohttp import web
from pydantic import ValidationError

from syncline.errors import NotFoundError
from syncline.store import access as stored
from syncline.web import access
from syncline.web.api_keys import make_key
from syncline.web.asked import KeyAsked
from syncline.web.pages import forms
from syncline.web.pages.view import page
from syncline.web.site import SITE

_FAULT = "Give the key a name of up to 120 letters and one of the roles; an admin's key is for all integrations."


async def show(request: web.Request) -> web.StreamResponse:
    """List the keys."""
    return await _draw(request)


async def make(request: web.Request) -> web.StreamResponse:
    """Make a key and show its text, this once."""
    access.require(request, "administer")
    site = request.app[SITE]
    form = await forms.read(request)
    try:
        some = tuple(form.get("integrations").split())
        asked = KeyAsked.model_validate({"name": form.get("name"), "role": form.get("role"), "integrations": some})
    except ValidationError:
        return await _draw(request, fault=_FAULT)
    make = partial(make_key, name=asked.name, role=asked.role, integrations=asked.integrations, now=site.now())
    try:
        key, text = await site.store.write(make)
    except NotFoundError as error:
        return await _draw(request, fault=f"{error.detail[:1].upper()}{error.detail[1:]}.")
    return await _draw(request, new=(key.name, text))


async def revoke(request: web.Request) -> web.StreamResponse:
    """Revoke a key and end its sessions."""
    access.require(request, "administer")
    site = request.app[SITE]
    await site.store.write(partial(stored.revoke_key, id=request.match_info["id"], now=site.now()))
    return web.Response(status=303, headers={"Location": "/keys"})


async def _draw(request: web.Request, *, new: tuple[str, str] | None = None, fault: str = "") -> web.StreamResponse:
    person = access.require(request, "administer")
    found = await request.app[SITE].store.read(stored.keys)
    status = 422 if fault else 201 if new else 200
    shown = {"keys": found, "own": person.key.id, "new": new, "fault": fault}
    return page(request, "keys.html", status=status, here="keys", **shown)
