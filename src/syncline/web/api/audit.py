"""The audit log, read and taken away."""

from functools import partial

from aiohttp import web

from syncline.store import integrations
from syncline.web import access, audit_views, exports
from syncline.web.asked import (
    AuditAsked,
)
from syncline.web.models import (
    AuditPage,
)
from syncline.web.openapi import Api, Call

PART = Api()
_EXPORTS = ("application/x-ndjson", "text/csv")


@PART.route("GET", "/api/integrations/{id}/audit", right="read", query=AuditAsked, answer=AuditPage, streams=_EXPORTS)
async def read_audit(call: Call[None, AuditAsked]) -> AuditPage | web.StreamResponse:
    """Read or export the log of one integration."""
    integration = call.part("id")
    await call.site.store.read(partial(integrations.integration, id=integration))
    return await _audit(call, integration)


@PART.route("GET", "/api/audit", right="read", query=AuditAsked, answer=AuditPage, streams=_EXPORTS)
async def read_whole_audit(call: Call[None, AuditAsked]) -> AuditPage | web.StreamResponse:
    """Read or export the log of all integrations."""
    return await _audit(call, "")


async def _audit(call: Call[None, AuditAsked], integration: str) -> AuditPage | web.StreamResponse:
    if call.query.format == "json":
        return await audit_views.page(call.site, call.query, integration, only=call.who.key.integrations)
    access.require(call.request, "export")
    wanted = audit_views.wanted(call.query, integration, call.who.key.integrations)
    return await exports.export(call.site, call.request, call.query, wanted)
