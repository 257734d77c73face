"""The hooks of one integration: where they are, which secrets open them, and another secret, shown once."""

from functools import partial

from aiohttp import web
from pydantic import ValidationError

from syncline.store.integrations import integration
from syncline.web import access, hook_secrets
from syncline.web.api.hooks import hooks_of, shown_once
from syncline.web.hook_models import NewHookSecret, RotationAsked
from syncline.web.pages import forms
from syncline.web.pages.view import page
from syncline.web.problems import request_id
from syncline.web.site import SITE


async def show(request: web.Request) -> web.StreamResponse:
    """List the doors and their secrets, with a form for each."""
    return await _draw(request)


async def rotate(request: web.Request) -> web.StreamResponse:
    """Make another secret and show it, this once."""
    person = access.require(request, "command")
    site, id_ = request.app[SITE], request.match_info["id"]
    door = hook_secrets.door_of(site, request.match_info["door"])
    form = await forms.read(request)
    try:
        asked = RotationAsked.model_validate({"overlap_hours": form.get("overlap_hours")})
    except ValidationError:
        return await _draw(request, fault="The former secret can go on for 0 to 168 hours.")
    opened = await hook_secrets.rotate(site, person, id_, door, hours=asked.overlap_hours, request=request_id(request))
    return await _draw(request, made=shown_once(site, door, opened))


async def _draw(request: web.Request, *, made: NewHookSecret | None = None, fault: str = "") -> web.StreamResponse:
    access.require(request, "read")
    site, id_ = request.app[SITE], request.match_info["id"]
    found = await site.store.read(partial(integration, id=id_))
    shown = {
        "id": id_,
        "name": found.name,
        "doors": (await hooks_of(site, id_)).items,
        "open": (found.state, "hook.rotated") in site.engine.rules.chart.rules,
        "default": RotationAsked().overlap_hours,
    }
    status = 422 if fault else 201 if made else 200
    return page(request, "hooks.html", status=status, made=made, fault=fault, **shown)
