"""The error catalogue: a page for each code, and the list of all. Open to everyone, since problems link here."""

from itertools import groupby

from aiohttp import web

from syncline.errors import NotFoundError
from syncline.web.pages.view import page
from syncline.web.site import SITE


async def catalogue(request: web.Request) -> web.StreamResponse:
    """List all codes by area."""
    entries = sorted(request.app[SITE].catalogue.values(), key=lambda entry: entry.code)
    areas = [(area, list(of)) for area, of in groupby(entries, key=lambda entry: entry.code.partition(".")[0])]
    return page(request, "errors.html", here="help", areas=areas)


async def entry(request: web.Request) -> web.StreamResponse:
    """Explain one code."""
    found = request.app[SITE].catalogue.get(request.match_info["code"])
    if found is None:
        raise NotFoundError("request.unknown_path", "the catalogue has no such code")
    return page(request, "error.html", here="help", entry=found)
