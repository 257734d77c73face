"""`syncline audit pack`: what an auditor needs, in one file."""

from pathlib import Path
from typing import Annotated

import typer

from syncline.cli.audit.exporting import target
from syncline.cli.client import DEFAULT_URL, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import command, console
from syncline.cli.output import AsJson, write_json, write_text


@command
async def pack(
    integration: Annotated[
        str, typer.Argument(metavar="[ID]", help="An integration, or `service`; without it, the whole log.")
    ] = "",
    *,
    output: Annotated[Path, typer.Option(metavar="FILE", help="The zip to be written.")],
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Also say what is sealed in the rows: names, addresses, texts of people.")
    ] = False,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Write an auditor's pack: the log, what was signed for it, a report, and a program that checks it all.

    The program is one file, `verify.py`, that needs Python 3.8 and nothing else; docs/audit.md says what it proves and
    how to answer an auditor with it. That the pack was made is itself on the log. Of other integrations than ID there
    are hashes only. Needs a key with the role `auditor` or `admin`.

    Example: syncline audit pack --output log.zip && unzip -p log.zip verify.py > verify.py && python verify.py log.zip

    Example: syncline audit pack in_3f2a --reveal --output acme.zip
    """
    size = 0
    async with connect(url, key) as client:
        with target(output) as file, console.status("Waiting for the first rows …") as line:
            async for chunk in client.lines(
                "/api/audit/pack", integration=integration, reveal="true" if reveal else ""
            ):
                size += file.write(chunk)
                line.update(f"{size:,} bytes …")
    write_json({"file": str(output), "bytes": size}) if as_json else write_text(f"{size} bytes in {output}")
