"""A connect link, opened by somebody who has never been here: what it is, and the button that redeems it.

Law: to look changes nothing. Mail programs, chat previews and browsers open addresses that nobody has chosen to.
"""

from functools import partial

from aiohttp import web

from syncline.store.access import keys
from syncline.store.integrations import integration
from syncline.web import access, guests, links
from syncline.web.pages.view import page
from syncline.web.site import SITE


async def show(request: web.Request) -> web.StreamResponse:
    """Say what the link is for; a browser that has redeemed it is led to where it was."""
    site, text = request.app[SITE], request.match_info["text"]
    own = await links.owner(request, text, access.who(request))
    if own:
        return web.Response(status=303, headers={"Location": f"/i/{own}"})
    link = await links.look(request, text)
    found = await site.store.read(partial(integration, id=link.integration))
    names = {key.id: key.name for key in await site.store.read(keys)}
    return page(
        request,
        "connect.html",
        me=None,
        name=found.name,
        asker=names[link.made_by],
        until=link.expires_at,
        service=site.public_url,
    )


async def redeem(request: web.Request) -> web.StreamResponse:
    """Redeem the link in this browser and go to the page of its integration."""
    redeemed = await links.redeem(request, request.match_info["text"])
    response = web.Response(status=303, headers={"Location": f"/i/{redeemed.integration}"})
    guests.give(response, redeemed.cookie, redeemed.seconds)
    return response
