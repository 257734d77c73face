"""The pages of an app's policies, and of its second key and secret.

Nobody has to log in here; the pages act as the admin of the main org.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web
from multidict import MultiMapping

from syncline_sim.pages import show
from syncline_sim.salesforce import apps, orgs, staged_keys
from syncline_sim.salesforce.apps import App, Settings

if TYPE_CHECKING:
    from syncline_sim.world import World

_UNITS = {"Hours": 3600, "Days": 86_400, "Months": 30 * 86_400}
_MINUTE = 60
_IP = {
    "enforce": "Enforce IP restrictions",
    "relax_refresh": "Enforce IP restrictions, but relax for refresh tokens",
    "relax_trusted": "Relax IP restrictions from the app's own ranges",
    "relax": "Relax IP restrictions",
}
_REFRESH = {
    "revoked": "Refresh token is valid until revoked",
    "at_once": "Immediately expire refresh token",
    "idle": "Expire refresh token if not used for",
    "after": "Expire refresh token after",
}
_KEYS = {"stage": staged_keys.stage, "apply": staged_keys.apply, "discard": staged_keys.discard}


class PolicyPages:
    """The pages of one world."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def add_routes(self, app: web.Application) -> None:
        """Mount the pages."""
        app.router.add_get("/setup/apps/{number}/policies", self._show)
        app.router.add_post("/setup/apps/{number}/policies", self._save)
        app.router.add_post("/setup/apps/{number}/keys", self._keys)

    async def _show(self, request: web.Request) -> web.Response:
        return self._page(*self._find(request))

    async def _save(self, request: web.Request) -> web.Response:
        app, number = self._find(request)
        try:
            changed = apps.change(self._world, app, **_policies(await request.post()))
        except ValueError as error:
            return self._page(app, number, error=str(error))
        return self._page(changed, number, saved=True)

    async def _keys(self, request: web.Request) -> web.Response:
        app, number = self._find(request)
        act = _KEYS.get(str((await request.post()).get("action", "")))
        try:
            return self._page(act(self._world, app) if act else app, number, saved=act is not None)
        except ValueError as error:
            return self._page(app, number, error=str(error))

    def _page(self, app: App, number: int, *, saved: bool = False, error: str = "") -> web.Response:
        return show(
            "setup_policies.html",
            status=400 if error else 200,
            app=app,
            number=number,
            users=orgs.all_users(self._world.db),
            ip=_IP,
            refresh=_REFRESH,
            units=_UNITS,
            chosen=_chosen(app.settings),
            saved=saved,
            error=error,
        )

    def _find(self, request: web.Request) -> tuple[App, int]:
        number, found = request.match_info["number"], apps.every(self._world.db)
        if not number.isdecimal() or not 1 <= int(number) <= len(found):
            raise web.HTTPNotFound
        return found[int(number) - 1], int(number)


def _policies(form: MultiMapping[Any]) -> Mapping[str, Any]:
    """Read the form; raises `ValueError` for a number that is none."""
    policy = form.get("refresh", "revoked")
    seconds = _whole(form.get("refresh_count", "")) * _UNITS.get(str(form.get("refresh_unit", "")), 0)
    if policy in ("idle", "after") and not seconds:
        raise ValueError("The refresh token policy needs a number and a unit.")
    return {
        "admin_approval": form.get("users") == "approved",
        "approved_users": tuple(str(name) for name in form.getall("approved_users", [])),
        "ip_relaxation": str(form.get("ip_relaxation", "enforce")),
        "trusted_ranges": _listed(form.get("trusted_ranges", "")),
        "refresh_ranges": _listed(form.get("refresh_ranges", "")),
        "refresh_at_once": policy == "at_once",
        "refresh_idle_lifetime": seconds if policy == "idle" else 0,
        "refresh_lifetime": seconds if policy == "after" else 0,
        "rotation": "rotation" in form,
        "session_timeout": _whole(form.get("session_minutes", "")) * _MINUTE,
        "blocked": "blocked" in form,
    }


def _chosen(settings: Settings) -> tuple[str, int, str]:
    """Answer which refresh token policy an app has, with its number and unit."""
    seconds = settings.refresh_idle_lifetime or settings.refresh_lifetime
    unit = next((name for name, size in reversed(_UNITS.items()) if seconds % size == 0), "Hours")
    kept = (seconds // _UNITS[unit], unit) if seconds else (0, "Days")
    if settings.refresh_at_once:
        return "at_once", *kept
    if settings.refresh_idle_lifetime:
        return "idle", *kept
    return ("after" if settings.refresh_lifetime else "revoked"), *kept


def _whole(text: object) -> int:
    said = str(text).strip()
    if said and not said.isdecimal():
        raise ValueError(f"{said} is no whole number.")
    return int(said or 0)


def _listed(text: object) -> tuple[str, ...]:
    return tuple(line.strip() for line in str(text).splitlines() if line.strip())
