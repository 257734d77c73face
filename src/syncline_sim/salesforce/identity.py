"""Who a token belongs to: the identity URL, userinfo and the discovery document.

These endpoints refuse with 403 and a word in plain text, unlike everything else.
"""

from typing import TYPE_CHECKING, Any

from aiohttp import web

from syncline_sim.salesforce import hosts, id_tokens, ids, tokens
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.json_reply import json_reply
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

#: All that a live one listed in August 2026; an app can have but few of them here, and is refused the others.
_SCOPES = (
    *("address", "api", "cdp_api", "cdp_calculated_insight_api", "cdp_identityresolution_api", "cdp_ingest_api"),
    *("cdp_profile_api", "cdp_query_api", "cdp_segment_api", "chatbot_api", "chatter_api", "content"),
    *("custom_permissions", "data_cloud_user_claims", "eclair_api", "einstein_gpt_api", "email", "forgot_password"),
    *("full", "id", "interaction_api", "lightning", "mcp_api", "offline_access", "openid", "pardot_api", "phone"),
    *("profile", "pwdless_login_api", "refresh_token", "scrt_api", "sfap_api", "user_registration_api"),
    *("visualforce", "wave_api", "web"),
)


def add_routes(app: web.Application, world: "World") -> None:
    """Mount the endpoints."""

    async def identity(request: web.Request) -> web.Response:
        login = _login(world, request)
        org, user = (ids.full(request.match_info[part]) for part in ("org", "user"))
        if org != login.org.id:
            return web.Response(status=403, text="Wrong_Org")
        if user != login.user.id:
            return web.Response(status=403, text="Bad_Id")
        return json_reply({**_identity(hosts.origin(world, request), login), "urls": _urls(world, request, login)})

    async def userinfo(request: web.Request) -> web.Response:
        login = _login(world, request)
        return json_reply({**_userinfo(hosts.origin(world, request), login), "urls": _urls(world, request, login)})

    async def discovery(request: web.Request) -> web.Response:
        return json_reply(_discovery(hosts.origin(world, request)))

    async def keys(_: web.Request) -> web.Response:
        return json_reply(id_tokens.keys())

    app.router.add_get("/id/keys", keys)
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
        "jwks_uri": f"{origin}/id/keys",
        "scopes_supported": list(_SCOPES),
        "response_types_supported": ["code", "token", "token id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "display_values_supported": ["page", "popup", "touch"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
        "claims_supported": ["active", "email", "name", "organization_id", "preferred_username", "user_id", "zoneinfo"],
    }
