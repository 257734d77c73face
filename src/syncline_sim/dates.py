"""The header Date of every answer, which tells the world's time and not the computer's."""

from email.utils import formatdate
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from syncline_sim.world import World


def follow(app: web.Application, world: "World") -> None:
    """Let all answers of a door carry the world's time."""

    async def stamp(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(world.now(), usegmt=True)

    app.on_response_prepare.append(stamp)
