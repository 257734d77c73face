"""The JSON API: one function a route. What it takes and answers is declared, and described at /openapi.json."""

from aiohttp import web

from syncline.web.api import (
    audit,
    checkpoints,
    feed,
    forwarding,
    hooks,
    integrations,
    keys,
    packs,
    problems,
    subjects,
    subscriptions,
)
from syncline.web.openapi import Api
from syncline.web.site import SITE

#: Every part of the API, in the order in which it is described.
API = Api(
    integrations.PART,
    hooks.PART,
    subscriptions.PART,
    audit.PART,
    checkpoints.PART,
    packs.PART,
    feed.PART,
    forwarding.PART,
    subjects.PART,
    keys.PART,
    problems.PART,
)


def add_routes(app: web.Application) -> None:
    """Add the API and its description."""
    API.add_routes(app)
    app.router.add_get("/openapi.json", describe)


async def describe(request: web.Request) -> web.StreamResponse:
    """Answer the OpenAPI 3.1 document."""
    return web.json_response(API.document(request.app[SITE].public_url))
