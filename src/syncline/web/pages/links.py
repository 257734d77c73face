"""The connect links of one integration: made, listed and revoked by people with an account."""

from functools import partial

from aiohttp import web
from pydantic import ValidationError

from syncline.store.access import keys
from syncline.store.integrations import integration
from syncline.store.links import links as stored_links
from syncline.web import access, links
from syncline.web.asked import LinkAsked
from syncline.web.pages import forms
from syncline.web.pages.view import page
from syncline.web.problems import request_id
from syncline.web.site import SITE


async def show(request: web.Request) -> web.StreamResponse:
    """List the links of an integration, with the form for another one."""
    return await _draw(request)


async def make(request: web.Request) -> web.StreamResponse:
    """Make a link and show its address, this once."""
    person = access.require(request, "command")
    form = await forms.read(request)
    try:
        asked = LinkAsked.model_validate({"hours": form.get("hours")})
    except ValidationError:
        return await _draw(request, fault="A link is good for 1 to 336 hours.")
    site, id_ = request.app[SITE], request.match_info["id"]
    _, url = await links.make(site, person, id_, asked.hours, request=request_id(request))
    return await _draw(request, url=url)


async def revoke(request: web.Request) -> web.StreamResponse:
    """Revoke a link."""
    person = access.require(request, "command")
    id_ = request.match_info["id"]
    await links.revoke(request.app[SITE], person, id_, request.match_info["link"], request=request_id(request))
    return web.Response(status=303, headers={"Location": f"/i/{id_}/links"})


async def _draw(request: web.Request, *, url: str = "", fault: str = "") -> web.StreamResponse:
    access.require(request, "read")
    site, id_ = request.app[SITE], request.match_info["id"]
    found = await site.store.read(partial(integration, id=id_))
    made = await site.privacy.reveal(await site.store.read(partial(stored_links, integration=id_)))
    shown = {
        "id": id_,
        "name": found.name,
        "links": [(link, link.standing(site.now())) for link in reversed(made)],
        "names": {key.id: key.name for key in await site.store.read(keys)},
        "open": (found.state, "link.made") in site.engine.rules.chart.rules,
        "default": LinkAsked().hours,
    }
    status = 422 if fault else 201 if url else 200
    return page(request, "links.html", status=status, url=url, fault=fault, **shown)
