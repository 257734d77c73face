"""Whether the service lives, whether it is ready, and what it has counted."""

from aiohttp import web

from syncline.errors import SynclineError, UnavailableError
from syncline.store.effects import next_due, under_way
from syncline.store.subscriptions import subscriptions
from syncline.web.metrics import CONTENT_TYPE
from syncline.web.site import SITE


def add_routes(app: web.Application) -> None:
    """Add the routes that platforms ask."""
    app.router.add_get("/livez", live)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", metrics)


async def live(_request: web.Request) -> web.StreamResponse:
    """Answer that the loop turns."""
    return web.json_response({"status": "alive"})


async def ready(request: web.Request) -> web.StreamResponse:
    """Answer whether requests are welcome: the store answers, and the service does not stop."""
    site = request.app[SITE]
    if site.stopping.is_set():
        raise UnavailableError("service.stopping")
    try:
        await site.store.read(next_due)
    except SynclineError:
        raise
    except Exception as error:
        raise UnavailableError("store.unavailable", type(error).__name__) from error
    attention = site.checkpoints.standing.attention
    return web.json_response({"status": "ready", **({"attention": attention} if attention else {})})


async def metrics(request: web.Request) -> web.StreamResponse:
    """Answer the counters in the text format of Prometheus."""
    site = request.app[SITE]
    site.metrics.tell_forwarding(await site.forwarding.states())
    site.metrics.tell_checkpoints(site.checkpoints.standing)
    site.metrics.tell_subscriptions(await site.store.read(subscriptions))
    lag = None if site.index is None else site.index.lag
    body = site.metrics.write(await site.store.read(under_way), lag)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})
