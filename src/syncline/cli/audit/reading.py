"""`syncline audit list`: read the log."""

from typing import Annotated

import typer

from syncline.cli.client import DEFAULT_URL, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import command
from syncline.cli.log import read_page, write_rows
from syncline.cli.output import AsJson, write_json

Id = Annotated[str, typer.Argument(metavar="[ID]", help="An integration; without it, all of them.")]
EventType = Annotated[str, typer.Option("--type", help="Only events of this type.")]
Disposition = Annotated[
    str,
    typer.Option(help="Only `transitioned`, `handled`, `refused`, `unexpected`, `duplicate` or `stale`."),
]


@command
async def list_(
    integration: Id = "",
    *,
    type_: EventType = "",
    disposition: Disposition = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the oldest first.")] = 100,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """List rows of the audit log, the oldest first.

    Example: syncline audit list in_3f2a --disposition refused
    """
    async with connect(url, key) as client:
        rows = await read_page(client, _path(integration), limit=limit, type=type_, disposition=disposition)
    write_json({"items": rows}) if as_json else write_rows(rows)


def _path(integration: str) -> str:
    return f"/api/integrations/{integration}/audit" if integration else "/api/audit"
