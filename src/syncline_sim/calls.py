"""What has been asked of the world: every call counted by path and by operation, the newest ones kept in order."""

import re
from collections import Counter, deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from syncline_sim.salesforce.gate import plain_path

if TYPE_CHECKING:
    from syncline_sim.world import World

_KEPT = 5000
_OPERATION = web.RequestKey("operation", str)
#: Operation by path, the first that fits; `token` is told apart by its grant type.
_OPERATIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "salesforce": (
        ("authorize", r"/services/oauth2/authorize"),
        ("token", r"/services/oauth2/token"),
        ("revoke", r"/services/oauth2/revoke"),
        ("introspect", r"/services/oauth2/introspect"),
        ("userinfo", r"/services/oauth2/userinfo"),
        ("discovery", r"/\.well-known/.*"),
        ("identity", r"/id/.*"),
        ("query.more", r"/services/data/v[^/]+/query(All)?/.+"),
        ("query", r"/services/data/v[^/]+/query"),
        ("query.all", r"/services/data/v[^/]+/queryAll"),
        ("limits", r"/services/data/v[^/]+/limits"),
        ("composite", r"/services/data/v[^/]+/composite(/.*)?"),
        ("describe", r"/services/data/v[^/]+/sobjects/[^/]+/describe"),
        ("replication", r"/services/data/v[^/]+/sobjects/[^/]+/(updated|deleted)"),
        ("objects", r"/services/data/v[^/]+/sobjects"),
        ("record", r"/services/data/v[^/]+/sobjects/.+"),
        ("bulk.results", r"/services/data/v[^/]+/jobs/[^/]+/[^/]+/[^/]*[Rr](esult|ecord).*"),
        ("bulk.upload", r"/services/data/v[^/]+/jobs/ingest/[^/]+/batches"),
        ("bulk", r"/services/data/v[^/]+/jobs/.*"),
        ("versions", r"/services/data"),
        ("soap", r"/services/Soap/.*"),
        ("streaming", r"/cometd(/.*)?"),
        ("data", r"/services/.*"),
        ("page", r".*"),
    ),
    "marketo": (
        ("token", r"/identity/oauth/token"),
        ("leads.describe", r"/rest/v1/leads/describe2?\.json"),
        ("fields", r"/rest/v1/leads/schema/fields(/.*)?\.json"),
        ("leads.delete", r"/rest/v1/leads/delete\.json"),
        ("leads.merge", r"/rest/v1/leads/[^/]+/merge\.json"),
        ("leads", r"/rest/v1/leads?(/.*)?\.json"),
        ("usage", r"/rest/v1/stats/.*"),
        ("bulk.import", r"(/rest/\.\.)?/bulk/v1/(leads(/batch/.*)?|customobjects/[^/]+/import(/.*)?)\.json"),
        ("bulk.export", r"(/rest/\.\.)?/bulk/v1/.+/export(/.*)?\.json"),
        ("activities", r"/rest/v1/activities(/.*)?\.json"),
        ("lists", r"/rest/v1/lists?(/.*)?\.json"),
        ("assets", r"/rest/asset/v1/.*"),
        ("custom", r"/rest/v1/customobjects(/.*)?\.json"),
        ("crm", r"/rest/v1/(companies|opportunities|salespersons)(/.*)?\.json"),
        ("other", r".*"),
    ),
    "control": (("control", r".*"),),
}


class Calls:
    """The book of calls of one world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._log: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._paths: Counter[tuple[str, str]] = Counter()
        self._operations: Counter[tuple[str, str]] = Counter()

    def count(self, side: str) -> Middleware:
        """Answer the middleware that writes down every call of a side, before and after it is answered."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            name = await _name(side, request)
            request[_OPERATION] = name
            path = plain_path(request)
            self._paths[side, f"{request.method} {path}"] += 1
            self._operations[side, name] += 1
            entry = {"side": side, "operation": name, "method": request.method, "path": path, "status": None}
            self._log.append({"at": self._world.now(), **entry})
            kept = self._log[-1]
            response = await handler(request)
            kept["status"] = response.status
            return response

        return middleware

    def totals(self, side: str) -> dict[str, Any]:
        """Answer how often a side was called, by path and by operation."""
        operations = {name: count for (where, name), count in sorted(self._operations.items()) if where == side}
        paths = {path: count for (where, path), count in sorted(self._paths.items()) if where == side}
        return {"total": sum(operations.values()), "operations": operations, "paths": paths}

    def newest(self, limit: int) -> list[dict[str, Any]]:
        """Answer the newest calls, oldest first; a `status` of null was never answered."""
        return list(self._log)[-limit:] if limit else []

    def clear(self) -> None:
        """Begin the book again."""
        self._log.clear()
        self._paths.clear()
        self._operations.clear()


def operation(request: web.Request) -> str:
    """Answer what a request was taken for."""
    return request[_OPERATION]


async def _name(side: str, request: web.Request) -> str:
    path = plain_path(request).rstrip("/")
    name = next(name for name, pattern in _OPERATIONS[side] if re.fullmatch(pattern, path))
    if (side, name) == ("salesforce", "token"):
        try:
            kind = (await request.post()).get("grant_type")
        except (ValueError, LookupError):  # A body that is no form, or in a charset that nobody knows.
            kind = None
        return {"authorization_code": "token.code", "refresh_token": "token.refresh"}.get(str(kind), "token.other")
    if (side, name, request.method) == ("marketo", "leads", "POST") and path == "/rest/v1/leads.json":
        return "leads.get" if request.content_type == "application/x-www-form-urlencoded" else "leads.sync"
    if (side, name) == ("marketo", "leads"):
        return "leads.get"
    if (side, name) == ("marketo", "fields"):
        return "fields.create" if request.method == "POST" else "fields.get"
    return name
