"""All integrations, and making a new one."""

from functools import partial
from urllib.parse import urlencode

from aiohttp import web
from pydantic import ValidationError

from syncline.core.guide import MILESTONES as TITLES
from syncline.errors import InputError
from syncline.store.integrations import integrations
from syncline.web import access, commands
from syncline.web.asked import ListAsked
from syncline.web.pages import forms
from syncline.web.pages.faces import MILESTONES
from syncline.web.pages.view import page
from syncline.web.problems import request_id
from syncline.web.site import SITE
from syncline.web.status import hook_url, summary

_NO_VALUES = dict.fromkeys(("name", "login_host", "url", "client_id"), "")


async def show(request: web.Request) -> web.StreamResponse:
    """List the integrations, filtered and in pages."""
    person = access.require(request, "read")
    try:
        asked = ListAsked.model_validate(dict(request.query))
    except ValidationError:
        raise InputError("request.invalid", "the filter cannot be read") from None
    site = request.app[SITE]
    # One more shows whether there is a next page.
    wanted = asked.model_dump() | {"limit": asked.limit + 1, "only": person.key.integrations}
    found = await site.store.read(partial(integrations, **wanted))
    items = [summary(site, one) for one in found[: asked.limit]]
    kept = {name: value for name, value in (("state", asked.state), ("search", asked.search)) if value}
    return page(
        request,
        "list.html",
        here="list",
        asked=asked,
        items=items,
        filtered=bool(kept or asked.after),
        more="/?" + urlencode({**kept, "after": items[-1].id}) if len(found) > len(items) else "",
        states=TITLES.items(),
        milestones=[TITLES[name] for name in MILESTONES[1:]],
    )


async def ask(request: web.Request) -> web.StreamResponse:
    """Show the form for a new integration."""
    commands.require_creator(access.require(request, "command"))
    hosts = request.app[SITE].providers.source.login_hosts
    return _form(request, typed=_NO_VALUES | {"login_host": hosts[0][1] if hosts else ""}, faults=forms.Texts())


async def make(request: web.Request) -> web.StreamResponse:
    """Make an integration, and show the secret of its hook this once."""
    person = access.require(request, "command")
    site = request.app[SITE]
    form = await forms.read(request)
    again = partial(_form, request, typed={name: form.get(name) for name in _NO_VALUES}, status=422)
    try:
        asked = forms.new_integration(form)
        sent = await commands.create(site, person, asked, key=form.get("form_key"), request=request_id(request))
    except forms.FaultyFormError as error:
        return again(faults=error.faults)
    except InputError as error:
        return again(faults=forms.fault_of(error, site.catalogue[error.code].meaning))
    id_ = sent.outcome.integration
    if sent.hook_secret is None:  # The form was sent twice; the secret went to the first answer.
        return web.Response(status=303, headers={"Location": f"/i/{id_}"})
    shown = {"id": id_, "name": asked.name, "secret": sent.hook_secret, "hook": hook_url(site, id_)}
    return page(request, "created.html", status=201, **shown)


def _form(request: web.Request, *, typed: dict[str, str], faults: forms.Texts, status: int = 200) -> web.StreamResponse:
    return page(request, "new.html", status=status, here="list", typed=typed, faults=faults, form_key=forms.form_key())
