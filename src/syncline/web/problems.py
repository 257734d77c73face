"""Errors as answers: a problem document (RFC 9457) for programs, a page for people; never a stack, never a secret."""

import re
import secrets
import time
from collections.abc import Awaitable, Callable
from html import escape
from http import HTTPStatus
from typing import Protocol

import structlog
from aiohttp import hdrs, web

from syncline.errors import (
    ConfigurationError,
    ConflictError,
    ForbiddenError,
    InputError,
    NotFoundError,
    Problem,
    ProviderError,
    SynclineError,
    UnavailableError,
    UnreachableError,
)
from syncline.web.client_address import client_address
from syncline.web.models import ProblemDocument
from syncline.web.routes import is_hot, template
from syncline.web.site import SITE, Site

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Painter(Protocol):
    """Draws a problem for a browser; the pages put theirs under `PROBLEM_PAGE`."""

    async def __call__(self, request: web.Request, problem: ProblemDocument, /) -> web.StreamResponse:
        """Answer the page, with the problem's status."""


PROBLEM_PAGE: web.AppKey[Painter] = web.AppKey("problem_page", Painter)
CONTENT_TYPE = "application/problem+json"

_log = structlog.get_logger("syncline.web")
_REQUEST_ID = web.RequestKey("request_id", str)
#: The header that brings the id of a request and answers it.
REQUEST_ID = "X-Request-Id"
#: What is taken for one: also ours. It is written into rows and lines of logs as it is, so no more than this.
_PLAIN_ID = re.compile(r"(req_)?[A-Za-z0-9][A-Za-z0-9.-]{7,63}")

#: The first class that fits decides, unless the code itself does.
_BY_CLASS: tuple[tuple[type[SynclineError], HTTPStatus], ...] = (
    (InputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (ConflictError, HTTPStatus.CONFLICT),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ProviderError, HTTPStatus.BAD_GATEWAY),
    (ConfigurationError, HTTPStatus.INTERNAL_SERVER_ERROR),
)
_BY_CODE = {
    "access.unauthenticated": HTTPStatus.UNAUTHORIZED,
    "access.rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "request.malformed": HTTPStatus.BAD_REQUEST,
    "request.moment": HTTPStatus.BAD_REQUEST,
    "request.method": HTTPStatus.METHOD_NOT_ALLOWED,
    "request.too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "request.media_type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "hook.unsigned": HTTPStatus.UNAUTHORIZED,
    "hook.bad_signature": HTTPStatus.UNAUTHORIZED,
    "hook.too_old": HTTPStatus.UNAUTHORIZED,
    "hook.malformed": HTTPStatus.BAD_REQUEST,
    "hook.wrong_secret": HTTPStatus.UNAUTHORIZED,
    "inbox.not_replayable": HTTPStatus.CONFLICT,
    "link.used": HTTPStatus.GONE,
    "link.expired": HTTPStatus.GONE,
    "link.revoked": HTTPStatus.GONE,
    "link.ended": HTTPStatus.GONE,
    "key.in_flight": HTTPStatus.CONFLICT,
    "key.reused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "login.malformed": HTTPStatus.BAD_REQUEST,
    "login.unknown_state": HTTPStatus.BAD_REQUEST,
    "login.other_browser": HTTPStatus.BAD_REQUEST,
    "login.outdated": HTTPStatus.BAD_REQUEST,
    "login.other_issuer": HTTPStatus.BAD_REQUEST,
    "login.expired": HTTPStatus.BAD_REQUEST,
    "login.used": HTTPStatus.BAD_REQUEST,
}
#: What the router or aiohttp itself refuses.
_BY_STATUS = {
    HTTPStatus.NOT_FOUND: "request.unknown_path",
    HTTPStatus.METHOD_NOT_ALLOWED: "request.method",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "request.too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "request.media_type",
    HTTPStatus.FORBIDDEN: "access.forbidden",
}
_RETRY_SECONDS = {HTTPStatus.SERVICE_UNAVAILABLE: 5, HTTPStatus.TOO_MANY_REQUESTS: 60}


@web.middleware
async def boundary(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, turn errors into answers, and leave one line in the access log."""
    if is_hot(request):
        return await request.match_info.handler(request)  # Past the other middlewares too.
    begun = time.perf_counter()
    name = name_request(request)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=name)
    response = await _answer(request, handler)
    route = template(request)
    request.app[SITE].metrics.count_request(route, response.status)
    _log.info(
        "request",
        method=request.method,
        route=route,
        status=response.status,
        milliseconds=round((time.perf_counter() - begun) * 1000, 1),
        peer=client_address(request),
    )
    return response


def name_request(request: web.Request) -> str:
    """Give a request the id that `request_id` answers from here on; done already where the middlewares are around."""
    name = request[_REQUEST_ID] = _correlation(request)
    return name


def _correlation(request: web.Request) -> str:
    """Answer the id that a client brings, such as that of its own trace, or else a new one."""
    brought = request.headers.get(REQUEST_ID, "")
    return brought if _PLAIN_ID.fullmatch(brought) else f"req_{secrets.token_hex(8)}"


def request_id(request: web.Request) -> str:
    """Answer the id of a request, which its log lines, its audit rows and its problem documents carry."""
    return str(request.get(_REQUEST_ID, ""))


def status_of(error: SynclineError) -> HTTPStatus:
    """Answer the HTTP status that an error stands for."""
    by_code = _BY_CODE.get(error.code)
    if by_code is not None:
        return by_code
    return next((status for kind, status in _BY_CLASS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def describe(site: Site, error: SynclineError, *, request: str = "") -> ProblemDocument:
    """Answer the problem document of an error."""
    entry = site.catalogue.get(error.code) or site.catalogue["service.unexpected"]
    return ProblemDocument(
        **{name: value for name, value in error.facts.items() if name not in ProblemDocument.model_fields},
        type=address_of(site, entry),
        title=entry.meaning,
        status=status_of(error),
        detail=error.detail,
        code=entry.code,
        cause=entry.cause,
        remedy=entry.remedy,
        fixer=entry.fixer,
        retryable=entry.retryable,
        request=request,
    )


def address_of(site: Site, entry: Problem) -> str:
    """Answer the address of the page that explains a code."""
    return f"{site.public_url}/help/errors/{entry.code}"


async def respond(request: web.Request, error: SynclineError) -> web.StreamResponse:
    """Answer an error as a program or a person wants it, by `Accept`."""
    document = describe(request.app[SITE], error, request=request_id(request))
    if _wants_html(request):
        response = await request.app.get(PROBLEM_PAGE, _plain_page)(request, document)
    else:
        body = document.model_dump_json().encode()
        response = web.Response(body=body, status=document.status, content_type=CONTENT_TYPE)
    _add_hints(response, error, HTTPStatus(document.status))
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except SynclineError as error:
        return await respond(request, error)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        code = _BY_STATUS.get(HTTPStatus(error.status), "request.malformed")
        response = await respond(request, InputError(code) if code != "request.unknown_path" else NotFoundError(code))
        if hdrs.ALLOW in error.headers:
            response.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        return response
    except Exception:  # noqa: BLE001  the last resort: logged with its stack, answered without
        _log.exception("unexpected", method=request.method, route=template(request))
        return await respond(request, SynclineError("service.unexpected", "quote the request id to the operator"))


def _wants_html(request: web.Request) -> bool:
    accept = request.headers.get(hdrs.ACCEPT, "")
    return "text/html" in accept and not request.path.startswith("/api/")


async def _plain_page(_request: web.Request, problem: ProblemDocument) -> web.StreamResponse:
    """Draw a problem without any template, for when there are no pages."""
    rows = (problem.detail, problem.cause, problem.remedy, f"{problem.code} {problem.request}".strip())
    text = "".join(f"<p>{escape(row)}</p>" for row in rows if row)
    title = escape(problem.title)
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>{text}</html>'
    return web.Response(text=page, status=problem.status, content_type="text/html")


def _add_hints(response: web.StreamResponse, error: SynclineError, status: HTTPStatus) -> None:
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="syncline"'
    asked = error.retry_after if isinstance(error, UnreachableError) else None
    seconds = asked if asked is not None else _RETRY_SECONDS.get(status)
    if seconds is not None:
        response.headers[hdrs.RETRY_AFTER] = str(max(1, round(seconds)))
