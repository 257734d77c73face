"""`syncline audit checkpoints`, `keys` and `rotate-key`: what was signed, and what it is checked with."""

from typing import Annotated

import typer

from syncline.cli.client import DEFAULT_URL, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import command
from syncline.cli.output import AsJson, moment, write_json, write_table, write_text


@command
async def checkpoints(
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest first.")] = 20,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """List signed checkpoints, the newest first; with --json also their notes, to be kept elsewhere.

    Example: syncline audit checkpoints --limit 1 --json
    """
    async with connect(url, key) as client:
        found = await client.get("/api/audit/checkpoints", limit=limit)
    if as_json:
        write_json(found)
        return
    if found["contradiction"]:
        write_text(f"NOTHING IS SIGNED ANY MORE: {found['contradiction']}; see `syncline audit verify`")
    if not found["items"]:
        write_text("no checkpoint was signed yet; the first comes within a minute")
        return
    write_table(
        ("rows", "signed", "by"), [(each["size"], moment(each["at"]), _by(each["note"])) for each in found["items"]]
    )
    write_text(f"{found['waiting']} rows are in none yet")


@command
async def keys(*, url: ServiceUrl = DEFAULT_URL, key: ServiceKey = "", as_json: AsJson = False) -> None:
    """Show the public keys of checkpoints, the present one last: note it elsewhere, and check with it.

    Example: syncline audit keys
    """
    async with connect(url, key) as client:
        found = await client.get("/api/audit/checkpoint-keys")
    if as_json:
        write_json(found)
        return
    for each in found["items"]:
        write_text(f"{each['key']}  since {moment(each['since'])}")


@command
async def rotate_key(
    *,
    after_restore: Annotated[
        bool,
        typer.Option(
            "--after-restore",
            help="The log contradicts an earlier checkpoint because an older copy was restored: sign for it as it is.",
        ),
    ] = False,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Sign checkpoints with a new key from now on; the present one endorses it, on the log of the service.

    Who trusts the old key can go on checking with it. Note the new one elsewhere all the same.

    Example: syncline audit rotate-key
    """
    async with connect(url, key) as client:
        found = await client.post("/api/audit/checkpoint-keys", {"after_restore": after_restore})
    write_json(found) if as_json else write_text(f"checkpoints are signed by {found['items'][-1]['key']} from now on")


def _by(note: str) -> str:
    """Answer the name of the key that a note says it is signed by."""
    return note.rsplit("— ", 1)[-1].partition(" ")[0]
