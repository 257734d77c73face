"""The event feed."""

from aiohttp import web

from syncline.web import feed
from syncline.web.feed import Feed, FeedAsked
from syncline.web.openapi import Api, Call

PART = Api()


@PART.route("GET", "/api/events", right="read", query=FeedAsked, answer=Feed, streams=(feed.STREAM,))
async def read_feed(call: Call[None, FeedAsked]) -> Feed | web.StreamResponse:
    """Tell what happened behind a position, wait for it, or stream it (`Accept: text/event-stream`)."""
    only = call.who.key.integrations
    if feed.streams(call.request):
        return await feed.stream(call.site, call.request, call.query, only=only)
    return await feed.page(call.site, call.query, only=only)
