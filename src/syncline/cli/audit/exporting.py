"""`syncline audit export` and `forwarding`: take the log away, and see how it does on its way to other systems."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from syncline.cli.audit.reading import Id, place
from syncline.cli.client import DEFAULT_URL, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import CommandError, command, console
from syncline.cli.log import filtered
from syncline.cli.output import AsJson, moment, write_json, write_table, write_text

_COLUMNS = ("destination", "form", "has all up to", "waiting", "lag", "delivered", "failures", "trouble")


class Format(StrEnum):
    """The forms of an export."""

    ndjson = "ndjson"
    csv = "csv"
    ocsf = "ocsf"


@command
@filtered
async def export(
    integration: Id = "",
    *,
    wanted: dict[str, str],
    form: Annotated[
        Format, typer.Option("--format", help="The rows themselves as JSON, a table, or events of OCSF.")
    ] = Format.ndjson,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write; without it, standard output.")
    ] = None,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Take the audit log away, whole or filtered; needs a key with the role `auditor` or `admin`.

    That it was taken is on the log, with who, when and how many rows. While it comes, FILE has the ending .part; what
    breaks off keeps it, and the exit code is not 0.

    Example: syncline audit export --output audit.ndjson

    Example: syncline audit export in_3f2a --format csv --type grant.lost > lost.csv

    Example: syncline audit export --format ocsf --since 2026-01-01 --output january.ocsf.ndjson
    """
    path, where = place(integration)
    size = 0
    async with connect(url, key) as client:
        with target(output) as file, console.status("Waiting for rows …") as line:
            async for chunk in client.lines(path, format=form.value, **where, **wanted):
                size += file.write(chunk)
                line.update(f"{size:,} bytes …")
    if output is not None:
        write_json({"file": str(output), "bytes": size}) if as_json else write_text(f"{size} bytes in {output}")


@command
async def forwarding(*, url: ServiceUrl = DEFAULT_URL, key: ServiceKey = "", as_json: AsJson = False) -> None:
    """Say where the log is forwarded to, how far each place has got, and what stands in its way.

    Needs a key with the role `auditor` or `admin`.

    Example: syncline audit forwarding
    """
    async with connect(url, key) as client:
        items = (await client.get("/api/audit/forwarding"))["items"]
    if as_json:
        write_json({"items": items})
    elif items:
        write_table(_COLUMNS, map(_row, items))
    else:
        write_text("the log is forwarded nowhere; start the service with --audit-forward https://… to change that")


def _row(item: dict[str, Any]) -> tuple[object, ...]:
    trouble = item["trouble"]
    told = "" if trouble is None else f"{trouble['code']}: {trouble['detail']}, since {moment(trouble['since'])}"
    lag = f"{item['lag_seconds']:.0f} s" if item["waiting_rows"] else ""
    done = (item["acknowledged"], item["waiting_rows"], lag, item["delivered"], item["failures"])
    return item["name"], item["format"], *done, told


@contextmanager
def target(output: Path | None) -> Iterator[BinaryIO]:
    """Open what is written to; a file gets its name only when it is whole."""
    if output is None:
        with open(1, "wb", closefd=False) as stream:
            yield stream
        return
    if output.exists():
        raise CommandError(f"{output} exists already")
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.rename(output)
    except OSError as error:
        raise CommandError(f"{output}: {error.strerror}") from None
