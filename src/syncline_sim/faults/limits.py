"""Errors as the called endpoint words its own, and the limits of both vendors in those words.

Law: a limit is met by callers whom the vendor knows; others are told that it does not know them, as without a fault.
"""

from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler

from syncline_sim.faults.fault import LIMITS, Fault
from syncline_sim.marketo import api_users, identity
from syncline_sim.marketo import failure as marketo
from syncline_sim.marketo.failure import VendorError
from syncline_sim.salesforce import gate, representation, soap, tokens
from syncline_sim.salesforce import limits as salesforce_limits
from syncline_sim.salesforce.bulk import async_forms
from syncline_sim.salesforce.failure import LIMIT_EXCEEDED, SalesforceError

if TYPE_CHECKING:
    from syncline_sim.world import World

_CODES = {"burst": "606", "daily": "607", "concurrent": "615"}
_TEXTS = {"daily": LIMIT_EXCEEDED, "concurrent": "ConcurrentRequests (Concurrent API Requests) Limit exceeded."}
_LOGINS = "/services/oauth2/token"
_FORBIDDEN = 403


async def limit(world: "World", fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer that a limit is reached, or what the endpoint answers to those whom no limit concerns."""
    return await _answer(world, fault, request) or await handler(request)


async def concerns(world: "World", fault: Fault, request: web.Request) -> bool:
    """Whether a call is one that the limit of a fault can meet."""
    return await _answer(world, fault, request) is not None


async def _answer(world: "World", fault: Fault, request: web.Request) -> web.Response | None:
    which = fault.limit or LIMITS[fault.side][0]
    if fault.side == "marketo":
        return _marketo(world, which, request)
    return await _salesforce(world, which, request)


def error(world: "World", fault: Fault, request: web.Request) -> web.Response:
    """Answer the error of an `error` fault."""
    if fault.side == "marketo":
        return _envelope(world, fault.code or "611", fault.message, status=fault.status or 200, headers=_headers(fault))
    status, code, message = fault.status, fault.code, fault.message or "injected"
    return _refusal(request, status, code, message, _headers(fault))


def of_part(fault: Fault) -> SalesforceError:
    """Answer what a fault says to one call inside a composite one."""
    if fault.kind == "limit":
        text = _TEXTS.get(fault.limit, LIMIT_EXCEEDED)
        return SalesforceError(_FORBIDDEN, "REQUEST_LIMIT_EXCEEDED", text)
    return SalesforceError(fault.status or 500, fault.code or "UNKNOWN_EXCEPTION", fault.message or "injected")


def _headers(fault: Fault) -> dict[str, str]:
    return {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}


def _marketo(world: "World", which: str, request: web.Request) -> web.Response | None:
    try:
        api_users.authenticate(world.db, request.headers.get("Authorization", ""), world.now())
    except VendorError:
        return None
    return None if request.path == identity.PATH else _envelope(world, _CODES[which])


async def _salesforce(world: "World", which: str, request: web.Request) -> web.Response | None:
    path, call = gate.plain_path(request), soap.Peek()
    if path.startswith(soap.PREFIX):
        call = await soap.peek(request)
    if which == "logins":
        if call.name == "login":
            return soap.fault("u", "LOGIN_RATE_EXCEEDED", "login rate exceeded")
        if path.startswith(_LOGINS):
            document = {"error": "rate_limit_exceeded", "error_description": "logins exceeded"}
            return web.json_response(document, status=400)
        return None
    if path.startswith(_LOGINS) or not path.startswith("/services/"):
        return None
    by_soap, session = path.startswith(soap.PREFIX), request.headers.get("X-SFDC-Session") or call.session
    try:
        login = tokens.login(world, session) if session or by_soap else tokens.authenticate(world, request)
    except SalesforceError:
        return None
    most = salesforce_limits.daily_calls(world, login.org)
    used = most if which == "daily" else min(most, gate.calls_today(world, login.org.id))
    headers = {"Sforce-Limit-Info": f"api-usage={used}/{most}"}
    old = path.startswith("/services/async")
    code = "ExceededQuota" if old else "REQUEST_LIMIT_EXCEEDED"
    return _refusal(request, 400 if old else _FORBIDDEN, code, _TEXTS[which], headers)


def _refusal(request: web.Request, status: int, code: str, message: str, headers: dict[str, str]) -> web.Response:
    path = gate.plain_path(request)
    document: object
    if path.startswith(soap.PREFIX):
        return soap.fault("u", code or "UNKNOWN_EXCEPTION", message, of="UnexpectedErrorFault")
    if path.startswith("/services/oauth2"):
        document = {"error": code or "server_error", "error_description": message}
        return web.json_response(document, status=status or 400, headers=headers)
    if path.startswith("/services/async"):
        error = SalesforceError(status or 500, code or "Unknown", message)
        answer = async_forms.refusal(error, as_json=async_forms.in_json(request))
    else:
        error = SalesforceError(status or 500, code or "UNKNOWN_EXCEPTION", message)
        answer = representation.refusal(error, request.headers)
    answer.headers.update(headers)
    return answer


def _envelope(
    world: "World", code: str, message: str = "", *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    # The first half of a request's number is `fa`, for fault, where it is longer otherwise.
    document = {"requestId": f"fa#{int(world.now() * 1000):x}", "success": False}
    errors = [{"code": code, "message": message or _usual(world, code)}]
    return web.json_response({**document, "errors": errors}, status=status, headers=headers)


def _usual(world: "World", code: str) -> str:
    switches = world.switches["marketo"]
    if code == _CODES["burst"]:
        return marketo.MESSAGES[code].format(switches["rate_limit"], switches["rate_window"])
    if code == _CODES["concurrent"]:
        return marketo.MESSAGES[code].format(switches["concurrency_limit"])
    return marketo.usual(code)
