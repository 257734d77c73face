"""A file as an answer: whole or the range that is asked for, and plain words where there is none."""

import re
import sqlite3
from collections.abc import AsyncIterator
from http import HTTPStatus

from aiohttp import web

from syncline_sim.marketo.bulk import files

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_TYPES = {"csv": "text/csv", "tsv": "text/tab-separated-values", "ssv": "text/plain"}


def respond(db: sqlite3.Connection, job: int, name: str, layout: str, wanted: str = "") -> web.Response:
    """Answer a file of a job; `wanted` is the header that asks for a range of it."""
    total = files.size(db, job, name)
    if not total:
        return missing()
    headers = {"Content-Type": f"{_TYPES[layout]}; charset=UTF-8", "Accept-Ranges": "bytes"}
    span = _span(wanted, total)
    first, last = span or (0, total - 1)
    if first > last:
        headers["Content-Range"] = f"bytes */{total}"
        return web.Response(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
    if span:
        headers["Content-Range"] = f"bytes {first}-{last}/{total}"
    headers["Content-Length"] = str(last - first + 1)
    status = HTTPStatus.PARTIAL_CONTENT if span else HTTPStatus.OK
    return web.Response(status=status, headers=headers, body=_stream(db, job, name, first, last))


def missing() -> web.Response:
    """Answer that there is no such file, in plain text unlike everything else."""
    return web.Response(status=HTTPStatus.NOT_FOUND, text="File not found")


def _span(wanted: str, total: int) -> tuple[int, int] | None:
    match = _RANGE.fullmatch(wanted.strip())
    if match is None or match.groups() == ("", ""):  # A header that nobody understands is as good as none.
        return None
    first, last = match.groups()
    if not first:
        return max(total - int(last), 0), total - 1
    return int(first), min(int(last), total - 1) if last else total - 1


async def _stream(db: sqlite3.Connection, job: int, name: str, first: int, last: int) -> AsyncIterator[bytes]:
    for piece in files.read(db, job, name, first, last):
        yield piece
