"""The HTML that people see: templates, escaped, without scripts and without anything from elsewhere."""

from typing import Any

import jinja2
from aiohttp import web

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("syncline_sim"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_HEADERS = {
    # No `form-action`: a form here ends in a redirect to the callback of whoever asked.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def show(template: str, *, status: int = 200, **values: Any) -> web.Response:  # noqa: ANN401 - whatever it shows
    """Answer a page made of a template of this package."""
    text = _TEMPLATES.get_template(template).render(**values)
    return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)
