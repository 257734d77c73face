"""What an answer of the REST API means: the envelope opened, and each code as an error of ours.

Marketo answers HTTP 200 also when it refuses; `errors[0].code` says why (page "Error Codes" of its REST API).
"""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from syncline.errors import ProviderError, RejectedError, ThrottledError, UnreachableError
from syncline.wire import Reply, WireError

TOKEN_CODES = frozenset({"601", "602"})
#: 606: the counter of calls runs over 20 seconds, so after that there is room for sure. 615: calls at once.
_RATE_WAITS = {"606": 20.0, "615": 2.0}
#: Days of the daily quota end at midnight Central Standard Time, in summer too.
_CENTRAL = timedelta(hours=-6)
_OK, _TOO_LARGE, _TOO_MANY = 200, 413, 429
_LONGEST = 200

_REFUSED = {
    "413": "marketo.too_large",
    "414": "marketo.too_large",
    "603": "marketo.permission_missing",
    "610": "marketo.not_found",
    "616": "marketo.subscription",
    "1018": "marketo.native_crm",
}


def result(reply: Reply, now: datetime) -> list[dict[str, Any]]:
    """Answer the `result` of an envelope, empty when it has none; raises `ProviderError`."""
    document = envelope(reply)
    if document.get("success") is not True:
        code, message = said(document)
        raise error_of(code, message, now)
    rows = document.get("result") or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreachableError("marketo.unreachable", "Marketo answered with a result that is no list", reply_lost=True)
    return rows


def envelope(reply: Reply) -> dict[str, Any]:
    """Answer the document of an answer; raises `UnreachableError` for whatever is no envelope."""
    if reply.status == _TOO_LARGE:
        raise RejectedError("marketo.too_large", "Marketo refused a call of more than a megabyte")
    try:
        document = reply.document() if reply.status == _OK else None
    except WireError as error:
        raise outage(error) from None
    if not isinstance(document, dict) or "success" not in document:
        lost = reply.status != _TOO_MANY
        wait = reply.retry_after()
        detail = f"Marketo answered {reply.status} without an envelope"
        raise UnreachableError("marketo.unreachable", detail, retry_after=wait, reply_lost=lost)
    return document


def said(document: dict[str, Any]) -> tuple[str, str]:
    """Answer code and message of the first error, ('', '') when there is none."""
    errors = document.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    return (str(first.get("code", "")), str(first.get("message", ""))) if isinstance(first, dict) else ("", "")


def error_of(code: str, message: str, now: datetime) -> ProviderError:
    """Answer the error that a code of the whole call stands for."""
    detail = f"Marketo said {code}: {message}"[:_LONGEST] if code else "Marketo refused without a reason"
    if code in _RATE_WAITS:
        return UnreachableError("marketo.rate_limited", detail, retry_after=_RATE_WAITS[code])
    if code == "607":
        return ThrottledError("marketo.quota_reached", detail, retry_after=until_midnight(now))
    if code in _REFUSED:
        return RejectedError(_REFUSED[code], detail)
    # 502, 604, 608, 611, 713 pass by themselves; so may what nobody knows, and trying again writes nothing twice.
    # 601 and 602 are here when a token that was fetched a moment ago is refused too.
    if len(code) > len("999"):
        return RejectedError("marketo.unknown_refusal", detail)
    return UnreachableError("marketo.unreachable", detail, reply_lost=True)


def outage(error: WireError) -> UnreachableError:
    """Answer what a call without a usable answer means."""
    return UnreachableError("marketo.unreachable", f"Marketo {error}", reply_lost=error.sent)


def until_midnight(now: datetime) -> float:
    """Answer the seconds until the daily quota starts anew."""
    central = now.astimezone(UTC).replace(tzinfo=None) + _CENTRAL
    return (datetime.combine(central.date() + timedelta(days=1), time()) - central).total_seconds()
