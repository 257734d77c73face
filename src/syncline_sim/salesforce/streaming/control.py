"""What the control door does with Change Data Capture."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from syncline_sim.salesforce import orgs
from syncline_sim.salesforce.streaming import selection

if TYPE_CHECKING:
    from syncline_sim.world import World

CALLS = {
    "GET /change-data-capture": "the objects of each org whose changes are told, and how many events are kept",
    "POST /change-data-capture": '{"objects": [name, …], "org_id"?}: select objects; with none it is off',
}


def answers(world: "World") -> Mapping[str, Callable[[web.Request, dict[str, Any]], Any]]:
    """Answer what each of the calls does."""
    return {
        "GET /change-data-capture": lambda _, __: _view(world),
        "POST /change-data-capture": lambda _, body: {"objects": _select(world, **body)},
    }


def _view(world: "World") -> dict[str, Any]:
    selected = {org.id: selection.selected(world, org.id) for org in orgs.all_orgs(world)}
    count = world.db.execute("SELECT count(*) FROM salesforce_change_events").fetchone()[0]
    return {"objects": selected, "events": count}


def _select(world: "World", *, objects: list[str], org_id: str = "") -> list[str]:
    return list(selection.select(world, objects, org_id=org_id))
