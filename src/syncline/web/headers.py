"""The security headers of every answer."""

from aiohttp import hdrs, web

from syncline.web.problems import REQUEST_ID, request_id

#: Nothing but our own scripts, styles and pictures; no frame around us; forms only to ourselves. A login leaves by a
#: page that is asked for with GET, since Chromium applies `form-action` to the redirects of a form as well.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    # `same-origin` would cut a login window off from its opener.
    "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cache-Control": "no-store",
}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add what is not set already; a handler may only loosen `Cache-Control`, as for a static file."""
    if "X-Content-Type-Options" in response.headers:  # A hook answers machines with a line of JSON and sets its own.
        return
    if id_ := request_id(request):
        response.headers[REQUEST_ID] = id_
    kept = response.headers.get(hdrs.CACHE_CONTROL)
    response.headers.update(HEADERS)
    if kept is not None:
        response.headers[hdrs.CACHE_CONTROL] = kept
