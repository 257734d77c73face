"""The login: authorization code with PKCE, refresh, revocation (RFC 6749, 7636, 7009) as Salesforce does them."""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import urlencode, urlsplit

from pydantic import SecretStr

from syncline.errors import GrantLostError, InputError, ProviderError, RejectedError, ThrottledError, UnreachableError
from syncline.oauth import OAuthClient, Refusal, Tokens
from syncline.providers.port import App, Grant
from syncline.providers.salesforce import ids, refusals
from syncline.providers.salesforce.hosts import Hosts
from syncline.wire import Wire, WireError

#: `id` is for asking who logged in, `refresh_token` for working while nobody is there. Never `full` or `web`.
SCOPES = ("api", "refresh_token", "id")
#: What a granted scope is worth when it bears another name.
_IMPLIED = {"full": {"api", "id"}, "offline_access": {"refresh_token"}, "openid": {"id"}, "profile": {"id"}}
_NEEDED = {"api", "refresh_token"}
_AUTHORIZE, _TOKEN, _REVOKE = (f"/services/oauth2/{name}" for name in ("authorize", "token", "revoke"))
_DISCOVERY = "/.well-known/openid-configuration"
_PASSING = {"salesforce.unreachable", "salesforce.login_rate_exceeded"}
#: 3,600 logins an hour and user are allowed; the count falls with every minute.
_LOGIN_RATE_WAIT = 900.0
#: The token endpoint answered in so many words that it is too busy to do anything.
_DID_NOTHING = {429, 503}
_OK, _SERVER_FAULT = 200, 500
_MICROSECONDS = 1000


class Login:
    """Everything that happens at the login host."""

    def __init__(self, wire: Wire, hosts: Hosts) -> None:
        """Take the wire and the rule of hosts."""
        self._wire = wire
        self._hosts = hosts

    def authorize_url(self, app: App, *, state: str, challenge: str) -> str:
        """Answer where the browser goes; `prompt=login` lets nobody in by a session that happens to be open."""
        query = {
            "response_type": "code",
            "client_id": app.consumer_key.get_secret_value(),
            "redirect_uri": app.redirect_uri,
            "scope": " ".join(SCOPES),
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "prompt": "login",
        }
        return f"{self._hosts.origin(app.login_host)}{_AUTHORIZE}?{urlencode(query)}"

    async def probe(self, app: App) -> None:
        """Offer a code that cannot exist: Salesforce looks at key and secret first, and says which is wrong."""
        answer = await self._exchange(app, SecretStr("probe"), SecretStr(secrets.token_urlsafe(32)))
        if isinstance(answer, Refusal) and answer.error != "invalid_grant":
            raise _error(answer)

    async def names_issuer(self, app: App) -> bool:
        """Whether the login host says that each login comes back with its name (RFC 9207 §3); today none does."""
        try:
            reply = await self._wire.call("GET", self._url(app, _DISCOVERY))
            document = reply.document() if reply.status == _OK else None
        except WireError as error:
            raise _outage(error) from None
        if reply.status >= _SERVER_FAULT or reply.status in _DID_NOTHING:
            raise UnreachableError("salesforce.unreachable", f"Salesforce answered {reply.status}")
        return isinstance(document, dict) and document.get("authorization_response_iss_parameter_supported") is True

    async def exchange(self, app: App, *, code: SecretStr, verifier: SecretStr) -> Grant:
        """Spend an authorization code; raises as the port says."""
        answer = await self._exchange(app, code, verifier)
        if isinstance(answer, Refusal):
            raise _error(answer)
        grant = self._grant(app, answer)
        if grant.refresh_token is None:
            raise RejectedError("salesforce.no_refresh_token", "the login gave no refresh token")
        return grant

    async def refresh(self, app: App, refresh_token: SecretStr) -> Grant:
        """Spend a refresh token; raises as the port says."""
        try:
            answer = await self._client(app).refresh(self._url(app, _TOKEN), refresh_token)
        except WireError as error:
            raise _outage(error) from None
        if not isinstance(answer, Refusal):
            return self._grant(app, answer)
        if refusals.is_collision(answer.error, answer.description):
            raise UnreachableError("salesforce.refresh_collision", refusals.shown(answer.error, answer.description))
        raise _condemned(_error(answer))

    async def revoke(self, app: App, token: SecretStr) -> None:
        """Revoke a token; one that Salesforce does not know (any more) counts as revoked."""
        try:
            refusal = await self._client(app).revoke(self._url(app, _REVOKE), token)
        except WireError as error:
            raise _outage(error) from None
        if refusal is not None and refusal.error not in {"invalid_token", "unsupported_token_type"}:
            raise _error(refusal)

    async def _exchange(self, app: App, code: SecretStr, verifier: SecretStr) -> Tokens | Refusal:
        try:
            return await self._client(app).exchange(
                self._url(app, _TOKEN), code=code, verifier=verifier, redirect_uri=app.redirect_uri
            )
        except WireError as error:
            raise _outage(error) from None

    def _client(self, app: App) -> OAuthClient:
        return OAuthClient(self._wire, app.consumer_key, app.consumer_secret)

    def _url(self, app: App, path: str) -> str:
        return self._hosts.origin(app.login_host) + path

    def _grant(self, app: App, tokens: Tokens) -> Grant:
        """Read a token reply, whose identity is signed with the consumer secret; raises `RejectedError`."""
        reply = {name: str(value) for name, value in tokens.document.items() if value is not None}
        identity, issued = reply.get("id", ""), reply.get("issued_at", "")
        if not _is_signed(app.consumer_secret, identity + issued, reply.get("signature", "")):
            raise RejectedError("salesforce.bad_signature", "the token reply is not signed with the consumer secret")
        org_id, user_id = ids.named_in(urlsplit(identity).path)
        if not org_id or not issued.isdecimal():
            raise RejectedError("salesforce.bad_signature", "the token reply names no org and user")
        if reply.get("token_type", "Bearer").lower() != "bearer":
            # RFC 6749 §7.1: a token of a type that is not understood must not be used. Older replies name none.
            raise RejectedError("salesforce.wrong_token_type", "the token reply has no bearer token")
        scopes = tuple(reply.get("scope", "").split())
        _check_scopes(scopes)
        refresh_token = reply.get("refresh_token")
        return Grant(
            access_token=SecretStr(reply["access_token"]),
            refresh_token=SecretStr(refresh_token) if refresh_token else None,
            instance_url=self._trusted(reply.get("instance_url", "")),
            identity_url=self._trusted(identity) + urlsplit(identity).path,
            scopes=scopes,
            issued_at=int(issued) * _MICROSECONDS,
            org_id=org_id,
            user_id=user_id,
        )

    def _trusted(self, url: str) -> str:
        try:
            return self._hosts.origin_of(url)
        except InputError:
            host = (urlsplit(url).hostname or "no host")[:100]
            raise RejectedError("salesforce.hostile_instance", f"the token reply names {host}") from None


def _is_signed(secret: SecretStr, message: str, signature: str) -> bool:
    made = hmac.new(secret.get_secret_value().encode(), message.encode(), hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(made), signature.encode())


def _check_scopes(scopes: tuple[str, ...]) -> None:
    granted = set(scopes).union(*(_IMPLIED.get(scope, set()) for scope in scopes))
    missing = sorted(_NEEDED - granted)
    if scopes and missing:
        raise RejectedError("salesforce.missing_scope", f"the login did not grant {' and '.join(missing)}")


def _outage(error: WireError) -> UnreachableError:
    return UnreachableError("salesforce.unreachable", f"Salesforce {error}", reply_lost=error.sent)


def _error(refusal: Refusal) -> ProviderError:
    words = refusals.shown(refusal.error, refusal.description)
    # Before a server's fault is read as an outage: some errors come with 5xx and still are an answer.
    code = refusals.meaning(refusal.error, refusal.description)
    if code == "salesforce.login_rate_exceeded":
        return ThrottledError(code, words, retry_after=refusal.retry_after or _LOGIN_RATE_WAIT)
    if code in _PASSING or refusal.status in _DID_NOTHING or (not refusal.error and refusal.status >= _SERVER_FAULT):
        lost = refusal.status >= _SERVER_FAULT and refusal.status not in _DID_NOTHING
        said = words if refusal.error else "Salesforce answered"
        detail = f"{said} ({refusal.status})"
        return UnreachableError("salesforce.unreachable", detail, retry_after=refusal.retry_after, reply_lost=lost)
    if not refusal.error:
        return UnreachableError("salesforce.unreachable", f"Salesforce answered {refusal.status}", reply_lost=True)
    return RejectedError(code, words)


def _condemned(error: ProviderError) -> ProviderError:
    """Turn what a refused refresh means into the loss of the grant, but for what passes or is about our address."""
    if isinstance(error, UnreachableError):
        return error
    if error.code == "salesforce.ip_restricted":
        # Also said outside the user's login hours, and then it passes.
        return UnreachableError(error.code, error.detail)
    lost = {"salesforce.login_refused", "salesforce.code_expired"}
    return GrantLostError("salesforce.grant_lost" if error.code in lost else error.code, error.detail)
