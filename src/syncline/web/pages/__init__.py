"""The pages: server-rendered, usable without JavaScript, and nothing in them that the API does not also say."""

from aiohttp import web

from syncline.web import stream
from syncline.web.pages import (
    checkpoints,
    connect,
    forwarding,
    hooks,
    inbox,
    integration,
    integrations,
    keys,
    links,
    log,
    login,
    problem,
    sign_in,
    statics,
    subscriptions,
    tokens,
)
from syncline.web.pages import help as catalogue
from syncline.web.problems import PROBLEM_PAGE


def add_routes(app: web.Application) -> None:
    """Add every page, and draw problems for browsers."""
    app[PROBLEM_PAGE] = problem.paint
    app.add_routes(
        [
            web.get("/sign-in", sign_in.show),
            web.post("/sign-in", sign_in.enter),
            web.post("/sign-out", sign_in.leave),
            web.get("/", integrations.show),
            web.get("/new", integrations.ask),
            web.post("/new", integrations.make),
            web.get("/i/{id}", integration.show),
            web.post("/i/{id}", integration.send),
            web.get("/i/{id}/do/{event}", integration.ask),
            web.post("/i/{id}/login", login.leave),
            web.get("/i/{id}/login/finished", login.finished),
            web.get("/i/{id}/stream", stream.follow),
            web.get("/connect/{text}", connect.show),
            web.post("/connect/{text}", connect.redeem),
            web.get("/i/{id}/links", links.show),
            web.post("/i/{id}/links", links.make),
            web.post("/i/{id}/links/{link}/revoke", links.revoke),
            web.get("/i/{id}/hooks", hooks.show),
            web.post("/i/{id}/hooks/{door}", hooks.rotate),
            web.get("/inbox", inbox.show),
            web.post("/inbox/{request}/replay", inbox.replay),
            web.get("/i/{id}/timeline", log.timeline),
            web.get(r"/i/{id}/timeline/{seq:[0-9]{1,18}}", log.raw),
            web.get("/subscriptions", subscriptions.show),
            web.post("/subscriptions", subscriptions.make),
            web.get("/subscriptions/{id}", subscriptions.see),
            web.post("/subscriptions/{id}/{act}", subscriptions.act),
            web.get("/audit", log.audit),
            web.get("/audit/checkpoints", checkpoints.show),
            web.get("/audit/forwarding", forwarding.show),
            web.get("/help/errors", catalogue.catalogue),
            web.get("/help/errors/{code}", catalogue.entry),
            web.get("/tokens", tokens.show),
            web.get("/keys", keys.show),
            web.post("/keys", keys.make),
            web.post("/keys/{id}/revoke", keys.revoke),
            web.get("/static/{name}", statics.show),
        ]
    )
