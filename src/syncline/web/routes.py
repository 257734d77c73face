"""What the middlewares have to know of a route before they do anything."""

from aiohttp import web

#: The route of signed events: it is measured, refuses by itself, and pays for no middleware.
HOT = "hook"


def is_hot(request: web.Request) -> bool:
    """Whether the request is for the route that looks after itself."""
    return request.match_info.route.name == HOT


def template(request: web.Request) -> str:
    """Answer the route's template, such as `/api/integrations/{id}`; never the path, which people put things into."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"
