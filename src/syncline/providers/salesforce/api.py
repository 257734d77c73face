"""Calls to the data API: the pinned version, a dead token renewed once, and every refusal as an error of ours.

Salesforce answers an error as a list of `{"message", "errorCode"}` (REST API guide, "Status Codes and Error
Responses"), but the identity service answers a dead token with plain text.
"""

from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from pydantic import SecretStr

from syncline.errors import InputError, ProviderError, RejectedError, ThrottledError, UnreachableError
from syncline.providers.port import Session
from syncline.providers.salesforce.hosts import Hosts
from syncline.wire import MEBIBYTE, Reply, Wire, WireError, without

VERSION = "v66.0"
#: 2,000 records with all the fields of a wide object; more is no answer of Salesforce's.
_LIMIT = 64 * MEBIBYTE
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY = 200, 401, 403, 404, 429
_SERVER_FAULT = 500
#: Both come with INVALID_SESSION_ID but no new token helps.
_HOPELESS = ("not valid for use with the REST API", "not attached to Agent")
_CODES = {
    "API_DISABLED_FOR_ORG": "salesforce.api_disabled",
    "API_CURRENTLY_DISABLED": "salesforce.api_disabled",
    "INSUFFICIENT_ACCESS": "salesforce.missing_permission",
    "INSUFFICIENT_ACCESS_OR_READONLY": "salesforce.missing_permission",
    "INVALID_FIELD": "salesforce.missing_permission",
    "INVALID_TYPE": "salesforce.missing_permission",
    "NOT_FOUND": "salesforce.missing_permission",
    "INVALID_QUERY_LOCATOR": "salesforce.locator_lost",
    "INACTIVE_OWNER_OR_USER": "salesforce.inactive_user",
}
_LONGEST = 200


class Api:
    """The data API of whatever org a session is for."""

    def __init__(self, wire: Wire, hosts: Hosts) -> None:
        """Take the wire and the rule of hosts."""
        self._wire = wire
        self._hosts = hosts

    async def get(self, session: Session, path: str, **query: str) -> Any:  # noqa: ANN401  JSON
        """Answer the document at a path below the pinned version; raises `ProviderError`."""
        return await self.get_path(session, f"/services/data/{VERSION}{path}", **query)

    async def get_path(self, session: Session, path: str, **query: str) -> Any:  # noqa: ANN401  JSON
        """Answer the document at an absolute path of the instance; raises `ProviderError`."""
        origin = self._trusted(session.instance_url)
        url = origin + quote(path, safe="/%-._~") + (f"?{urlencode(query)}" if query else "")
        return await self._get(session, url)

    async def identity(self, session: Session, identity_url: str) -> Any:  # noqa: ANN401  JSON
        """Answer who a token belongs to; raises `ProviderError`.

        The URL names the login host, which redirects to the instance; so the instance is asked at once.
        """
        return await self.get_path(session, urlsplit(identity_url).path)

    async def query(self, session: Session, soql: str) -> Any:  # noqa: ANN401  JSON
        """Answer the first page of a query; raises `ProviderError`."""
        return await self.get(session, "/query", q=soql)

    async def versions(self, session: Session) -> tuple[list[str], str]:
        """Answer the versions the instance speaks, and its `Date` (RFC 9110 §6.6.1); needs no token, costs no call."""
        try:
            reply = await self._wire.call("GET", f"{self._trusted(session.instance_url)}/services/data")
            document = reply.document() if reply.status == _OK else None
        except WireError as error:
            raise _outage(error) from None
        if not isinstance(document, list):
            raise UnreachableError("salesforce.unreachable", f"Salesforce answered {reply.status} without its versions")
        versions = [f"v{row.get('version')}" for row in document if isinstance(row, dict)]
        return versions, reply.headers.get("Date", "")

    def origin(self, session: Session) -> str:
        """Answer where an org is; raises `RejectedError` for a server that may not be sent a token."""
        return self._trusted(session.instance_url)

    async def _get(self, session: Session, url: str) -> Any:  # noqa: ANN401  JSON
        token = await session.access_token()
        reply = await self._send(url, token)
        if _is_dead(reply):
            reply = await self._send(url, await session.renew(token))
        try:
            if reply.status == _OK:
                return reply.document()
        except WireError as error:
            raise _outage(error) from None
        raise _error(reply)

    async def _send(self, url: str, token: SecretStr) -> Reply:
        headers = {"Authorization": f"Bearer {token.get_secret_value()}", "Accept": "application/json"}
        try:
            reply = await self._wire.call("GET", url, headers=headers, limit=_LIMIT)
        except WireError as error:
            raise _outage(error) from None
        return reply if reply.status == _OK else without(reply, token.get_secret_value())

    def _trusted(self, url: str) -> str:
        try:
            return self._hosts.origin_of(url)
        except InputError:
            host = (urlsplit(url).hostname or "no host")[:100]
            raise RejectedError("salesforce.hostile_instance", f"{host} may not be sent a token") from None


def _is_dead(reply: Reply) -> bool:
    """Whether the access token has died, so that another one may do."""
    if reply.status == _FORBIDDEN:
        return reply.body.strip() == b"Bad_OAuth_Token"
    code, message = _said(reply)
    hopeless = any(text in message for text in _HOPELESS)
    return reply.status == _UNAUTHORIZED and code in {"INVALID_SESSION_ID", ""} and not hopeless


def _error(reply: Reply) -> ProviderError:
    code, message = _said(reply)
    words = f"{code}: {message}"[:_LONGEST] if code else f"status {reply.status}"
    detail = f"Salesforce said {words}"
    wait = reply.retry_after()
    if code == "REQUEST_LIMIT_EXCEEDED":
        return ThrottledError("salesforce.limit_reached", detail, retry_after=wait)
    if reply.status == _UNAUTHORIZED and any(text in message for text in _HOPELESS):
        return RejectedError("salesforce.session_refused", detail)
    if code in _CODES:
        return RejectedError(_CODES[code], detail)
    # 401 is here when a token that was renewed a moment ago is refused too: an outage, not a verdict on the grant.
    if reply.status in {_UNAUTHORIZED, _TOO_MANY} or reply.status >= _SERVER_FAULT or not code:
        return UnreachableError("salesforce.unreachable", detail, retry_after=wait)
    if reply.status in {_FORBIDDEN, _NOT_FOUND}:
        return RejectedError("salesforce.missing_permission", detail)
    return RejectedError("salesforce.unknown_refusal", detail)


def _said(reply: Reply) -> tuple[str, str]:
    """Answer Salesforce's own code and message, ('', '') when there are none."""
    try:
        document = reply.document()
    except WireError:
        return "", ""
    first = document[0] if isinstance(document, list) and document else document
    if not isinstance(first, dict):
        return "", ""
    return str(first.get("errorCode") or ""), str(first.get("message") or "")


def _outage(error: WireError) -> UnreachableError:
    return UnreachableError("salesforce.unreachable", f"Salesforce {error}", reply_lost=error.sent)
