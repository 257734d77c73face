"""`syncline audit verify`: prove the log from the file itself."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from syncline import main
from syncline.cli.exits import FAILED, CommandError, command, console
from syncline.cli.output import AsJson, write_json, write_text
from syncline.store.sqlite import open_store
from syncline.store.verify import Report
from syncline.store.verify import verify as prove

Id = Annotated[str, typer.Argument(metavar="[ID]", help="An integration; without it, all of them.")]


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
