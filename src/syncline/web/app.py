"""The application: every route in one place, the middlewares around them, and the runner that serves them."""

from aiohttp import web

from syncline.web import access, api, asyncapi, callback, headers, health, hooks, notices, pages, problems
from syncline.web.site import SITE, Site

#: The largest request body that is read; the same for a hook, a form and a command.
BODY_LIMIT = 1024 * 1024


def build_app(site: Site) -> web.Application:
    """Build the application around a site; raises nothing that a request could cause."""
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[problems.boundary, access.guard])
    app[SITE] = site
    site.engine.watch(site.metrics.count_event)
    for door in (health, hooks, notices, callback, api, asyncapi, pages):
        door.add_routes(app)
    app.cleanup_ctx.append(site.inbox.run)
    app.on_cleanup.append(_hang_up)
    app.on_response_prepare.append(headers.add_headers)
    return app


async def _hang_up(app: web.Application) -> None:
    await app[SITE].destinations.close()


def build_runner(app: web.Application) -> web.AppRunner:
    """Build the runner: `problems.boundary` writes the access log, and a handler is never cut off by its client."""
    return web.AppRunner(app, access_log=None, handler_cancellation=False, keepalive_timeout=75, shutdown_timeout=3)
