"""The style sheet, the script and the icon, read once."""

import hashlib
from functools import cache
from importlib.resources import files

from aiohttp import hdrs, web

_FILES = files("syncline.web") / "static"
_TYPES = {
    "syncline.css": "text/css",
    "syncline.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


async def show(request: web.Request) -> web.StreamResponse:
    """Answer a file; the browser asks each time whether it has changed."""
    name = request.match_info["name"]
    if name not in _TYPES:
        raise web.HTTPNotFound
    body, tag = _read(name)
    headers = {hdrs.CACHE_CONTROL: "no-cache", hdrs.ETAG: tag}
    if request.headers.get(hdrs.IF_NONE_MATCH) == tag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type=_TYPES[name], charset="utf-8", headers=headers)


@cache
def _read(name: str) -> tuple[bytes, str]:
    body = (_FILES / name).read_bytes()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'
