"""The token endpoint and its neighbours: exchange and refresh, revocation, introspection.

Facts: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow_ca.htm; a reply has no
`expires_in`, and `issued_at` is a string of milliseconds.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus, urlencode
from xml.sax.saxutils import escape

import msgspec
from aiohttp import web

from syncline_sim.salesforce import apps, direct_logins, grants, hosts, id_tokens, networks, policies, tokens
from syncline_sim.salesforce.apps import App
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.grants import Issued
from syncline_sim.salesforce.json_reply import json_reply
from syncline_sim.salesforce.oauth_errors import OAuthError
from syncline_sim.salesforce.policies import Step

if TYPE_CHECKING:
    from syncline_sim.world import World

#: The forms of a reply besides JSON, by the first type that a client accepts.
_FORMATS = {"application/xml": "xml", "application/x-www-form-urlencoded": "urlencoded"}
_Answer = Callable[[web.Request, Mapping[str, str]], Awaitable[web.Response]]


class TokenEndpoint:
    """The endpoints that programs call without a browser."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._refreshing: set[str] = set()

    def add_routes(self, app: web.Application) -> None:
        """Mount the endpoints."""
        app.router.add_route("*", "/services/oauth2/token", self._door(self._token))
        app.router.add_route("*", "/services/oauth2/revoke", self._door(self._revoke, get=True))
        app.router.add_route("*", "/services/oauth2/introspect", self._door(self._introspect))

    def _door(self, answer: _Answer, *, get: bool = False) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            form = {**request.query, **await _form(request)}
            try:
                if request.method != "POST" and not (get and request.method == "GET"):
                    raise OAuthError("must_post")  # noqa: TRY301 - one way out for every refusal
                return await answer(request, form)
            except OAuthError as error:
                return _reply(request, form, error.body, status=400)

        return handle

    async def _token(self, request: web.Request, form: Mapping[str, str]) -> web.Response:
        switches = self._world.switches["salesforce"]
        if switches["token_error"]:
            raise OAuthError.of(switches["token_error"])
        kind = form.get("grant_type", "")
        exchange, direct = _GRANT_TYPES.get(kind, ""), direct_logins.BY_GRANT_TYPE.get(kind)
        if not exchange and not direct:
            raise OAuthError("grant_type")
        signed = kind == direct_logins.ASSERTION
        app = direct_logins.claimed_app(self._world, form) if signed else self._client(request, form, exchange=exchange)
        if switches["ip_blocked"]:
            raise OAuthError("ip")
        if app.settings.blocked:
            raise OAuthError("app_blocked")
        issued = (
            direct(self._world, app, form, request) if direct else await getattr(self, exchange)(app, form, request)
        )
        document = self._document(request, app, issued)
        if signed:  # Without a secret there is nothing to sign with.
            document = {name: value for name, value in document.items() if name not in ("signature", "issued_at")}
        return _reply(request, form, document)

    async def _exchange_code(self, app: App, form: Mapping[str, str], request: web.Request) -> Issued:
        await asyncio.sleep(self._world.switches["salesforce"]["token_latency"])
        return grants.spend_code(
            self._world,
            app,
            form.get("code", ""),
            redirect_uri=form.get("redirect_uri", ""),
            verifier=form.get("code_verifier", ""),
            judge=self._judge(app, request, "exchange"),
        )

    async def _refresh(self, app: App, form: Mapping[str, str], request: web.Request) -> Issued:
        token = form.get("refresh_token", "")
        # Without rotation the vendor answers refreshes that overlap with this misleading text; they may be repeated.
        if token in self._refreshing and not grants.rotates(self._world, app):
            raise OAuthError("code_expired")
        self._refreshing.add(token)
        try:
            await asyncio.sleep(self._world.switches["salesforce"]["token_latency"])
            return grants.refresh(self._world, app, token, self._judge(app, request, "refresh"))
        finally:
            self._refreshing.discard(token)

    def _judge(self, app: App, request: web.Request, step: Step) -> grants.Judge:
        address = networks.source(self._world, request)
        return lambda user: policies.judge(self._world, app, user, address, step)

    async def _revoke(self, _: web.Request, form: Mapping[str, str]) -> web.Response:
        name = form.get("callback", "")
        if name:  # A script tag of a page asks so, and needs an answer that is a script, whatever has happened.
            return _script(name, self._end(form))
        refused = self._end(form)
        if refused:
            raise refused
        return web.Response()

    def _end(self, form: Mapping[str, str]) -> OAuthError | None:
        if form.get("token_type_hint", "access_token") not in ("access_token", "refresh_token"):
            return OAuthError("token_type")
        return None if grants.revoke_token(self._world, form.get("token", "")) else OAuthError("token_unknown")

    async def _introspect(self, request: web.Request, form: Mapping[str, str]) -> web.Response:
        app = self._client(request, form, exchange="")
        try:
            login = tokens.login(self._world, form.get("token", ""))
        except SalesforceError:
            return json_reply({"active": False})
        if login.consumer_key != app.consumer_key:
            return json_reply({"active": False})
        issued, expires = self._world.db.execute(
            "SELECT issued_at, expires_at FROM salesforce_access_tokens WHERE token = ?", (login.token,)
        ).fetchone()
        document = {
            "active": True,
            "scope": " ".join(sorted(login.scopes)),
            "client_id": app.consumer_key,
            "username": login.user.username,
            "sub": self._identity(request, login.user.org_id, login.user.id),
            "token_type": "access_token",
            "iat": int(issued),
            "nbf": int(issued),
            "exp": int(expires),
        }
        return json_reply(document)

    def _client(self, request: web.Request, form: Mapping[str, str], *, exchange: str) -> App:
        """Answer which app calls: first the key is judged, then the secret, so that a client can tell the two."""
        if form.get("client_assertion"):
            return direct_logins.asserted_app(self._world, form["client_assertion"], request)
        key, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        app = apps.find_working(self._world, key)
        if app is None:
            raise OAuthError("client_id")
        needed = {
            "_exchange_code": app.settings.require_secret_web,
            "_refresh": app.settings.require_secret_refresh,
        }
        # A secret that is sent is judged even where none is needed.
        if (secret or needed.get(exchange, True)) and not app.knows(secret):
            raise OAuthError("client")
        return app

    def _document(self, request: web.Request, app: App, issued: Issued) -> dict[str, str]:
        login = tokens.login(self._world, issued.access_token)
        identity = self._identity(request, login.org.id, login.user.id)
        issued_at = str(int(self._world.now() * 1000))
        own = self._world.switches["salesforce"]["instance_url"]
        document = {
            "access_token": issued.access_token,
            "signature": sign(app.consumer_secret, identity, issued_at),
            "scope": " ".join(sorted(issued.grant.scopes)),
            "instance_url": own or hosts.instance(self._world, request, login.org),
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }
        if issued.refresh_token:
            document["refresh_token"] = issued.refresh_token
        if "openid" in issued.grant.scopes:
            document["id_token"] = id_tokens.issue(
                self._world,
                hosts.origin(self._world, request),
                identity,
                app.consumer_key,
                access_token=issued.access_token,
                nonce=issued.nonce,
            )
        return document

    def _identity(self, request: web.Request, org_id: str, user_id: str) -> str:
        return f"{hosts.origin(self._world, request)}/id/{org_id}/{user_id}"


#: What is done for each grant type: a method above.
_GRANT_TYPES = {"authorization_code": "_exchange_code", "refresh_token": "_refresh"}


def sign(consumer_secret: str, identity: str, issued_at: str) -> str:
    """Answer the signature by which a client knows that a reply is from one who knows the secret."""
    message = (identity + issued_at).encode()
    return base64.b64encode(hmac.new(consumer_secret.encode(), message, hashlib.sha256).digest()).decode()


async def _form(request: web.Request) -> dict[str, str]:
    try:
        return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    except (ValueError, LookupError):  # No form at all.
        return {}


def _basic(request: web.Request) -> tuple[str, str] | None:
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, _, secret = base64.b64decode(sent.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthError("client") from None
    # RFC 6749 §2.3.1: both parts are form-encoded first.
    return unquote_plus(key), unquote_plus(secret)


def _script(name: str, refused: OAuthError | None) -> web.Response:
    """Answer a call of the function that a page has named, if that is a name."""
    if not re.fullmatch(r"[A-Za-z_$][\w$.]{0,99}", name, re.ASCII):
        raise OAuthError("callback")
    document = msgspec.json.encode(refused.body if refused else {}).decode()
    return web.Response(text=f"{name}({document});", content_type="text/javascript", charset="UTF-8")


def _reply(
    request: web.Request, form: Mapping[str, str], document: Mapping[str, Any], *, status: int = 200
) -> web.Response:
    accept = request.headers.get("Accept", "").partition(",")[0].partition(";")[0].strip().lower()
    wanted = form.get("format") or _FORMATS.get(accept, "json")
    headers = {"Cache-Control": "no-cache, no-store"}
    if wanted == "urlencoded":
        text, kind = urlencode(document), "application/x-www-form-urlencoded"
    elif wanted == "xml":
        members = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in document.items())
        text, kind = f'<?xml version="1.0" encoding="UTF-8"?><OAuth>{members}</OAuth>', "application/xml"
    else:
        return json_reply(document, status, headers)
    return web.Response(text=text, status=status, content_type=kind, headers=headers)
