"""What the control door does with outbound messages."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from syncline_sim.salesforce.outbound import messages, queue

if TYPE_CHECKING:
    from syncline_sim.world import World

CALLS = {
    "GET /outbound-messages": "outbound messages, their queue and what has failed",
    "POST /outbound-messages": (
        '{"object", "endpoint", "fields"?, "send_session"?, "send_as"?: username, "fires"?: created | created or '
        'changed, "active"?, "keep_failed"?, "name"?, "org_id"?}: define an outbound message'
    ),
    "PATCH /outbound-messages/{id}": "{name: value, …}: change an outbound message",
    "POST /outbound-messages/hurry": "everything in the queue is due now",
    "POST /outbound-messages/retry": '{"ids"?}: failed notifications go back to the queue',
    "DELETE /outbound-messages/notifications/{id}": "take a notification out, queued or failed",
}


def answers(world: "World") -> Mapping[str, Callable[[web.Request, dict[str, Any]], Any]]:
    """Answer what each of the calls does."""
    return {
        "GET /outbound-messages": lambda _, __: queue.view(world),
        "POST /outbound-messages": lambda _, body: messages.define(world, **body).view(),
        "PATCH /outbound-messages/{id}": lambda request, body: messages.change(
            world, request.match_info["id"], **body
        ).view(),
        "POST /outbound-messages/hurry": lambda _, __: {"hurried": queue.hurry(world)},
        "POST /outbound-messages/retry": lambda _, body: {"queued": queue.retry(world, body.get("ids"))},
        "DELETE /outbound-messages/notifications/{id}": lambda request, _: queue.remove(
            world, request.match_info["id"]
        ),
    }
