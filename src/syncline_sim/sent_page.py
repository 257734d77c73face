"""A page of the control door that shows what the vendors send out: what is defined, what waits and what has failed."""

from typing import TYPE_CHECKING

from aiohttp import web

from syncline_sim.control_pages import PAGES, when
from syncline_sim.marketo.webhooks import control as webhooks
from syncline_sim.pages import show
from syncline_sim.salesforce.outbound import queue

if TYPE_CHECKING:
    from syncline_sim.world import World


def add_routes(app: web.Application, world: "World") -> None:
    """Mount the page."""

    async def page(_: web.Request) -> web.Response:
        return show(
            "sent.html",
            site="Simulated world",
            pages=PAGES,
            here="/sent",
            error="",
            outbound=queue.view(world),
            webhooks=webhooks.view(world),
            when=when,
        )

    app.router.add_get("/sent", page)
