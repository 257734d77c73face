"""API keys: listed, made (shown once) and revoked, by admins."""

from aiohttp import web
from pydantic import ValidationError

from syncline.errors import NotFoundError
from syncline.store import access as stored
from syncline.web import access, key_commands
from syncline.web.asked import KeyAsked
from syncline.web.pages import forms
from syncline.web.pages.view import page
from syncline.web.problems import request_id
from syncline.web.site import SITE

_FAULT = "Give the key a name of up to 120 letters and one of the roles; an admin's key is for all integrations."


async def show(request: web.Request) -> web.StreamResponse:
    """List the keys."""
    return await _draw(request)


async def make(request: web.Request) -> web.StreamResponse:
    """Make a key and show its text, this once."""
    person = access.require(request, "administer")
    site = request.app[SITE]
    form = await forms.read(request)
    try:
        some = tuple(form.get("integrations").split())
        asked = KeyAsked.model_validate({"name": form.get("name"), "role": form.get("role"), "integrations": some})
    except ValidationError:
        return await _draw(request, fault=_FAULT)
    try:
        key, text = await key_commands.create(site, asked, person.actor, request=request_id(request))
    except NotFoundError as error:
        return await _draw(request, fault=f"{error.detail[:1].upper()}{error.detail[1:]}.")
    return await _draw(request, new=(key.name, text))


async def revoke(request: web.Request) -> web.StreamResponse:
    """Revoke a key and end its sessions."""
    person = access.require(request, "administer")
    id_ = request.match_info["id"]
    await key_commands.revoke(request.app[SITE], person, id_, request=request_id(request))
    return web.Response(status=303, headers={"Location": "/keys"})


async def _draw(request: web.Request, *, new: tuple[str, str] | None = None, fault: str = "") -> web.StreamResponse:
    person = access.require(request, "administer")
    found = await request.app[SITE].store.read(stored.keys)
    status = 422 if fault else 201 if new else 200
    shown = {"keys": found, "own": person.key.id, "new": new, "fault": fault}
    return page(request, "keys.html", status=status, here="keys", **shown)
