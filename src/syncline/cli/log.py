"""Pages of the audit log, fetched and shown."""

from typing import Any

from syncline.cli.client import Client
from syncline.cli.output import actor, moment, write_table, write_text

_PAGE = 1000


async def read_page(
    client: Client, path: str, *, limit: int, past: int = 0, **filters: str | int
) -> list[dict[str, Any]]:
    """Read the rows of a log behind the one with the number `past`, at most `limit` of them."""
    rows: list[dict[str, Any]] = []
    after = 0
    while len(rows) < limit:
        page = await client.get(path, after=after, limit=_PAGE, **filters)
        rows.extend(row for row in page["items"] if row["seq"] > past)
        after = page["next"] or 0
        if not after:
            break
    return rows[:limit]


def write_rows(rows: list[dict[str, Any]]) -> None:
    """Show rows of a log as a table."""
    if not rows:
        write_text("no events")
        return
    cells = [
        (row["integration"], row["seq"], moment(row["at"]), row["type"], row["disposition"], _move(row), _who(row))
        for row in rows
    ]
    write_table(("integration", "seq", "at", "event", "disposition", "state", "by"), cells)


def _move(row: dict[str, Any]) -> str:
    return f"{row['from']} → {row['to']}" if row["disposition"] == "transitioned" else str(row["to"])


def _who(row: dict[str, Any]) -> str:
    return f"{actor(row['actor'])}{': ' + row['reason'] if row['reason'] else ''}"
