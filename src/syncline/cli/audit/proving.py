"""`syncline audit verify`: prove the log from the file itself."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from syncline.cli.audit.foreign import read_as_it_is
from syncline.cli.audit.keys import VerifierKeys, read_keys
from syncline.cli.exits import FAILED, USAGE, CommandError, command, console
from syncline.cli.output import AsJson, moment, write_json, write_text
from syncline.core.proof import Noted, read_noted
from syncline.data_folder import DATABASE
from syncline.store.evidence import CheckpointFault, CheckpointReport, Evidence
from syncline.store.sqlite import open_store
from syncline.store.verify import Report
from syncline.store.verify import verify as prove

Id = Annotated[str, typer.Argument(metavar="[ID]", help="An integration; without it, all of them.")]

_SOURCES = {
    "database": "a checkpoint of the database",
    "outside": "a checkpoint from outside",
    "tree": "the stored tree",
    "truncation": "the record of what was let go",
}


@command
async def verify(
    integration: Id = "",
    *,
    data: Annotated[
        Path,
        typer.Option(envvar="SYNCLINE_DATA", help="The data directory; the service may be running.", metavar="DIR"),
    ] = Path("syncline-data"),
    checkpoints: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Checkpoints that were taken outside, a line each (--checkpoint-file)."),
    ] = None,
    key: VerifierKeys = None,
    as_json: AsJson = False,
) -> None:
    """Prove the audit log: every chain of hashes, every sequence without a gap, every state as its log tells it.

    The whole log is also held against every checkpoint: those of the database, and with --checkpoints those that lie
    outside, which alone show that its end was cut off or that all of it was written anew. With --key, a key that was
    noted elsewhere has to be one of the log's.

    Opens the database for reading only and needs no API key. Names the first thing that is wrong and ends with exit
    code 1.

    Example: syncline audit verify --data /srv/syncline

    Example: syncline audit verify --checkpoints /mnt/elsewhere/checkpoints.ndjson --key syncline/5f…+1c…+AQ…
    """
    if integration and (checkpoints or key):
        raise CommandError("checkpoints speak of the whole log: leave out ID, or --checkpoints and --key", code=USAGE)
    keys = tuple(read_keys(key))
    noted, unreadable = _read(checkpoints) if checkpoints else ((), 0)
    file = data / DATABASE
    store = await open_store(file, read_only=True)
    try:
        with console.status("Reading the log …") as line:

            def show(rows: int) -> None:
                line.update(f"{rows:,} rows read …")

            evidence = Evidence(noted, keys)
            ask = partial(prove, integration=integration, progress=show, evidence=evidence, file=file)
            with read_as_it_is("NOT proved"):
                report = await store.read(ask)
                text = _sentence(report, unreadable)
    finally:
        await store.close()
    if integration and not report.rows:
        raise CommandError(f"there is no integration {integration}")
    write_json(_facts(report, unreadable)) if as_json else write_text(text)
    if not report.proved:
        raise typer.Exit(FAILED)


def _read(file: Path) -> tuple[tuple[Noted, ...], int]:
    """Answer the checkpoints of a file, and how many of its lines are none."""
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None
    noted = [read_noted(line) for line in lines if line.strip()]
    found = tuple(each for each in noted if each is not None)
    if not found:
        raise CommandError(f"{file} holds no checkpoint")
    return found, len(noted) - len(found)


def _facts(report: Report, unreadable: int) -> dict[str, Any]:
    return {"proved": report.proved, **msgspec.to_builtins(report), "unreadable_lines": unreadable}


def _sentence(report: Report, unreadable: int) -> str:
    said = report.checkpoints
    lines = []
    if report.proved:
        lines = [f"proved: {report.rows:,} rows of {report.integrations:,} integrations"]
        if said is not None:
            lines.append(_covered(report, said))
    else:
        faults = [f"{fault.integration}, seq {fault.seq}: {fault.what}" for fault in report.faults]
        wrong = [_wrong(fault) for fault in said.faults] if said is not None else []
        lines = [f"NOT proved: {_count(report, len(wrong))}", *faults, *wrong]
    if unreadable:
        lines.append(f"{unreadable} lines of the file are no checkpoints and were passed over")
    return "\n".join(lines)


def _covered(report: Report, said: CheckpointReport) -> str:
    if not said.database and not said.outside:
        return "no checkpoint was signed yet, so nothing shows whether the end of the log was cut off"
    outside = f" and {said.outside:,} from outside" if said.outside else ""
    behind = (
        f"; the {report.rows - said.covered:,} rows after that are in none yet" if report.rows > said.covered else ""
    )
    return (
        f"{said.database:,} checkpoints of the database{outside} hold, the largest over {said.covered:,} rows{behind}"
    )


def _count(report: Report, wrong: int) -> str:
    parts = []
    if report.faults:
        parts.append(f"{len(report.faults)} of {report.integrations:,} integrations have a fault")
    if wrong:
        parts.append("the log is not what was signed for")
    return ", and ".join(parts)


def _wrong(fault: CheckpointFault) -> str:
    if fault.source == "key":
        return f"the key that was named: {fault.what}"
    at = f", signed {moment(fault.at)}" if fault.at else ""
    return f"{_SOURCES[fault.source]} over {fault.size:,} rows{at}: {fault.what}"
