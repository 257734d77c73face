"""To follow within the hour."""

from aiohttp import web


def add_routes(app: web.Application) -> None:
    """Add no route yet."""
