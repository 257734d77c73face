"""`syncline audit`: read the log, take it away, prove it."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer

from syncline import main
from syncline.cli.client import DEFAULT_URL, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import CODES, FAILED, CommandError, command, console
from syncline.cli.log import read_page, write_rows
from syncline.cli.output import AsJson, write_json, write_text
from syncline.store.sqlite import open_store
from syncline.store.verify import Report
from syncline.store.verify import verify as prove

app = typer.Typer(no_args_is_help=True, help="Read, export and prove the audit log.", epilog=CODES)

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


@app.command("list")
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


@app.command()
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


@app.command()
@command
async def verify(
    integration: Id = "",
    *,
    data: Annotated[
        Path,
        typer.Option(envvar="SYNCLINE_DATA", help="The data directory; the service may be running.", metavar="DIR"),
    ] = Path("syncline-data"),
    as_json: AsJson = False,
) -> None:
    """Prove the audit log: every chain of hashes, every sequence without a gap, and every state as its log tells it.

    Opens the database for reading only and needs no key. Names the first row that is wrong and ends with exit code 1.

    Example: syncline audit verify --data /srv/syncline
    """
    store = await open_store(data / main.DATABASE, read_only=True)
    try:
        with console.status("Reading the log …") as line:

            def show(rows: int) -> None:
                line.update(f"{rows:,} rows read …")

            report = await store.read(partial(prove, integration=integration, progress=show))
    finally:
        await store.close()
    if integration and not report.rows:
        raise CommandError(f"there is no integration {integration}")
    write_json(_facts(report)) if as_json else write_text(_sentence(report))
    if not report.proved:
        raise typer.Exit(FAILED)


def _facts(report: Report) -> dict[str, Any]:
    return {"proved": report.proved, **msgspec.to_builtins(report)}


def _sentence(report: Report) -> str:
    if report.proved:
        return f"proved: {report.rows:,} rows of {report.integrations:,} integrations"
    faults = [f"{fault.integration}, seq {fault.seq}: {fault.what}" for fault in report.faults]
    return "\n".join([f"NOT proved: {len(faults)} of {report.integrations:,} integrations have a fault", *faults])


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
