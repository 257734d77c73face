"""An error, drawn for a browser."""

from urllib.parse import urlencode

from aiohttp import hdrs, web

from syncline.web.models import ProblemDocument
from syncline.web.pages.view import page


async def paint(request: web.Request, problem: ProblemDocument) -> web.StreamResponse:
    """Answer the page of a problem; who is not signed in is led to where they can do that."""
    if problem.code == "access.unauthenticated" and request.method == hdrs.METH_GET:
        asked = request.rel_url.raw_path_qs
        response = web.Response(status=303)
        response.headers[hdrs.LOCATION] = "/sign-in" if asked == "/" else "/sign-in?" + urlencode({"next": asked})
        return response
    return page(request, "problem.html", status=problem.status, problem=problem)
