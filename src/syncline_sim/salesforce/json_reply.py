"""An answer in JSON, without blanks between its members."""

from collections.abc import Mapping

import msgspec
from aiohttp import web


def json_reply(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer a document."""
    body = msgspec.json.encode(document)
    return web.Response(status=status, body=body, content_type="application/json", charset="UTF-8", headers=headers)
