"""The OAuth 2.0 client (RFC 6749, 7009, 7636): Authlib's, over our own wire, with refusals as data.

Authlib has no aiohttp client, so the hooks under its three verbs are overridden here; they are private, hence the
pinned version and a contract test. Nothing is kept: no token, no state, no automatic refresh. Law: each verb sends at
most one request.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from authlib.oauth2.client import DEFAULT_HEADERS, OAuth2Client
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from pydantic import SecretStr

from syncline.wire import Reply, Wire, WireError, without

#: 32 random octets, 43 letters (RFC 7636 §4.1).
_RANDOM_BYTES = 32
_SECRET_FIELDS = {"client_secret", "code", "code_verifier", "refresh_token", "token"}
_TOKEN_FIELDS = ("access_token", "refresh_token", "id_token")


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server answered, and said no (RFC 6749 §5.2); both strings are its own."""

    status: int
    error: str
    description: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """The server answered with tokens (RFC 6749 §5.1); `document` is the whole answer, secrets included."""

    document: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pkce:
    """A verifier to keep and the challenge to show (RFC 7636 §4)."""

    verifier: SecretStr
    challenge: str


def make_state() -> SecretStr:
    """Make an unguessable `state` (RFC 6749 §10.12)."""
    return SecretStr(secrets.token_urlsafe(_RANDOM_BYTES))


def make_pkce() -> Pkce:
    """Make a verifier and its S256 challenge."""
    verifier = secrets.token_urlsafe(_RANDOM_BYTES)
    return Pkce(SecretStr(verifier), challenge(verifier))


def challenge(verifier: str) -> str:
    """Answer the S256 challenge of a verifier (RFC 7636 §4.2)."""
    made: str = create_s256_code_challenge(verifier)  # type: ignore[no-untyped-call]  # its stubs have no types here
    return made


class OAuthClient:
    """One client at one authorization server."""

    def __init__(self, wire: Wire, key: SecretStr, secret: SecretStr) -> None:
        """Take the client's id and secret; they are sent in the body, where no encoding can spoil them."""
        self._client = _Client(wire, key.get_secret_value(), secret.get_secret_value(), "client_secret_post")

    async def exchange(self, url: str, *, code: SecretStr, verifier: SecretStr, redirect_uri: str) -> Tokens | Refusal:
        """Spend an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5); raises `WireError`."""
        answer: Tokens | Refusal = await self._client.fetch_token(
            url,
            grant_type="authorization_code",
            code=code.get_secret_value(),
            code_verifier=verifier.get_secret_value(),
            redirect_uri=redirect_uri,
        )
        return answer

    async def refresh(self, url: str, refresh_token: SecretStr) -> Tokens | Refusal:
        """Spend a refresh token (RFC 6749 §6); raises `WireError`."""
        answer: Tokens | Refusal = await self._client.refresh_token(url, refresh_token=refresh_token.get_secret_value())
        return answer

    async def revoke(self, url: str, token: SecretStr) -> Refusal | None:
        """Revoke a token, and what was derived from it (RFC 7009); raises `WireError`."""
        reply: Reply = await self._client.revoke_token(  # type: ignore[no-untyped-call]  # as above
            url, token=token.get_secret_value()
        )
        return None if reply.status == 200 else _refusal(reply)  # noqa: PLR2004  RFC 7009 §2.2


class _Client(OAuth2Client):
    """Authlib's client with its three private hooks made asynchronous."""

    def __init__(self, wire: Wire, key: str, secret: str, method: str) -> None:
        super().__init__(wire, key, secret, method, revocation_endpoint_auth_method=method)

    async def _fetch_token(self, url: str, **request: Any) -> Tokens | Refusal:  # noqa: ANN401  Authlib's keywords
        return _answer(await self._http_post(url, request["body"], request["auth"], request["headers"]))

    async def _refresh_token(self, url: str, **request: Any) -> Tokens | Refusal:  # noqa: ANN401  as above
        return _answer(await self._http_post(url, request["body"], request["auth"], request["headers"]))

    async def _http_post(self, url: str, body: str, auth: Any, headers: Mapping[str, str]) -> Reply:  # noqa: ANN401  untyped
        # A copy: Authlib hands out its module's own dictionary and lets authentication write into it.
        sent = {**DEFAULT_HEADERS, **headers}
        url, sent, body = auth.prepare("POST", url, sent, body)
        wire: Wire = self.session
        reply = await wire.call_once("POST", url, headers=sent, body=body.encode())
        return _discreet(reply, _confided(body))


def _confided(body: str) -> list[str]:
    """Answer the secrets in a form."""
    return [value for name, value in parse_qsl(body) if name in _SECRET_FIELDS]


def _discreet(reply: Reply, confided: list[str]) -> Reply:
    """Strike what was sent from an answer, and the tokens from all of it but their own places: the rest is shown."""
    try:
        document = reply.document() if reply.status == 200 else None  # noqa: PLR2004  RFC 6749 §5.1
    except WireError:
        document = None
    if not isinstance(document, dict) or "error" in document:  # Some servers say no with 200.
        return without(reply, *confided)
    tokens = {name: document.pop(name) for name in _TOKEN_FIELDS if isinstance(document.get(name), str)}
    rest = without(replace(reply, body=msgspec.json.encode(document)), *confided, *tokens.values())
    return replace(rest, body=msgspec.json.encode({**rest.document(), **tokens}))


def _answer(reply: Reply) -> Tokens | Refusal:
    if reply.status != 200:  # noqa: PLR2004  RFC 6749 §5.1
        return _refusal(reply)
    document = reply.document()
    if not isinstance(document, dict):
        raise WireError("answered 200 with something that is not a JSON object", sent=True)
    if "error" in document:
        return _refusal(reply)
    if not isinstance(document.get("access_token"), str) or not document["access_token"]:
        raise WireError("answered 200 without an access token", sent=True)
    return Tokens(document)


def _refusal(reply: Reply) -> Refusal:
    """Read an error document; a server that says no in another form has still said no, with an empty `error`."""
    try:
        document = reply.document()
    except WireError:
        document = None
    if not isinstance(document, dict):
        document = {}
    error, description = (str(document.get(name) or "") for name in ("error", "error_description"))
    return Refusal(reply.status, error, description, reply.retry_after())
