"""Rows of the log as lines of a table: CSV for spreadsheets (RFC 4180)."""

import csv
import io
import json
from collections.abc import Sequence

from syncline.core.audit import Row
from syncline.store.log import LogRow

#: New columns come at the end, so that who reads by number goes on reading.
COLUMNS = (
    "position",
    "integration",
    "seq",
    "at",
    "type",
    "disposition",
    "from",
    "to",
    "actor_kind",
    "actor_id",
    "actor_via",
    "actor_address",
    "reason",
    "cause",
    "request",
    "data",
    "hash",
    "refusal",
    "bar",
    "repeats",
    "brought",
    "effects",
    "belongs",
    "digest",
    "key",
    "chart",
    "software",
    "v",
)
#: A spreadsheet takes a cell that starts so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int


def cells(found: LogRow, row: Row) -> tuple[Cell, ...]:
    """Answer the cells of a row, in the order of the columns; `row` may be one with its personal data opened."""
    return (
        found.position,
        row.integration,
        row.seq,
        row.at,
        row.type,
        row.disposition,
        row.origin,
        row.to,
        row.actor.kind,
        row.actor.id,
        row.actor.via,
        row.actor.address,
        row.reason,
        row.cause,
        row.request,
        json.dumps(row.data, ensure_ascii=False, sort_keys=True),
        found.hash.hex(),
        row.refusal,
        row.bar,
        row.repeats or "",
        " ".join(row.brought),
        " ".join(row.effects),
        "" if row.belongs is None else row.belongs,
        row.digest,
        row.key,
        row.chart,
        row.software,
        row.v,
    )


def table_line(row: Sequence[Cell]) -> bytes:
    """Answer one line, with nothing in it that a spreadsheet would run."""
    line = io.StringIO()
    csv.writer(line).writerow(
        [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in row]
    )
    return line.getvalue().encode()
