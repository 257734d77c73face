"""Where the log is forwarded to, and how it does on its way."""

from aiohttp import web

from syncline.web import access
from syncline.web.forwarding import destinations
from syncline.web.pages.view import page
from syncline.web.site import SITE


async def show(request: web.Request) -> web.StreamResponse:
    """List the places, how far each has got, and what stands in its way."""
    person = access.require(request, "export")
    found = await destinations(request.app[SITE], person)
    return page(request, "forwarding.html", here="audit", items=found.items)
