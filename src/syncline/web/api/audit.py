"""The audit log, read and taken away."""

from functools import partial

from aiohttp import web

from syncline.store import integrations
from syncline.web import access, audit_views, exports, story
from syncline.web.asked import AuditAsked, LogAsked, WholeAuditAsked
from syncline.web.models import AuditPage
from syncline.web.openapi import Api, Call
from syncline.web.story import Story

PART = Api()
_EXPORTS = ("application/x-ndjson", "text/csv")


@PART.route("GET", "/api/integrations/{id}/audit", right="read", query=AuditAsked, answer=AuditPage, streams=_EXPORTS)
async def read_audit(call: Call[None, AuditAsked]) -> AuditPage | web.StreamResponse:
    """Read or export the log of one integration."""
    integration = call.part("id")
    await call.site.store.read(partial(integrations.integration, id=integration))
    return await _audit(call, integration)


@PART.route("GET", "/api/integrations/{id}/story", right="read", query=LogAsked, answer=Story)
async def read_story(call: Call[None, LogAsked]) -> Story:
    """Tell the story of one integration: its log with durations, effects, causes and what changed."""
    integration = call.part("id")
    await call.site.store.read(partial(integrations.integration, id=integration))
    return await story.page(call.site, call.query, audit_views.wanted(call.query, integration, call.who))


@PART.route("GET", "/api/audit", right="read", query=WholeAuditAsked, answer=AuditPage, streams=_EXPORTS)
async def read_whole_audit(call: Call[None, WholeAuditAsked]) -> AuditPage | web.StreamResponse:
    """Read or export the log of all integrations, and of the service itself."""
    return await _audit(call, call.query.integration)


async def _audit(
    call: Call[None, AuditAsked] | Call[None, WholeAuditAsked], integration: str
) -> AuditPage | web.StreamResponse:
    wanted = audit_views.wanted(call.query, integration, call.who)
    if call.query.format == "json":
        return await audit_views.page(call.site, call.query, wanted)
    access.require(call.request, "export")
    return await exports.export(call.site, call.request, call.query, wanted)
