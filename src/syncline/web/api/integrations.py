"""Integrations: made, listed, looked at, commanded; and the connect links of one."""

from functools import partial

from aiohttp import web

from syncline.store import integrations
from syncline.store.links import links as stored_links
from syncline.web import commands, links, logins
from syncline.web.asked import (
    CommandBody,
    LinkAsked,
    ListAsked,
    NewIntegration,
    StatusAsked,
    TokensAsked,
)
from syncline.web.link_models import Links, LinkView, NewLinkView
from syncline.web.models import (
    Created,
    HookSecret,
    SentEvent,
    Status,
    Summaries,
)
from syncline.web.openapi import Api, Call, reply
from syncline.web.past import status_at
from syncline.web.status import hook_url, status, summaries
from syncline.web.tokens import Tokens, inventory

PART = Api()


@PART.route(
    "POST", "/api/integrations", right="command", body=NewIntegration, answer=Created, status=201, idempotent=True
)
async def create_integration(call: Call[NewIntegration, None]) -> Created:
    """Make an integration; the secret of its hook is shown this once."""
    sent = await commands.create(call.site, call.who, call.body, key=call.idempotency_key, request=call.request_id)
    now = await status(call.site, sent.outcome.integration)
    hook = HookSecret(url=hook_url(call.site, now.id), secret=sent.hook_secret)
    return Created(**{name: getattr(now, name) for name in Status.model_fields if name != "hook"}, hook=hook)


@PART.route("GET", "/api/integrations", right="read", query=ListAsked, answer=Summaries)
async def list_integrations(call: Call[None, ListAsked]) -> Summaries:
    """List integrations, a page at a time."""
    return await summaries(call.site, call.query, only=call.who.key.integrations)


@PART.route("GET", "/api/integrations/{id}", right="read", query=StatusAsked, answer=Status)
async def read_status(call: Call[None, StatusAsked]) -> Status:
    """Say why an integration is in its state, what blocks it, what can be done next; now or at a past moment."""
    moment = call.query.moment
    if moment is not None:
        return await status_at(call.site, call.part("id"), moment)
    return await status(call.site, call.part("id"))


@PART.route("POST", "/api/integrations/{id}/events", right="read", body=CommandBody, answer=SentEvent, idempotent=True)
async def send_command(call: Call[CommandBody, None]) -> web.StreamResponse:
    """Send a command; needs the right to command, and a refusal for want of it is put on the log."""
    integration = call.part("id")
    sent = await commands.send(
        call.site,
        call.who,
        integration,
        call.body.root,
        key=call.idempotency_key,
        request=call.request_id,
    )
    now = await status(call.site, integration)
    response = reply(SentEvent(outcome=sent.result, status=now, authorize_url=sent.authorize_url), 200)
    if sent.cookie is not None:
        logins.give(call.site, response, sent.cookie)
    return response


@PART.route("GET", "/api/integrations/{id}/connect-links", right="read", answer=Links)
async def list_links(call: Call[None, None]) -> Links:
    """List the connect links of an integration: who made them, who redeemed them, and how they stand."""
    integration = call.part("id")
    await call.site.store.read(partial(integrations.integration, id=integration))
    found = await call.site.privacy.reveal(await call.site.store.read(partial(stored_links, integration=integration)))
    return Links(items=tuple(LinkView.of(link, call.site.now()) for link in found))


@PART.route(
    "POST", "/api/integrations/{id}/connect-links", right="command", body=LinkAsked, answer=NewLinkView, status=201
)
async def create_link(call: Call[LinkAsked, None]) -> NewLinkView:
    """Make a one-use link for the source's side of the set-up; its address is shown this once."""
    link, url = await links.make(call.site, call.who, call.part("id"), call.body.hours, request=call.request_id)
    return NewLinkView(**LinkView.of(link, call.site.now()).model_dump(), url=url)


@PART.route("DELETE", "/api/integrations/{id}/connect-links/{link}", right="command")
async def revoke_link(call: Call[None, None]) -> None:
    """Revoke a connect link and end the session of the browser that redeemed it."""
    await links.revoke(call.site, call.who, call.part("id"), call.part("link"), request=call.request_id)


@PART.route("GET", "/api/tokens", right="read", query=TokensAsked, answer=Tokens)
async def list_tokens(call: Call[None, TokensAsked]) -> Tokens:
    """List the tokens that are held: age, scopes, last use, next refresh; never a token."""
    return await inventory(call.site, call.query, only=call.who.key.integrations)
