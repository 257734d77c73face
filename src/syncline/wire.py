"""One HTTP call to somebody else's server, bounded in time and in size, and its answer as plain data.

Law: no redirect is followed, since a token must not travel to where another server points. No exception raised here
holds what was sent, for that may be a secret.
"""

import asyncio
import email.utils
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus

import aiohttp
import msgspec
from yarl import URL

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE
_CHUNK = 64 * KIBIBYTE
#: Anything shorter is a word like any other.
_SHORTEST_SECRET = 8


class WireError(Exception):
    """No usable answer came; the text says what happened and may be shown.

    `sent` is False only when the connection was never made, so that the server cannot have done anything.
    """

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered, whole; the body may hold secrets and is left out of the repr."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def document(self) -> Any:  # noqa: ANN401  JSON has no narrower type
        """Decode the body as JSON; raises `WireError` for anything else."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # The last for brackets without end.
            raise WireError(f"answered {self.status} with something that is not JSON", sent=True) from None

    def retry_after(self, now: datetime | None = None) -> float | None:
        """Answer the seconds that `Retry-After` asks for, a number or a date (RFC 9110 §10.2.3); None without one."""
        text = self.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdecimal():
            seconds = float(text)
            return seconds if math.isfinite(seconds) else None
        try:
            moment = email.utils.parsedate_to_datetime(text)
        except ValueError:
            return None
        return max(0.0, (moment.astimezone(UTC) - (now or datetime.now(UTC))).total_seconds())


def without(reply: Reply, *secrets: str) -> Reply:
    """Answer a reply without what was sent in confidence: some servers repeat it in the words of a refusal."""
    body = _without(reply.body, secrets)
    try:
        # JSON may write any letter as an escape, and many servers do so with `=` and `/`; written anew, none is left.
        plain = msgspec.json.encode(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return replace(reply, body=body)
    bare = _without(plain, secrets)
    return replace(reply, body=body if bare == plain else bare)


def _without(body: bytes, secrets: Iterable[str]) -> bytes:
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            forms = (secret, quote(secret), quote(secret, safe=""), quote_plus(secret), _in_json(secret))
            for form in forms:
                body = body.replace(form.encode(), b"[redacted]")
    return body


def _in_json(text: str) -> str:
    return msgspec.json.encode(text).decode()[1:-1]


class Wire:
    """Makes calls over one client session."""

    def __init__(self, http: aiohttp.ClientSession, timeout: float) -> None:
        """Take the session, and how many seconds a call may take from its first to its last byte."""
        self._http = http
        self.timeout = timeout

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limit: int = MEBIBYTE,
        timeout: float | None = None,  # noqa: ASYNC109  it bounds one call from within, and is part of the errors
    ) -> Reply:
        """Make one call and read its answer up to `limit` bytes; raises `WireError`."""
        return await _call(self._http, method, url, headers, body, limit=limit, timeout=timeout or self.timeout)

    async def call_once(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes) -> Reply:
        """As `call`, on a connection of its own.

        A kept connection that the server has just closed looks like a lost reply, which is dear when the call spends
        something that cannot be spent twice.
        """
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=connector, trust_env=self._http.trust_env) as http:
            return await _call(http, method, url, headers, body, limit=MEBIBYTE, timeout=self.timeout)


async def _call(
    http: aiohttp.ClientSession,
    method: str,
    url: str,
    headers: Mapping[str, str] | None,
    body: bytes | None,
    *,
    limit: int,
    timeout: float,  # noqa: ASYNC109  as above
) -> Reply:
    # Half of the time for making the connection: then "never connected" is known for sure before time runs out.
    bounds = aiohttp.ClientTimeout(total=timeout, sock_connect=timeout / 2)
    try:
        async with http.request(
            method, URL(url, encoded=True), headers=headers, data=body, allow_redirects=False, timeout=bounds
        ) as response:
            return Reply(response.status, response.headers, await _read(response, limit))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise WireError(f"cannot be connected to ({type(error).__name__})", sent=False) from None
    except asyncio.TimeoutError:  # noqa: UP041  aiohttp names it so
        raise WireError(f"gave no whole answer within {timeout:g} seconds", sent=True) from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # The texts of these can hold the address, and with it what stood in a query.
        raise WireError(f"broke off or answered outside HTTP ({type(error).__name__})", sent=True) from None


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(_CHUNK):
        size += len(part)
        if size > limit:
            response.close()
            raise WireError(f"answered with more than {limit} bytes", sent=True)
        parts.append(part)
    return b"".join(parts)
