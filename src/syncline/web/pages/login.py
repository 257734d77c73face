"""Leaving for a login at the source, and the page of a window that has come back."""

from aiohttp import web

from syncline.errors import ConflictError
from syncline.web import access, commands, logins
from syncline.web.asked import LoginStarted
from syncline.web.pages import forms, integration
from syncline.web.pages.view import page
from syncline.web.problems import request_id
from syncline.web.site import SITE
from syncline.web.status import status as read_status


async def leave(request: web.Request) -> web.StreamResponse:
    """Start a login and send the browser on by a page, since `form-action` also holds for redirects in Chromium."""
    person = access.require(request, "read")
    site, id_ = request.app[SITE], request.match_info["id"]
    own_window = (await forms.read(request)).get("window") == "own"
    command = LoginStarted(type="login.started")
    try:
        sent = await commands.send(site, person, id_, command, request=request_id(request))
    except ConflictError as error:
        return integration.draw(request, await read_status(site, id_), trouble=error)
    response = page(request, "leaving.html", id=id_, url=sent.authorize_url, own_window=own_window)
    if sent.cookie is not None:
        logins.give(site, response, sent.cookie)
    return response


async def finished(request: web.Request) -> web.StreamResponse:
    """Say that a login window may be closed."""
    access.require(request, "read")
    status = await read_status(request.app[SITE], request.match_info["id"])
    return page(request, "finished.html", it=status)
