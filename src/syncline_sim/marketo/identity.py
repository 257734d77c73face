"""The identity endpoint: client id and secret of a custom service for an access token (page "Authentication")."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from syncline_sim.marketo import api_users
from syncline_sim.marketo.tables import transaction

if TYPE_CHECKING:
    from syncline_sim.world import World

PATH = "/identity/oauth/token"
_GRANT_TYPE = "client_credentials"


def serve(world: "World") -> Callable[[web.Request], Awaitable[web.Response]]:
    """Answer the handler, for GET with a query and for POST with a form; no limit counts these calls."""

    async def handle(request: web.Request) -> web.Response:
        sent = {**request.query, **{name: str(value) for name, value in (await request.post()).items()}}
        grant_type = sent.get("grant_type", "")
        if grant_type != _GRANT_TYPE:
            if not grant_type:
                return _refuse(400, "invalid_request", "Missing grant type")
            return _refuse(400, "unsupported_grant_type", f"Unsupported grant type: {grant_type}")
        user = api_users.find(world.db, sent.get("client_id", ""))
        if user is None:
            return _refuse(401, "unauthorized", f"No client with requested id: {sent.get('client_id', '')}")
        if not hmac.compare_digest(user.client_secret.encode(), sent.get("client_secret", "").encode()):
            return _refuse(401, "invalid_client", "Bad client credentials")
        with transaction(world.db):
            token, left = api_users.token(world, user)
        document = {"access_token": token, "token_type": "bearer", "expires_in": left, "scope": user.user_id}
        return _reply(document, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})

    return handle


def _refuse(status: int, error: str, description: str) -> web.Response:
    return _reply({"error": error, "error_description": description}, status)


def _reply(document: dict[str, object], status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    body = msgspec.json.encode(document)
    return web.Response(status=status, body=body, content_type="application/json", charset="UTF-8", headers=headers)
