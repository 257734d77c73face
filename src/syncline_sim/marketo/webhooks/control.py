"""What the control door does with webhooks."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from syncline_sim.marketo.tables import transaction
from syncline_sim.marketo.webhooks import calling, campaigns, definitions

if TYPE_CHECKING:
    from syncline_sim.world import World

CALLS = {
    "GET /marketo/webhooks": "?limit=: webhooks, and the newest calls of them in order",
    "POST /marketo/webhooks": (
        '{"name", "url", "method"?, "template"?, "encoding"?: JSON | Form/Url | None, "headers"?, "response_type"?: '
        'JSON | XML, "mappings"?: {path: SOAP name of a field}, "triggers"?: ["created", "changed"], '
        '"fields"?: of which a change counts, "once"?, "batch"?, "active"?}: define a webhook and its campaign'
    ),
    "PATCH /marketo/webhooks/{id}": "{name: value, …}: change a webhook",
    "POST /marketo/webhooks/{id}/run": '{"people": ids}: let people run through the campaign',
}
_SHOWN = 100


def answers(world: "World") -> Mapping[str, Callable[[web.Request, dict[str, Any]], Any]]:
    """Answer what each of the calls does."""
    return {
        "GET /marketo/webhooks": lambda request, _: view(world, int(request.query.get("limit", _SHOWN))),
        "POST /marketo/webhooks": lambda _, body: asdict(definitions.define(world.db, body)),
        "PATCH /marketo/webhooks/{id}": lambda request, body: asdict(
            definitions.change(world.db, int(request.match_info["id"]), body)
        ),
        "POST /marketo/webhooks/{id}/run": lambda request, body: _run(
            world, int(request.match_info["id"]), body["people"]
        ),
    }


def view(world: "World", limit: int = _SHOWN) -> dict[str, Any]:
    """Answer the webhooks, and the newest calls, the oldest of them first."""
    rows = world.db.execute("SELECT * FROM marketo_webhook_calls ORDER BY number DESC LIMIT ?", (limit,))
    calls = [dict(row) for row in rows][::-1]
    return {"webhooks": [asdict(webhook) for webhook in definitions.every(world.db)], "calls": calls}


def _run(world: "World", number: int, people: Iterable[int]) -> None:
    """Let people run through a campaign, which calls nobody when it is a batch campaign."""
    webhook = definitions.find(world.db, number)
    with transaction(world.db):
        if not webhook.batch:
            campaigns.enter(world.db, webhook, people, world.now())
            return
        for person in people:
            calling.tell(world, webhook, person, calling.Outcome(calling.IN_BATCH))
