"""The inventory of tokens, a page at a time."""

from urllib.parse import urlencode

from aiohttp import web
from pydantic import ValidationError

from syncline.errors import InputError
from syncline.web import access
from syncline.web.asked import TokensAsked
from syncline.web.pages.view import page
from syncline.web.site import SITE
from syncline.web.tokens import inventory


async def show(request: web.Request) -> web.StreamResponse:
    """List what is held, and point at what should not be there or will soon be lost."""
    person = access.require(request, "read")
    try:
        asked = TokensAsked.model_validate(dict(request.query))
    except ValidationError:
        raise InputError("request.invalid", "the page cannot be read") from None
    found = await inventory(request.app[SITE], asked, only=person.key.integrations)
    more = f"/tokens?{urlencode({'after': found.next})}" if found.next else ""
    return page(request, "tokens.html", here="tokens", items=found.items, more=more, first=not asked.after)
