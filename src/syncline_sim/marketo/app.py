"""The instance as a web application: which endpoint has which path, and how untidy paths are read."""

import posixpath
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from aiohttp import web

from syncline_sim.marketo import (
    activities,
    api_users,
    custom_activities,
    empty_assets,
    fields,
    folders,
    identity,
    leads,
    lists,
    merging,
    programs,
    schema,
    static_lists,
    stats,
)
from syncline_sim.marketo.bulk import exports, imports
from syncline_sim.marketo.gate import Gate
from syncline_sim.marketo.objects import custom, standard
from syncline_sim.marketo.tables import TABLES, transaction

if TYPE_CHECKING:
    from syncline_sim.marketo.call import Endpoint
    from syncline_sim.world import World

_ROOMS = (
    leads,
    merging,
    lists,
    folders,
    static_lists,
    programs,
    empty_assets,
    activities,
    custom_activities,
    schema,
    standard,
    custom,
    stats,
    imports,
    exports,
)
ENDPOINTS = tuple(endpoint for room in _ROOMS for endpoint in room.ENDPOINTS)


def create(world: "World") -> None:
    """Make the tables, the standard fields and the default API user where they are not there yet."""
    world.db.executescript(TABLES)
    with transaction(world.db):
        if not fields.load(world.db):
            fields.create_standard(world.db)
        if api_users.find(world.db, api_users.DEFAULT_CLIENT_ID) is None:
            api_users.create(
                world.db,
                api_users.DEFAULT_ROLE,
                client_id=api_users.DEFAULT_CLIENT_ID,
                client_secret=api_users.DEFAULT_CLIENT_SECRET,
            )


def add_routes(app: web.Application, world: "World") -> None:
    """Serve the instance; every path that no endpoint has is answered too, so this comes last."""
    gate = Gate(world)
    for method in ("GET", "POST"):
        app.router.add_route(method, identity.PATH, identity.serve(world))
    by_path: defaultdict[str, dict[str, Endpoint]] = defaultdict(dict)
    for endpoint in ENDPOINTS:
        by_path[endpoint.path][endpoint.method] = endpoint
    for path, endpoints in by_path.items():
        app.router.add_route("*", path, gate.serve(endpoints))

    async def other(request: web.Request) -> web.StreamResponse:
        tidy = _tidy(request.path)
        if tidy == request.path:
            return await gate.refuse(request)
        # Some clients write `/rest/../bulk/v1/…` or `//rest/v1/…`; the vendor's servers read those as they are meant.
        meant = request.clone(rel_url=request.rel_url.with_path(tidy).with_query(request.query))
        meant._match_info = await app.router.resolve(meant)  # noqa: SLF001  what aiohttp itself does for a request
        return await meant._match_info.handler(meant)  # noqa: SLF001

    app.router.add_route("*", "/{path:.*}", other)


def _tidy(path: str) -> str:
    return posixpath.normpath(re.sub("/+", "/", path))
