"""Calls to the REST API of one account: paced, with its access token in the header, a dead one replaced once."""

import asyncio
import hashlib
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from pydantic import SecretStr

from syncline.config import Settings
from syncline.errors import RejectedError, UnreachableError
from syncline.providers.marketo import answers
from syncline.providers.marketo.pace import Pace
from syncline.providers.port import Account
from syncline.wire import MEBIBYTE, Reply, Wire, WireError, without

#: A call may carry a mebibyte; headers and doubts take their share.
MAX_BODY = MEBIBYTE - 64 * 1024
_LIMIT = 16 * MEBIBYTE
#: Marketo itself gives up an upsert only after 90 seconds, anything else after 30; who hangs up earlier and tries again
#: may have a person twice.
_WRITE_PATIENCE = 3
#: The same token is answered until it has expired, so asking early brings nothing new; this is only for the way.
_LEEWAY = 2.0
_OK = 200
_REFUSALS = {400, 401, 403}


@dataclass(slots=True)
class _Access:
    """The token of one account, in memory only."""

    token: SecretStr | None = None
    until: float = 0.0  #: on the monotonic clock
    fetching: asyncio.Lock = field(default_factory=asyncio.Lock)


class Api:
    """The REST API of all accounts."""

    def __init__(self, wire: Wire, settings: Settings) -> None:
        """Take the wire, and from the settings how fast an instance may be called."""
        self._wire = wire
        self._settings = settings
        self._access: dict[str, _Access] = {}
        self._paces: dict[str, Pace] = {}

    async def get(self, account: Account, path: str, **query: str) -> list[dict[str, Any]]:
        """Answer the result of a read; raises `ProviderError`."""
        suffix = f"?{urlencode(query)}" if query else ""
        return await self._call(account, "GET", f"{path}{suffix}")

    async def post(self, account: Account, path: str, body: bytes) -> list[dict[str, Any]]:
        """Answer the result of a write; raises `ProviderError`."""
        return await self._call(account, "POST", path, body)

    async def authenticate(self, account: Account) -> None:
        """Fetch an access token whether there is one or not; raises `ProviderError`."""
        access = self._access_of(account)
        access.token = None
        await self._token(account, access)

    async def _call(self, account: Account, method: str, path: str, body: bytes | None = None) -> list[dict[str, Any]]:
        access = self._access_of(account)
        token = await self._token(account, access)
        reply = await self._send(account, method, path, body, token)
        code, _ = answers.said(answers.envelope(reply))
        if code in answers.TOKEN_CODES:
            if access.token is token:  # Unless another call has fetched a new one meanwhile.
                access.token = None
            reply = await self._send(account, method, path, body, await self._token(account, access))
        return answers.result(reply, datetime.now(UTC))

    async def _send(self, account: Account, method: str, path: str, body: bytes | None, token: SecretStr) -> Reply:
        headers = {"Authorization": f"Bearer {token.get_secret_value()}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        async with self._pace(account).lane():
            try:
                reply = await self._wire.call(
                    method,
                    account.url + path,
                    headers=headers,
                    body=body,
                    limit=_LIMIT,
                    timeout=self._settings.http_timeout * (_WRITE_PATIENCE if body else 1),
                )
            except WireError as error:
                raise answers.outage(error) from None
        # A refusal comes with 200 too, and its words are shown.
        return without(reply, token.get_secret_value())

    async def _token(self, account: Account, access: _Access) -> SecretStr:
        async with access.fetching:
            if access.token is None or time.monotonic() >= access.until:
                access.token, lifetime = await self._fetch(account)
                access.until = time.monotonic() + lifetime
            return access.token

    async def _fetch(self, account: Account) -> tuple[SecretStr, float]:
        """Fetch a token (RFC 6749 §4.4); in a form, since an address would be logged."""
        form = {
            "grant_type": "client_credentials",
            "client_id": account.client_id.get_secret_value(),
            "client_secret": account.client_secret.get_secret_value(),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        url = f"{account.url}/identity/oauth/token"
        try:
            reply = await self._wire.call("POST", url, headers=headers, body=urlencode(form).encode())
            if reply.status in _REFUSALS:
                raise RejectedError("marketo.wrong_credentials", f"{_host(account)} refused client id and secret")
            document = reply.document() if reply.status == _OK else None
        except WireError as error:
            raise answers.outage(error) from None
        try:
            grant = msgspec.convert(document, _TokenReply, strict=False)
        except msgspec.ValidationError:
            detail = f"Marketo answered {reply.status} without an access token"
            raise UnreachableError("marketo.unreachable", detail, retry_after=reply.retry_after()) from None
        return SecretStr(grant.access_token), max(0.0, grant.expires_in - _LEEWAY)

    def _access_of(self, account: Account) -> _Access:
        """Answer the account's place, found by a hash so that no secret is a key that could be printed."""
        parts = (account.url, account.client_id.get_secret_value(), account.client_secret.get_secret_value())
        name = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        return self._access.setdefault(name, _Access())

    def _pace(self, account: Account) -> Pace:
        """Answer the pace of the account's instance: Marketo counts all API users of an instance together."""
        if account.url not in self._paces:
            settings = self._settings
            self._paces[account.url] = Pace(rate=settings.target_rate, concurrency=settings.target_concurrency)
        return self._paces[account.url]


class _TokenReply(msgspec.Struct):
    access_token: str
    expires_in: float


def _host(account: Account) -> str:
    return urlsplit(account.url).hostname or ""
