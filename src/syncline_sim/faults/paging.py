"""How many pages of a list came before the one that a call asks for.

Law: a page that is asked for again, because its answer was lost, is the same page.
"""

import re
from collections import OrderedDict
from urllib.parse import parse_qsl

from aiohttp import web
from yarl import URL

from syncline_sim.salesforce.gate import plain_path

_KEPT = 1000
_QUERY = re.compile(r"/services/data/v[^/]+/query(?:All)?/(\w+)-(\d+)/?")
_RESULTS = re.compile(r"/services/data/v[^/]+/jobs/query/(\w+)/results/?", re.IGNORECASE)
_FORM = "application/x-www-form-urlencoded"
_TOKEN, _NOT_ASKED = "nextPageToken", ("nextPageToken", "_method", "access_token", "offset")

_Place = tuple[tuple[str, ...], str, int]


class Pages:
    """The lists that are being read, the ones read last at the end."""

    def __init__(self) -> None:
        self._lists: OrderedDict[tuple[str, ...], tuple[str, int]] = OrderedDict()

    async def before(self, side: str, request: web.Request) -> int:
        """Answer how many pages of the same list came before, 0 for a first one and for what is no list."""
        place = _salesforce(request) if side == "salesforce" else await _marketo(request)
        if place is None:
            return 0
        key, at, first = place
        last, count = self._lists.get(key, ("", first - 1 if at else 0))
        if not at:
            count = 0
        elif at != last:
            count += 1
        self._lists[key] = (at, count)
        self._lists.move_to_end(key)
        if len(self._lists) > _KEPT:
            self._lists.popitem(last=False)
        return count

    def clear(self) -> None:
        """Forget all lists."""
        self._lists.clear()


def _salesforce(request: web.Request) -> _Place | None:
    """Answer which list is asked for, where in it, and how many pages have come before one that nobody has seen."""
    path = plain_path(request)
    if match := _QUERY.fullmatch(path):
        return ("query", match[1]), match[2], 1  # The first page came with the query itself.
    if match := _RESULTS.fullmatch(path):
        return ("bulk", match[1]), request.query.get("locator", ""), 0
    return None


async def _marketo(request: web.Request) -> _Place | None:
    asked = dict(request.query)
    if request.content_type == _FORM and request.body_exists and _tidy(request.rel_url):
        asked |= parse_qsl((await request.read()).decode(errors="replace"))
    elif request.method != "GET":
        return None
    at = asked.get(_TOKEN, "") or asked.get("offset", "").strip("0")
    rest = sorted(f"{name}={value}" for name, value in asked.items() if name not in _NOT_ASKED)
    return ("marketo", request.path, *rest), at, 0


def _tidy(address: URL) -> bool:
    # One that is written otherwise is handed on as it is meant, for which its body must not have been read.
    return "//" not in address.path and "/.." not in address.path
