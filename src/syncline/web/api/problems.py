"""The error catalogue."""

from syncline.errors import NotFoundError
from syncline.web.models import (
    ProblemEntry,
)
from syncline.web.openapi import Api, Call

PART = Api()


@PART.route("GET", "/problems/{code}", right=None, answer=ProblemEntry)
async def explain_problem(call: Call[None, None]) -> ProblemEntry:
    """Explain a code of the error catalogue."""
    entry = call.site.catalogue.get(call.part("code"))
    if entry is None:
        raise NotFoundError("request.unknown_path", "the catalogue has no such code")
    return ProblemEntry(
        code=entry.code,
        meaning=entry.meaning,
        cause=entry.cause,
        remedy=entry.remedy,
        fixer=entry.fixer,
        retryable=entry.retryable,
    )
