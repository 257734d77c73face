"""Signing in with an API key, and signing out."""

from aiohttp import web

from syncline.errors import ForbiddenError
from syncline.web import access, entrance, guests, links, sessions
from syncline.web.pages import forms
from syncline.web.pages.view import page
from syncline.web.problems import request_id, status_of
from syncline.web.site import SITE


async def show(request: web.Request) -> web.StreamResponse:
    """Ask for a key."""
    return page(request, "sign_in.html", next=_own_path(request.query.get("next", "")), error="")


async def enter(request: web.Request) -> web.StreamResponse:
    """Open a session and go where the person was going."""
    site = request.app[SITE]
    form = await forms.read(request)
    wanted = _own_path(form.get("next"))
    try:
        cookie = await entrance.sign_in(request, form.get("key"))
    except ForbiddenError as error:
        text = f"{site.catalogue[error.code].meaning} {error.detail[:1].upper()}{error.detail[1:]}."
        return page(request, "sign_in.html", status=status_of(error), next=wanted, error=text)
    response = web.Response(status=303, headers={"Location": wanted})
    sessions.give(response, cookie)
    return response


async def leave(request: web.Request) -> web.StreamResponse:
    """End the session."""
    person = access.who(request)
    if person is not None and person.is_guest:
        await links.leave(request.app[SITE], person, request=request_id(request))
        response = page(request, "left.html", me=None)
        guests.take(response)
        return response
    await entrance.sign_out(request)
    away = web.Response(status=303, headers={"Location": "/sign-in"})
    sessions.take(away)
    return away


def _own_path(text: str) -> str:
    """Answer a path of ours; anything that a browser could read as another site's address becomes `/`."""
    own = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if own else "/"
