"""What the control door does with orgs, with permission sets, and with the second key and secret of an app."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from syncline_sim.salesforce import apps, orgs, permission_sets, staged_keys

if TYPE_CHECKING:
    from syncline_sim.world import World

CALLS = {
    "PATCH /orgs/{id}": "{name: value, …}: change the edition of an org, or any setting such as trusted_ranges",
    "GET /permission-sets": "permission sets and who has them",
    "POST /permission-sets": '{"org_id"?, "name", "label"?, "permissions", "users"?}: make or replace a permission set',
    "DELETE /apps/{key}/staged": "take a second key and secret of an app away again",
    "POST /apps/{key}/staged": "give an app a second key and secret, which work beside the first",
    "POST /apps/{key}/staged/apply": "put them in the place of the first, which end",
}


def answers(world: "World") -> Mapping[str, Callable[[web.Request, dict[str, Any]], Any]]:
    """Answer what each of the calls does."""

    def of_app(act: Callable[["World", apps.App], apps.App]) -> Callable[[web.Request, dict[str, Any]], Any]:
        return lambda request, _: asdict(act(world, _app(world, request.match_info["key"])))

    return {
        "PATCH /orgs/{id}": lambda request, body: asdict(orgs.change_org(world, request.match_info["id"], **body)),
        "GET /permission-sets": lambda _, __: {"permission_sets": permission_sets.every(world)},
        "POST /permission-sets": lambda _, body: permission_sets.put(world, **body),
        "POST /apps/{key}/staged": of_app(staged_keys.stage),
        "POST /apps/{key}/staged/apply": of_app(staged_keys.apply),
        "DELETE /apps/{key}/staged": of_app(staged_keys.discard),
    }


def _app(world: "World", key: str) -> apps.App:
    app = apps.find(world.db, key)
    if app is None:
        raise KeyError(key)
    return app
