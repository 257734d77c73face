"""The audit log as the API gives it away: exports as NDJSON, CSV or OCSF, streamed at constant memory."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from aiohttp import web

from syncline.errors import UnavailableError
from syncline.forwarding.message import messages
from syncline.logs import struck
from syncline.privacy import Privacy
from syncline.store import search
from syncline.store.forwarding import last_position
from syncline.store.log import Filter, LogRow
from syncline.web.asked import AuditAsked
from syncline.web.site import Site
from syncline.web.tables import COLUMNS, cells, table_line
from syncline.web.taking import Leaving, take

#: Rows that are read at a time, and about how many bytes of them: a row may be as large as a request.
_MOST_ROWS = 500
_MOST_BYTES = 1024 * 1024
#: What ids, types, states and references look like.
_NAME = re.compile(r"[A-Za-z0-9_.:#-]*")
_TYPES = {"ndjson": "application/x-ndjson", "csv": "text/csv", "ocsf": "application/x-ndjson"}
_ENDINGS = {"ndjson": "ndjson", "csv": "csv", "ocsf": "ocsf.ndjson"}


@dataclass(slots=True)
class _Taking:
    """One export under way."""

    wanted: Filter
    form: str
    after: int
    #: The end of the log when the export was asked for: what comes later is not in it, or it would never end.
    through: int
    rows: int = 0


async def export(site: Site, request: web.Request, asked: AuditAsked, filtered: Filter) -> web.StreamResponse:
    """Stream all rows that match, the oldest first; raises as `taking.take`."""
    taking = _Taking(filtered, asked.format, asked.after, await site.store.read(last_position))
    name = f"audit-{filtered.integration or 'all'}.{_ENDINGS[asked.format]}"
    leaving = Leaving(name, _TYPES[asked.format], _facts(taking), "utf-8")
    return await take(
        site,
        request,
        leaving,
        _parts(site, taking),
        lambda: {"rows": taking.rows, "through": taking.through},
    )


async def _parts(site: Site, taking: _Taking) -> AsyncIterator[bytes]:
    """Answer the export piece by piece; raises `UnavailableError` when the service stops before its end."""
    if taking.form == "csv":
        yield table_line(COLUMNS)
    after, limit = taking.after, _MOST_ROWS
    while True:
        ask = partial(search.find, index=site.index, wanted=taking.wanted, newest=False, past=after, limit=limit)
        found = await site.store.read(ask)
        inside = [row for row in found.rows if row.position <= taking.through]
        if inside:
            yield await _encode(inside, taking.form, site.privacy)
        taking.rows += len(inside)
        if found.next is None or found.next >= taking.through:
            return
        if site.stopping.is_set():
            raise UnavailableError("service.stopping")
        after = found.next
        size = sum(len(row.content) for row in found.rows)
        limit = max(1, min(_MOST_ROWS, _MOST_BYTES * len(found.rows) // size)) if size else _MOST_ROWS


async def _encode(rows: list[LogRow], form: str, privacy: Privacy) -> bytes:
    """Answer rows in a form; what is personal is opened but for the canonical bytes, which prove the chain."""
    if form == "csv":
        shown = await privacy.reveal([found.row for found in rows])
        return b"".join(table_line(cells(found, row)) for found, row in zip(rows, shown, strict=True))
    made = await (messages(rows, "ocsf", privacy) if form == "ocsf" else messages(rows, "rows", None))
    return b"".join(message.body + b"\n" for message in made)


def _facts(taking: _Taking) -> dict[str, Any]:
    """Answer what the log says of an export: its form and its filter.

    What was looked for as a text may name somebody, and so may whatever is no name of ours: that is sealed.
    """
    bare = Filter()
    told = msgspec.structs.asdict(taking.wanted)
    asked = {name: _hidden(value) for name, value in told.items() if value != getattr(bare, name)}
    free = {name: asked.pop(name) for name in list(asked) if name == "text" or not _is_name(asked[name])}
    sent = ", ".join(value if name == "text" else f"{name}: {value}" for name, value in free.items())
    facts = {"format": taking.form, "filter": asked, "after": taking.after, "sent": sent}
    return {name: value for name, value in facts.items() if value}


def _hidden(value: Any) -> Any:  # noqa: ANN401  any value of a filter
    return struck(value) if isinstance(value, str) else value


def _is_name(value: object) -> bool:
    return not isinstance(value, str) or _NAME.fullmatch(value) is not None
