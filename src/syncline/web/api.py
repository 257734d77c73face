"""The JSON API: one function a route. What it takes and answers is declared, and described at /openapi.json."""

from functools import partial

from aiohttp import web

from syncline.errors import NotFoundError
from syncline.store import access as stored
from syncline.store import integrations
from syncline.store.links import links as stored_links
from syncline.web import access, audit_views, commands, exports, links, logins
from syncline.web.api_keys import make_key
from syncline.web.asked import (
    AuditAsked,
    CommandBody,
    KeyAsked,
    LinkAsked,
    ListAsked,
    NewIntegration,
    StatusAsked,
    TokensAsked,
)
from syncline.web.key_models import Keys, KeyView, MasterKeys, NewKey
from syncline.web.link_models import Links, LinkView, NewLinkView
from syncline.web.models import (
    AuditPage,
    Created,
    HookSecret,
    ProblemEntry,
    SentEvent,
    Status,
    Summaries,
)
from syncline.web.openapi import Api, Call, reply
from syncline.web.past import status_at
from syncline.web.site import SITE
from syncline.web.status import hook_url, status, summaries
from syncline.web.tokens import Tokens, inventory

API = Api()
_EXPORTS = ("application/x-ndjson", "text/csv")


def add_routes(app: web.Application) -> None:
    """Add the API and its description."""
    API.add_routes(app)
    app.router.add_get("/openapi.json", describe)


async def describe(request: web.Request) -> web.StreamResponse:
    """Answer the OpenAPI 3.1 document."""
    return web.json_response(API.document(request.app[SITE].public_url))


@API.route(
    "POST", "/api/integrations", right="command", body=NewIntegration, answer=Created, status=201, idempotent=True
)
async def create_integration(call: Call[NewIntegration, None]) -> Created:
    """Make an integration; the secret of its hook is shown this once."""
    sent = await commands.create(call.site, call.who, call.body, key=call.idempotency_key, request=call.request_id)
    now = await status(call.site, sent.outcome.integration)
    hook = HookSecret(url=hook_url(call.site, now.id), secret=sent.hook_secret)
    return Created(**{name: getattr(now, name) for name in Status.model_fields if name != "hook"}, hook=hook)


@API.route("GET", "/api/integrations", right="read", query=ListAsked, answer=Summaries)
async def list_integrations(call: Call[None, ListAsked]) -> Summaries:
    """List integrations, a page at a time."""
    return await summaries(call.site, call.query, only=call.who.key.integrations)


@API.route("GET", "/api/integrations/{id}", right="read", query=StatusAsked, answer=Status)
async def read_status(call: Call[None, StatusAsked]) -> Status:
    """Say why an integration is in its state, what blocks it, what can be done next; now or at a past moment."""
    moment = call.query.moment
    if moment is not None:
        return await status_at(call.site, call.part("id"), moment)
    return await status(call.site, call.part("id"))


@API.route("POST", "/api/integrations/{id}/events", right="read", body=CommandBody, answer=SentEvent, idempotent=True)
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


@API.route("GET", "/api/integrations/{id}/audit", right="read", query=AuditAsked, answer=AuditPage, streams=_EXPORTS)
async def read_audit(call: Call[None, AuditAsked]) -> AuditPage | web.StreamResponse:
    """Read or export the log of one integration."""
    integration = call.part("id")
    await call.site.store.read(partial(integrations.integration, id=integration))
    return await _audit(call, integration)


@API.route("GET", "/api/integrations/{id}/connect-links", right="read", answer=Links)
async def list_links(call: Call[None, None]) -> Links:
    """List the connect links of an integration: who made them, who redeemed them, and how they stand."""
    integration = call.part("id")
    await call.site.store.read(partial(integrations.integration, id=integration))
    found = await call.site.privacy.reveal(await call.site.store.read(partial(stored_links, integration=integration)))
    return Links(items=tuple(LinkView.of(link, call.site.now()) for link in found))


@API.route(
    "POST", "/api/integrations/{id}/connect-links", right="command", body=LinkAsked, answer=NewLinkView, status=201
)
async def create_link(call: Call[LinkAsked, None]) -> NewLinkView:
    """Make a one-use link for the source's side of the set-up; its address is shown this once."""
    link, url = await links.make(call.site, call.who, call.part("id"), call.body.hours, request=call.request_id)
    return NewLinkView(**LinkView.of(link, call.site.now()).model_dump(), url=url)


@API.route("DELETE", "/api/integrations/{id}/connect-links/{link}", right="command")
async def revoke_link(call: Call[None, None]) -> None:
    """Revoke a connect link and end the session of the browser that redeemed it."""
    await links.revoke(call.site, call.who, call.part("id"), call.part("link"), request=call.request_id)


@API.route("GET", "/api/audit", right="read", query=AuditAsked, answer=AuditPage, streams=_EXPORTS)
async def read_whole_audit(call: Call[None, AuditAsked]) -> AuditPage | web.StreamResponse:
    """Read or export the log of all integrations."""
    return await _audit(call, "")


async def _audit(call: Call[None, AuditAsked], integration: str) -> AuditPage | web.StreamResponse:
    if call.query.format == "json":
        return await audit_views.page(call.site, call.query, integration, only=call.who.key.integrations)
    access.require(call.request, "export")
    wanted = audit_views.wanted(call.query, integration, call.who.key.integrations)
    return await exports.export(call.site, call.request, call.query, wanted)


@API.route("GET", "/api/tokens", right="read", query=TokensAsked, answer=Tokens)
async def list_tokens(call: Call[None, TokensAsked]) -> Tokens:
    """List the tokens that are held: age, scopes, last use, next refresh; never a token."""
    return await inventory(call.site, call.query, only=call.who.key.integrations)


@API.route("GET", "/api/keys", right="administer", answer=Keys)
async def list_keys(call: Call[None, None]) -> Keys:
    """List the API keys, revoked ones too."""
    found = await call.site.store.read(stored.keys)
    return Keys(items=tuple(KeyView.of(key) for key in found))


@API.route("POST", "/api/keys", right="administer", body=KeyAsked, answer=NewKey, status=201)
async def create_key(call: Call[KeyAsked, None]) -> NewKey:
    """Make an API key; its text is shown this once."""
    asked = call.body
    make = partial(make_key, name=asked.name, role=asked.role, integrations=asked.integrations, now=call.site.now())
    key, text = await call.site.store.write(make)
    return NewKey(**KeyView.of(key).model_dump(), key=text)


@API.route("DELETE", "/api/keys/{id}", right="administer")
async def revoke_key(call: Call[None, None]) -> None:
    """Revoke an API key and end its sessions; the last admin key stays."""
    await call.site.store.write(partial(stored.revoke_key, id=call.part("id"), now=call.site.now()))


@API.route("GET", "/api/master-keys", right="administer", answer=MasterKeys)
async def list_master_keys(call: Call[None, None]) -> MasterKeys:
    """List the master keys by id, with what each one wraps, and say where a rotation stands."""
    return MasterKeys.of(await call.site.rotation.progress())


@API.route("POST", "/api/master-keys/rotation", right="administer", answer=MasterKeys, status=202)
async def rotate_master_key(call: Call[None, None]) -> MasterKeys:
    """Change to a new master key and wrap every data key by it, in the background; one that is under way goes on."""
    return MasterKeys.of(await call.site.rotation.begin(call.who.key.id))


@API.route("GET", "/problems/{code}", right=None, answer=ProblemEntry)
async def explain_problem(call: Call[None, None]) -> ProblemEntry:
    """Explain a code of the error catalogue."""
    entry = call.site.catalogue.get(call.part("code"))
    if entry is None:
        raise NotFoundError("request.unknown_path", "the catalogue has no such code")
    return ProblemEntry(
        code=entry.code,
        meaning=entry.meaning,
        cause=entry.cause,
        remedy=entry.remedy,
        fixer=entry.fixer,
        retryable=entry.retryable,
    )
