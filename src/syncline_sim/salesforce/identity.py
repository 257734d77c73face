"""Who a token belongs to: the identity URL, userinfo and the discovery document.

These endpoints refuse with 403 and a word in plain text, unlike everything else.
"""

from typing import TYPE_CHECKING, Any

from aiohttp import web

from syncline_sim.salesforce import hosts, ids, tokens
from syncline_sim.salesforce.apps import SCOPES
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.tokens import Login

if TYPE_CHECKING:
    from syncline_sim.world import World

_APIS = {
    "enterprise": "/services/Soap/c/{version}/",
    "partner": "/services/Soap/u/{version}/",
    "rest": "/services/data/v{version}/",
    "sobjects": "/services/data/v{version}/sobjects/",
    "search": "/services/data/v{version}/search/",
    "query": "/services/data/v{version}/query/",
    "recent": "/services/data/v{version}/recent/",
}


def add_routes(app: web.Application, world: "World") -> None:
    """Mount the endpoints."""

    async def identity(request: web.Request) -> web.Response:
        login = _login(world, request)
        org, user = (ids.full(request.match_info[part]) for part in ("org", "user"))
        if org != login.org.id:
            return web.Response(status=403, text="Wrong_Org")
        if user != login.user.id:
            return web.Response(status=403, text="Bad_Id")
        return web.json_response(
            {**_identity(hosts.origin(world, request), login), "urls": _urls(world, request, login)}
        )

    async def userinfo(request: web.Request) -> web.Response:
        login = _login(world, request)
        return web.json_response(
            {**_userinfo(hosts.origin(world, request), login), "urls": _urls(world, request, login)}
        )

    async def discovery(request: web.Request) -> web.Response:
        return web.json_response(_discovery(hosts.origin(world, request)))

    app.router.add_get("/id/{org}/{user}", identity)
    app.router.add_post("/id/{org}/{user}", identity)
    app.router.add_get("/services/oauth2/userinfo", userinfo)
    app.router.add_post("/services/oauth2/userinfo", userinfo)
    app.router.add_get("/.well-known/openid-configuration", discovery)


def _login(world: "World", request: web.Request) -> Login:
    sent = request.query.get("access_token") or request.query.get("oauth_token")
    if not sent and "Authorization" not in request.headers:
        raise web.HTTPForbidden(text="Missing_OAuth_Token")
    try:
        return tokens.login(world, sent) if sent else tokens.authenticate(world, request)
    except SalesforceError:
        raise web.HTTPForbidden(text="Bad_OAuth_Token") from None


def _identity(origin: str, login: Login) -> dict[str, Any]:
    user, org = login.user, login.org
    return {
        "id": f"{origin}/id/{org.id}/{user.id}",
        "asserted_user": True,
        "user_id": user.id,
        "organization_id": org.id,
        "username": user.username,
        "nick_name": user.username.partition("@")[0],
        "display_name": user.display_name,
        "email": user.email,
        "email_verified": True,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "timezone": "Europe/London",
        "photos": {},
        "status": {"created_date": None, "body": None},
        "active": user.active,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_GB",
        "utcOffset": 0,
        "last_modified_date": "2026-01-01T00:00:00Z",
        "is_app_installed": True,
    }


def _userinfo(origin: str, login: Login) -> dict[str, Any]:
    user, org = login.user, login.org
    return {
        "sub": f"{origin}/id/{org.id}/{user.id}",
        "user_id": user.id,
        "organization_id": org.id,
        "preferred_username": user.username,
        "nickname": user.username.partition("@")[0],
        "name": user.display_name,
        "email": user.email,
        "email_verified": True,
        "given_name": user.first_name,
        "family_name": user.last_name,
        "zoneinfo": "Europe/London",
        "active": user.active,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_GB",
        "utcOffset": 0,
        "updated_at": "2026-01-01T00:00:00Z",
        "is_app_installed": True,
    }


def _urls(world: "World", request: web.Request, login: Login) -> dict[str, str]:
    # `{version}` stays as it is: the client fills it in.
    instance = hosts.instance(world, request, login.org)
    return {name: instance + path for name, path in _APIS.items()}


def _discovery(origin: str) -> dict[str, Any]:
    here = f"{origin}/services/oauth2"
    return {
        "issuer": origin,
        "authorization_endpoint": f"{here}/authorize",
        "token_endpoint": f"{here}/token",
        "revocation_endpoint": f"{here}/revoke",
        "userinfo_endpoint": f"{here}/userinfo",
        "introspection_endpoint": f"{here}/introspect",
        "scopes_supported": sorted(SCOPES),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "display_values_supported": ["page", "popup", "touch"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["active", "email", "name", "organization_id", "preferred_username", "user_id", "zoneinfo"],
    }
