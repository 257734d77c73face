"""The page of one integration: how far it is, what blocks it, and the form of the step that comes next."""

from typing import Any

from aiohttp import web

from syncline.errors import ConflictError, InputError, SynclineError
from syncline.web import access, commands
from syncline.web.access import Who
from syncline.web.models import Status
from syncline.web.pages import fields, forms, past
from syncline.web.pages.faces import FACES, MILESTONES, Face
from syncline.web.pages.view import page
from syncline.web.problems import request_id, status_of
from syncline.web.site import SITE, Site
from syncline.web.status import status as read_status

#: What deserves a second look or needs a form has a page of its own, with this title; everything else is a button.
OWN_PAGE: dict[str, str] = {
    "credentials.saved": "Replace Consumer Key and Secret",
    "account.saved": "Replace the {target} API user",
    "disconnect.requested": "Disconnect",
    "erasure.requested": "Erase the secrets without revoking",
    "revocation.given_up": "Go on without revoking",
    "identity.released": "Accept another user",
}
_DANGEROUS = frozenset({"disconnect.requested", "erasure.requested", "revocation.given_up"})
#: How often a browser without JavaScript looks again while something is under way, in seconds.
_RELOAD = 5


async def show(request: web.Request) -> web.StreamResponse:
    """Show an integration as it is now or, for those who may see its log, as it was (`as_of`)."""
    person, as_of = access.require(request, "read"), request.query.get("as_of", "")
    if as_of and not person.is_guest:
        return await past.show(request, as_of)
    status = await read_status(request.app[SITE], request.match_info["id"])
    return draw(request, status, note=_note(request))


async def send(request: web.Request) -> web.StreamResponse:
    """Send the command of a form; a form with faults is shown again."""
    person = access.require(request, "read")
    site, id_ = request.app[SITE], request.match_info["id"]
    form = await forms.read(request)
    event = form.get("event")
    own_page = form.get("page") == "own"
    await commands.refuse_foreign(site, person, id_, event, request=request_id(request))
    access.require(request, "command")
    try:
        command = forms.command(event, await _fields(site, id_, event, form))
        sent = await commands.send(site, person, id_, command, key=form.get("key"), request=request_id(request))
    except forms.FaultyFormError as error:
        return await _again(request, event, form, own_page=own_page, faults=error.faults)
    except InputError as error:
        faults = forms.fault_of(error, site.catalogue[error.code].meaning)
        return await _again(request, event, form, own_page=own_page, faults=faults)
    except ConflictError as error:
        return draw(request, await read_status(site, id_), trouble=error)
    return web.Response(status=303, headers={"Location": f"/i/{id_}?done={sent.outcome.type}"})


async def ask(request: web.Request) -> web.StreamResponse:
    """Show the page of a command that deserves one."""
    person = access.require(request, "command")
    event = request.match_info["event"]
    if event not in OWN_PAGE or not person.may_send(event):
        raise web.HTTPNotFound
    status = await read_status(request.app[SITE], request.match_info["id"])
    return _own(request, event, status)


def draw(
    request: web.Request,
    status: Status,
    *,
    note: str = "",
    trouble: SynclineError | None = None,
    typed: forms.Texts | None = None,
    faults: forms.Texts | None = None,
) -> web.Response:
    """Draw the page of an integration."""
    site = request.app[SITE]
    face = FACES.get(status.state, Face("waiting", "preview_failed", status.title))
    person = access.require(request, "read")
    possible = {entry.event for entry in status.next if person.actor.kind in entry.by}
    code = 200 if trouble is None and not faults else status_of(trouble) if trouble else 422
    return page(
        request,
        "integration.html",
        status=code,
        **_named(status),
        steps=steps(status),
        heading=site.title(face.heading),
        panel=f"panels/{face.panel}.html",
        possible=possible,
        primary=next((entry.event for entry in status.next if entry.primary), ""),
        others=_others(site, person, status, face),
        by_person=face.tone in {"person", "failed", "paused"},
        note=note,
        trouble=_trouble(site, trouble),
        typed=typed or forms.Texts(),
        faults=faults or forms.Texts(),
        form_key=forms.form_key(),
        reload=_RELOAD if face.tone in {"working", "waiting"} or status.state == "syncing.waiting" else 0,
        stream=status.state not in site.engine.rules.chart.finals,
        due=min((effect.due_at for effect in status.waiting_for if effect.due_at > site.now()), default=0),
        login_minutes=max(1, site.settings.login_lifetime // 60),
        links_open=(status.state, "link.made") in site.engine.rules.chart.rules,
        receipt=_receipt(status),
        **fields.shown(status, site.providers.target.key_field.name, typed or {}),
    )


def steps(status: Status) -> list[dict[str, str]]:
    """Answer the seven milestones with how they stand: `done`, `current` or `ahead`."""
    at = status.milestone if status.milestone in MILESTONES else _reached(status)
    place = MILESTONES.index(at)
    off = status.milestone not in MILESTONES
    return [
        {
            "title": name.replace("_", " ").capitalize(),
            "mark": "done"
            if number < place or (off and number == place)
            else "current"
            if number == place
            else "ahead",
        }
        for number, name in enumerate(MILESTONES)
    ]


def _reached(status: Status) -> str:
    """Answer how far one came that has left the path, by what it has left behind."""
    reached = (
        ("syncing", status.run),
        ("fields_synced", status.mapping),
        ("verified", status.preview),
        ("authorized", status.source.identity),
    )
    return next((milestone for milestone, trace in reached if trace), "unconfigured")


async def _fields(site: Site, id_: str, event: str, form: forms.Form) -> dict[str, object]:
    key = site.providers.target.key_field.name
    if event == "field_sync.requested":
        return {"skip": fields.skipped(await read_status(site, id_), key, form)}
    if event == "mapping.saved":
        return {"objects": fields.mapping(await read_status(site, id_), key, form)}
    return forms.simple_fields(event, form)


async def _again(
    request: web.Request, event: str, form: forms.Form, *, own_page: bool, faults: forms.Texts
) -> web.StreamResponse:
    """Show a form again. What was typed comes back, but for anything that is or may be secret."""
    status = await read_status(request.app[SITE], request.match_info["id"])
    shown = {name: value for name, value in form.pairs if name in {"login_host", "url"} or name.startswith("map.")}
    typed = forms.Texts(shown)
    if own_page and event in OWN_PAGE:
        return _own(request, event, status, typed=typed, faults=faults)
    return draw(request, status, typed=typed, faults=faults)


def _own(
    request: web.Request,
    event: str,
    status: Status,
    *,
    typed: forms.Texts | None = None,
    faults: forms.Texts | None = None,
) -> web.Response:
    allowed = any(entry.event == event for entry in status.next)
    title = request.app[SITE].title(OWN_PAGE[event])
    shown = {
        "event": event,
        "title": title,
        "allowed": allowed,
        "typed": typed or forms.Texts(),
        "faults": faults or forms.Texts(),
    }
    code = 422 if faults else 200
    return page(request, "own.html", status=code, **_named(status), **shown, form_key=forms.form_key())


def _named(status: Status) -> dict[str, Any]:
    # `status` is the word for the HTTP status in `page`.
    return {"it": status}


def _others(site: Site, person: Who, status: Status, face: Face) -> list[dict[str, Any]]:
    """List what a person may do besides what the panel offers."""
    offered = fields.OFFERED.get(face.panel, frozenset())
    return [
        {
            "event": entry.event,
            "title": site.title(OWN_PAGE.get(entry.event, entry.title)),
            "link": f"/i/{status.id}/do/{entry.event}" if entry.event in OWN_PAGE else "",
            "danger": entry.event in _DANGEROUS,
        }
        for entry in status.next
        if person.actor.kind in entry.by and entry.event not in offered
    ]


def _trouble(site: Site, error: SynclineError | None) -> dict[str, str] | None:
    if error is None:
        return None
    entry = site.catalogue.get(error.code) or site.catalogue["service.unexpected"]
    return {"code": entry.code, "meaning": entry.meaning, "detail": error.detail, "remedy": entry.remedy}


def _note(request: web.Request) -> str:
    """Answer a sentence about the command that led here; only names of ours are repeated."""
    event = request.query.get("done", "")
    return fields.NOTES.get(event, "")


def _receipt(status: Status) -> dict[str, Any]:
    why = status.why
    if status.source.grant is None:
        revoked = "There was no login, so there was nothing to revoke."
    elif why is not None and why.type == "erasure.requested":
        revoked = f"Not revoked: the tokens were only erased here. Revoke the access in {status.source.title} yourself."
    else:
        revoked = f"Revoked: {status.source.title} has confirmed that the tokens are void."
    return {"revoked": revoked, "at": why.at if why else 0, "actor": why.actor.title if why else ""}
