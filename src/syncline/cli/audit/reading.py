"""`syncline audit list` and `export`: read the log, take it away."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from syncline.cli.client import DEFAULT_URL, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import CommandError, command
from syncline.cli.log import read_page, write_rows
from syncline.cli.output import AsJson, write_json, write_text

Id = Annotated[str, typer.Argument(metavar="[ID]", help="An integration; without it, all of them.")]
EventType = Annotated[str, typer.Option("--type", help="Only events of this type.")]
Disposition = Annotated[
    str,
    typer.Option(help="Only `transitioned`, `handled`, `refused`, `unexpected`, `duplicate` or `stale`."),
]


class Format(StrEnum):
    """The forms of an export."""

    ndjson = "ndjson"
    csv = "csv"


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


@command
async def export(
    integration: Id = "",
    *,
    form: Annotated[Format, typer.Option("--format", help="One JSON object a line, or a table.")] = Format.ndjson,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write; without it, standard output.")
    ] = None,
    type_: EventType = "",
    disposition: Disposition = "",
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Take the audit log away, whole or filtered; needs a key with the role `auditor` or `admin`.

    Example: syncline audit export --output audit.ndjson

    Example: syncline audit export in_3f2a --format csv --type grant.lost > lost.csv
    """
    async with connect(url, key) as client:
        lines = client.lines(_path(integration), format=form.value, type=type_, disposition=disposition)
        with _target(output) as file:
            size = 0
            async for chunk in lines:
                size += file.write(chunk)
    if output is not None:
        write_json({"file": str(output), "bytes": size}) if as_json else write_text(f"{size} bytes in {output}")


def _path(integration: str) -> str:
    return f"/api/integrations/{integration}/audit" if integration else "/api/audit"


def _target(output: Path | None) -> BinaryIO:
    if output is None:
        return open(1, "wb", closefd=False)
    try:
        return output.open("xb")
    except FileExistsError:
        raise CommandError(f"{output} exists already") from None
    except OSError as error:
        raise CommandError(f"{output}: {error.strerror}") from None
