"""Hooks and their secrets; the inbox of what came to them."""

from syncline.store.hooks import Door
from syncline.web import hook_secrets
from syncline.web.hook_models import (
    HookDoor,
    Hooks,
    HookSecretSeen,
    InboxAsked,
    InboxPage,
    NewHookSecret,
    Replayed,
    RotationAsked,
)
from syncline.web.hook_secrets import Opened
from syncline.web.inbox_views import inbox_page
from syncline.web.openapi import Api, Call
from syncline.web.replays import replay
from syncline.web.site import Site

PART = Api()


@PART.route("GET", "/api/integrations/{id}/hooks", right="read", answer=Hooks)
async def list_hooks(call: Call[None, None]) -> Hooks:
    """List the doors of an integration and the secrets that open them, by fingerprint."""
    return await hooks_of(call.site, call.part("id"))


@PART.route(
    "POST",
    "/api/integrations/{id}/hooks/{door}/rotation",
    right="command",
    body=RotationAsked,
    answer=NewHookSecret,
    status=201,
)
async def rotate_hook(call: Call[RotationAsked, None]) -> NewHookSecret:
    """Make another secret for a hook, which is shown this once; the former ones go on for some hours."""
    site, integration = call.site, call.part("id")
    door = hook_secrets.door_of(site, call.part("door"))
    hours = call.body.overlap_hours
    opened = await hook_secrets.rotate(site, call.who, integration, door, hours=hours, request=call.request_id)
    return shown_once(site, door, opened)


@PART.route("GET", "/api/inbox", right="read", query=InboxAsked, answer=InboxPage)
async def list_inbox(call: Call[None, InboxAsked]) -> InboxPage:
    """List what came to the doors, with what became of it, the newest first."""
    return await inbox_page(call.site, call.query, only=call.who.key.integrations)


@PART.route("POST", "/api/inbox/{request}/replay", right="command", answer=Replayed)
async def replay_request(call: Call[None, None]) -> Replayed:
    """Replay a request under its own id: what was recorded is a duplicate, what was not is judged anew."""
    return await replay(call.site, call.who, call.part("request"), request=call.request_id)


async def hooks_of(site: Site, integration: str) -> Hooks:
    """Answer the doors of an integration; raises `NotFoundError`."""
    living = await hook_secrets.living(site, integration)
    address = f"{site.public_url}/hooks/{integration}"
    sides = hook_secrets.sides(site)
    doors = []
    for door, secrets in living.items():
        side = sides.get(door)
        name = side.name if side else "events"
        seen = tuple(
            HookSecretSeen(fingerprint=one.sealed.fingerprint, at=one.sealed.at, until=one.until) for one in secrets
        )
        url = f"{address}/{name}/…" if side else f"{address}/events"
        doors.append(HookDoor(name=name, url=url, header=side.header if side else "", secrets=seen))
    return Hooks(items=tuple(doors))


def shown_once(site: Site, door: Door, opened: Opened) -> NewHookSecret:
    """Answer a new secret with how it is entered."""
    side = hook_secrets.sides(site).get(door)
    guide = side.guide(opened.url, opened.secret) if side else ()
    return NewHookSecret(
        name=side.name if side else "events",
        url=opened.url,
        secret=opened.secret,
        header=opened.header,
        former_until=opened.former_until,
        guide=tuple((step.title, step.text, step.values) for step in guide),
    )
