"""The set-up pages: the list of apps, a new one, and its key and secret behind a code sent by e-mail.

Nobody has to log in here; the pages act as the admin of the main org.
"""

import string
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web

from syncline_sim import mailbox
from syncline_sim.pages import show
from syncline_sim.salesforce import apps, orgs
from syncline_sim.salesforce.apps import App, Settings

if TYPE_CHECKING:
    from syncline_sim.world import World

_TICKS = {
    "require_pkce": "Require Proof Key for Code Exchange (PKCE)",
    "rotation": "Enable Refresh Token Rotation",
    "require_secret_web": "Require Secret for Web Server Flow",
    "require_secret_refresh": "Require Secret for Refresh Token Flow",
}
_CHOSEN = ("api", "refresh_token", "id")
_OFF = frozenset({"", "false", "0", "off", "no"})


class SetupPages:
    """The set-up pages of one world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._codes: dict[str, str] = {}  #: consumer key -> the code that was sent for it

    def add_routes(self, app: web.Application) -> None:
        """Mount the pages."""
        app.router.add_get("/", self._home)
        app.router.add_get("/setup", self._list)
        app.router.add_post("/setup", self._create)
        app.router.add_get("/setup/new", self._new)
        app.router.add_get("/setup/apps/{number}", self._app)
        app.router.add_post("/setup/apps/{number}", self._reveal)
        app.router.add_get("/mailbox", self._mailbox)

    async def _home(self, _: web.Request) -> web.Response:
        lines = ["This is where people log in and where apps are registered.", "Nothing here leaves this machine."]
        return show("message.html", heading="Welcome", lines=lines)

    async def _list(self, _: web.Request) -> web.Response:
        return show("setup.html", org=orgs.all_orgs(self._world)[0], apps=apps.every(self._world.db))

    async def _new(self, _: web.Request) -> web.Response:
        return _form_page({}, _CHOSEN, tuple(_TICKS))

    async def _create(self, request: web.Request) -> web.Response:
        posted = await request.post()
        form = {name: value.strip() for name, value in posted.items() if isinstance(value, str)}
        scopes = tuple(dict.fromkeys(" ".join(str(value) for value in posted.getall("scopes", [])).split()))
        settings = _settings(form, scopes)
        problem = _problem(form, settings)
        if problem:
            return _form_page(form, settings.scopes, tuple(n for n in _TICKS if getattr(settings, n)), problem)
        org = orgs.all_orgs(self._world)[0]
        app = apps.register(self._world, org.id, form["name"], form["contact_email"], settings)
        number = len(apps.every(self._world.db))
        return self._show(app, number, revealed=not self._world.switches["salesforce"]["reveal_by_code"])

    async def _app(self, request: web.Request) -> web.Response:
        app, number = self._find(request)
        return self._show(app, number, revealed=not self._world.switches["salesforce"]["reveal_by_code"])

    async def _reveal(self, request: web.Request) -> web.Response:
        app, number = self._find(request)
        sent = self._codes.pop(app.consumer_key, "")
        right = bool(sent) and str((await request.post()).get("code", "")).strip() == sent
        return self._show(
            app, number, revealed=right, error="" if right else "That code is wrong; here is another one."
        )

    async def _mailbox(self, _: web.Request) -> web.Response:
        found = mailbox.messages(self._world.db)
        shown = [
            {
                "subject": message.subject,
                "recipient": message.recipient,
                "when": datetime.fromtimestamp(message.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
                "text": message.body.removesuffix(message.code),
                "code": message.code,
            }
            for message in found
        ]
        return show("mailbox.html", messages=shown)

    def _show(self, app: App, number: int, *, revealed: bool, error: str = "") -> web.Response:
        if not revealed:
            code = self._codes[app.consumer_key] = self._world.word(6, string.digits)
            text = f"Somebody wants to see the Consumer Key and Secret of {app.name}. Your verification code: {code}"
            mailbox.send(self._world, app.contact_email, "Verify your identity to see a secret", text, code=code)
        return show("setup_app.html", app=app, number=number, revealed=revealed, error=error)

    def _find(self, request: web.Request) -> tuple[App, int]:
        number, found = request.match_info["number"], apps.every(self._world.db)
        if not number.isdecimal() or not 1 <= int(number) <= len(found):
            raise web.HTTPNotFound
        return found[int(number) - 1], int(number)


def _settings(form: Mapping[str, str], scopes: tuple[str, ...]) -> Settings:
    # A program that posts only the fields it cares about leaves both secrets required.
    secrets_shown = "secrets_shown" in form
    return Settings(
        callback_urls=tuple(form.get("callback_url", "").split()),
        scopes=scopes or _CHOSEN,
        distribution="packaged" if form.get("distribution", "").lower() == "packaged" else "local",
        require_pkce=_ticked(form, "require_pkce"),
        rotation=_ticked(form, "rotation"),
        require_secret_web=_ticked(form, "require_secret_web") or not secrets_shown,
        require_secret_refresh=_ticked(form, "require_secret_refresh") or not secrets_shown,
    )


def _ticked(form: Mapping[str, str], name: str) -> bool:
    return form.get(name, "").lower() not in _OFF


def _problem(form: Mapping[str, str], settings: Settings) -> str:
    if not form.get("name") or "@" not in form.get("contact_email", ""):
        return "The app needs a name and the e-mail address of a contact."
    if not settings.callback_urls:
        return "The app needs a Callback URL."
    for url in settings.callback_urls:
        if not url.startswith(("https://", "http://localhost", "http://127.0.0.1")):
            return "A Callback URL has to use HTTPS, except on this machine."
    unknown = [scope for scope in settings.scopes if scope not in apps.SCOPES]
    return f"There is no scope {unknown[0]}." if unknown else ""


def _form_page(
    form: Mapping[str, str], chosen: tuple[str, ...], ticked: tuple[str, ...], error: str = ""
) -> web.Response:
    # Two names for one scope, one box on the page.
    scopes = {name: title for name, title in apps.SCOPES.items() if name != "offline_access"}
    status = 400 if error else 200
    return show(
        "setup_new.html",
        status=status,
        form=form,
        scopes=scopes,
        chosen=chosen,
        ticks=_TICKS,
        ticked=ticked,
        error=error,
    )
