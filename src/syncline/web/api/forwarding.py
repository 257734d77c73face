"""Where the log is forwarded to."""

from syncline.web.forwarding import Destinations, destinations
from syncline.web.openapi import Api, Call

PART = Api()


@PART.route("GET", "/api/audit/forwarding", right="export", answer=Destinations)
async def list_destinations(call: Call[None, None]) -> Destinations:
    """List the places that the log is forwarded to: how far each has got, and what stands in its way."""
    return await destinations(call.site, call.who)
