"""The page of one integration as it was at a moment: where it stood, why, and what blocked it."""

from aiohttp import web

from syncline.web.asked import StatusAsked
from syncline.web.pages.view import page
from syncline.web.past import status_at
from syncline.web.site import SITE


async def show(request: web.Request, as_of: str) -> web.StreamResponse:
    """Show an integration as its log says that it was; raises `InputError` for a moment that is none."""
    moment = StatusAsked(as_of=as_of[:40]).moment or 0
    status = await status_at(request.app[SITE], request.match_info["id"], moment)
    return page(request, "past.html", it=status, moment=moment, typed=as_of)
