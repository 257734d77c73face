"""How the vendors dress an answer: the headers that a web server writes whatever is asked.

Facts: recorded traffic, of Marketo in the fixtures of the npm package node-marketo-rest, of Salesforce in public notes.
"""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

Finish = Callable[[web.Request, web.StreamResponse], Awaitable[None]]

_JSON = "application/json"
_LOST = "<html><head><title>URL No Longer Exists</title></head><body>There is nothing at this address.</body></html>"
#: As the vendors spell it, without the blank that the web server here would put in.
_VENDORS_JSON = "application/json;charset=UTF-8"
#: Answers without a body are of no type.
_BARE = (204, 304)
MARKETO = {"Server": "nginx"}
SALESFORCE = {
    "Server": "sfdcedge",
    "Cache-Control": "no-cache,must-revalidate,max-age=0,no-store,private",
    "X-Content-Type-Options": "nosniff",
}


def dress(vendors: Mapping[str, str]) -> Finish:
    """Answer what puts the vendor's headers on each answer before it is sent."""

    async def finish(_: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers.popall("Server", None)
        for name, value in vendors.items():
            headers.setdefault(name, value)
        if response.status in _BARE:
            headers.popall("Content-Type", None)
        elif headers.get("Content-Type", "").lower() == f"{_JSON}; charset=utf-8":
            headers["Content-Type"] = _VENDORS_JSON

    return finish


@web.middleware
async def show_lost(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer for an address that leads nowhere with a page, where no endpoint has words of its own for it."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return web.Response(status=404, text=_LOST, content_type="text/html", charset="UTF-8")
