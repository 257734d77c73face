"""Subscriptions: listed, made, tried, changed and ended by people; and what became of each delivery."""

from functools import partial
from typing import Any, get_args
from urllib.parse import urlencode

from aiohttp import web
from pydantic import ValidationError

from syncline.core.announcement import KINDS
from syncline.deliveries.caller import message_id
from syncline.errors import InputError, NotFoundError, SynclineError
from syncline.store import deliveries as stored
from syncline.store.deliveries import Status
from syncline.web import access, subscriptions
from syncline.web.pages import forms
from syncline.web.pages.forms import Form, Texts
from syncline.web.pages.view import page
from syncline.web.problems import request_id, status_of
from syncline.web.site import SITE
from syncline.web.subscription_models import (
    DeliveriesAsked,
    DeliveryView,
    ReplayAsked,
    SecretAsked,
    SubscriptionAsked,
    SubscriptionChanged,
    SubscriptionView,
    Tested,
)

_FIELDS = ("url", "name", "integration")


async def show(request: web.Request) -> web.StreamResponse:
    """List the subscriptions, with the form for another one."""
    return await _draw_all(request)


async def make(request: web.Request) -> web.StreamResponse:
    """Try an address, make a subscription, and show its secret, this once."""
    person = access.require(request, "command")
    site, form = request.app[SITE], await forms.read(request)
    try:
        asked = SubscriptionAsked.model_validate(
            {**{name: form.get(name) for name in _FIELDS}, "types": sorted(form.all("types"))}
        )
        found, test, secret = await subscriptions.create(site, person, asked, request=request_id(request))
    except ValidationError:
        return await _draw_all(request, form, fault="Give an address and a name of up to 120 letters.")
    except (InputError, NotFoundError) as error:
        return await _draw_all(request, form, fault=_said(request, error))
    view = SubscriptionView.of(found)
    return await _draw_one(request, view, test=test, secret=secret.get_secret_value(), made=True, status=201)


async def see(request: web.Request) -> web.StreamResponse:
    """Show one, with its deliveries."""
    return await _draw_one(request)


async def act(request: web.Request) -> web.StreamResponse:
    """Do what a button of its page says."""
    person = access.require(request, "command")
    site, id_ = request.app[SITE], request.match_info["id"]
    form, name = await forms.read(request), request_id(request)
    test: Tested | None = None
    shown: dict[str, Any] = {}
    try:
        match request.match_info["act"]:
            case "test":
                _, test = await subscriptions.try_out(site, person, id_, request=name)
            case "on" | "off" as switch:
                change = SubscriptionChanged(enabled=switch == "on")
                _, test = await subscriptions.change(site, person, id_, change, request=name)
            case "told":
                told = {"name": form.get("name"), "types": sorted(form.all("types"))}
                change = SubscriptionChanged.model_validate(told)
                await subscriptions.change(site, person, id_, change, request=name)
                return _go(f"/subscriptions/{id_}")
            case "address":
                change = SubscriptionChanged.model_validate({"url": form.get("url")})
                _, test = await subscriptions.change(site, person, id_, change, request=name)
            case "secret":
                asked = SecretAsked.model_validate({"overlap_hours": form.get("overlap_hours")})
                hours = asked.overlap_hours
                _, secret = await subscriptions.rotate(site, person, id_, hours=hours, request=name)
                shown = {"secret": secret.get_secret_value(), "status": 201}
            case "replay":
                numbers = tuple(int(text) for text in form.all("sequence") if text.isdecimal())
                await subscriptions.replay(site, person, id_, ReplayAsked(sequences=numbers), request=name)
                return _go(f"/subscriptions/{id_}")
            case "end":
                await subscriptions.end(site, person, id_, request=name)
                return _go("/subscriptions")
            case _:
                raise NotFoundError("request.unknown_path")
    except ValidationError:
        return await _draw_one(request, fault="The form has something in it that is not taken here.", status=422)
    except InputError as error:
        return await _draw_one(request, fault=_said(request, error), status=status_of(error))
    return await _draw_one(request, test=test, **shown)


async def _draw_all(request: web.Request, form: Form | None = None, *, fault: str = "") -> web.StreamResponse:
    person = access.require(request, "read")
    found = await subscriptions.visible(request.app[SITE], person)
    shown = {
        "items": [SubscriptionView.of(each) for each in found],
        "kinds": {name: kind.title for name, kind in KINDS.items()},
        "typed": Texts({name: form.get(name) for name in _FIELDS} if form else {}),
        "ticked": form.all("types") if form else frozenset(),
        "fault": fault,
    }
    return page(request, "subscriptions.html", status=422 if fault else 200, here="subscriptions", **shown)


async def _draw_one(
    request: web.Request,
    view: SubscriptionView | None = None,
    *,
    test: Tested | None = None,
    secret: str = "",
    made: bool = False,
    fault: str = "",
    status: int = 200,
) -> web.StreamResponse:
    person = access.require(request, "read")
    site = request.app[SITE]
    view = view or SubscriptionView.of(await subscriptions.find(site, person, request.match_info["id"]))
    kept = {name: value for name, value in request.query.items() if value}
    try:
        asked = DeliveriesAsked.model_validate(kept)
    except ValidationError:
        raise InputError("request.invalid", "the page cannot be read") from None
    wanted = partial(stored.page, subscription=view.id, status=asked.status, before=asked.before or 2**62, most=51)
    found = await site.store.read(wanted)
    items = [DeliveryView.of(each, message_id(view.id, each.sequence)) for each in found[:50]]
    more = urlencode({"status": asked.status, "before": items[-1].sequence}) if len(found) > len(items) else ""
    return page(
        request,
        "subscription.html",
        status=status,
        here="subscriptions",
        it=view,
        items=items,
        dead=await site.store.read(partial(stored.count_dead, subscription=view.id)),
        older=f"/subscriptions/{view.id}?{more}" if more else "",
        wanted=asked.status,
        statuses=get_args(Status),
        kinds={name: kind.title for name, kind in KINDS.items()},
        test=test,
        secret=secret,
        made=made,
        fault=fault,
        default=SecretAsked().overlap_hours,
        days=site.settings.deliveries_days,
    )


def _said(request: web.Request, error: SynclineError) -> str:
    entry = request.app[SITE].catalogue[error.code]
    return f"{entry.meaning} {entry.remedy}"


def _go(where: str) -> web.Response:
    return web.Response(status=303, headers={"Location": where})
