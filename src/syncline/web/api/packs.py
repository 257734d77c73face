"""The auditor's pack."""

from aiohttp import web

from syncline.web import packs
from syncline.web.openapi import Api, Call
from syncline.web.packs import PackAsked

PART = Api()


@PART.route("GET", "/api/audit/pack", right="export", query=PackAsked, streams=("application/zip",))
async def read_pack(call: Call[None, PackAsked]) -> web.StreamResponse:
    """Take away what an auditor needs: the log, what was signed for it, and a program that checks it."""
    return await packs.send(call.site, call.request, call.who, call.query)
