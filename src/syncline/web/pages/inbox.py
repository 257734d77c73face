"""The inbox: what came to the doors, what became of it, and a button to replay it."""

from typing import get_args
from urllib.parse import urlencode

from aiohttp import web
from pydantic import ValidationError

from syncline.errors import InputError, SynclineError
from syncline.store.inbox import Verdict
from syncline.web import access
from syncline.web.hook_models import InboxAsked, Replayed
from syncline.web.inbox_views import inbox_page
from syncline.web.pages.forms import Texts
from syncline.web.pages.view import page
from syncline.web.problems import request_id, status_of
from syncline.web.replays import replay as replay_request
from syncline.web.site import SITE


async def show(request: web.Request) -> web.StreamResponse:
    """List what came, the newest first."""
    return await _draw(request)


async def replay(request: web.Request) -> web.StreamResponse:
    """Replay one request and say what became of it."""
    person = access.require(request, "command")
    site, id_ = request.app[SITE], request.match_info["request"]
    try:
        done = await replay_request(site, person, id_, request=request_id(request))
    except SynclineError as error:
        return await _draw(request, refused=error, status=status_of(error))
    return await _draw(request, done=done)


async def _draw(
    request: web.Request, *, done: Replayed | None = None, refused: SynclineError | None = None, status: int = 200
) -> web.StreamResponse:
    person = access.require(request, "read")
    site = request.app[SITE]
    kept = {name: value for name, value in request.query.items() if value}
    try:
        asked = InboxAsked.model_validate(kept)
    except ValidationError:
        raise InputError("request.invalid", "the page cannot be read") from None
    found = await inbox_page(site, asked, only=person.key.integrations)
    older = f"/inbox?{urlencode(kept | {'before': found.next})}" if found.next else ""
    return page(
        request,
        "inbox.html",
        status=status,
        here="inbox",
        items=found.items,
        older=older,
        first=not asked.before,
        kept=Texts({name: kept.get(name, "") for name in ("verdict", "integration")}),
        verdicts=get_args(Verdict),
        done=done,
        refused=refused,
        days=site.settings.inbox_days,
    )
