"""The checkpoints of the log, a page at a time, with the keys that sign them."""

from urllib.parse import urlencode

from aiohttp import web
from pydantic import ValidationError

from syncline.errors import InputError
from syncline.web import access, checkpoints
from syncline.web.checkpoints import CheckpointsAsked
from syncline.web.pages.view import page
from syncline.web.site import SITE


async def show(request: web.Request) -> web.StreamResponse:
    """List what was signed, and say what it is good for."""
    access.require(request, "read")
    site = request.app[SITE]
    try:
        asked = CheckpointsAsked.model_validate(dict(request.query))
    except ValidationError:
        raise InputError("request.invalid", "the page cannot be read") from None
    found = await checkpoints.listing(site, asked)
    return page(
        request,
        "checkpoints.html",
        here="audit",
        found=found,
        keys=(await checkpoints.keys(site)).items,
        places=site.checkpoints.standing.places,
        older=f"/audit/checkpoints?{urlencode({'before': found.next})}" if found.next else "",
        first="before" not in request.query,
    )
