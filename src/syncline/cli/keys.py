"""`syncline keys`: who may use the API and the pages, and the master key that secrets are sealed under."""

import asyncio
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from syncline.cli.client import DEFAULT_URL, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import CODES, CommandError, command
from syncline.cli.exits import console as errors
from syncline.cli.output import AsJson, moment, write_json, write_table, write_text

app = typer.Typer(no_args_is_help=True, help="List, make and revoke API keys; rotate the master key.", epilog=CODES)

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
_LOOK_SECONDS = 0.25


class Role(StrEnum):
    """What a key may do."""

    viewer = "viewer"
    operator = "operator"
    auditor = "auditor"
    admin = "admin"


@app.command("list")
@command
async def list_(*, url: ServiceUrl = DEFAULT_URL, key: ServiceKey = "", as_json: AsJson = False) -> None:
    """List all keys, revoked ones too; their texts are stored nowhere.

    Example: syncline keys list
    """
    async with connect(url, key) as client:
        found = await client.get("/api/keys")
    if as_json:
        write_json(found)
        return
    rows = [
        (
            item["id"],
            item["name"],
            item["role"],
            " ".join(item["integrations"]) or "all",
            moment(item["created_at"]),
            _revoked(item["revoked_at"]),
        )
        for item in found["items"]
    ]
    write_table(("id", "name", "role", "for", "created", "revoked"), rows)


@app.command()
@command
async def create(
    name: Annotated[str, typer.Argument(help="Who or what it is for.")],
    *,
    role: Annotated[
        Role, typer.Option(help="What it may do: look, also command, also export the log, or everything.")
    ] = Role.viewer,
    integration: Annotated[
        list[str] | None, typer.Option(help="Only for this integration; may come several times. Without it, for all.")
    ] = None,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Make a key and show its text, this once.

    A key for some integrations sees no others, as if they did not exist, and makes no new ones.

    Example: syncline keys create "night shift" --role operator

    Example: syncline keys create "agency" --role operator --integration in_3f2a
    """
    async with connect(url, key) as client:
        body = {"name": name, "role": role.value, "integrations": integration or []}
        made = await client.post("/api/keys", body)
    if as_json:
        write_json(made)
    else:
        write_text(f"Key {made['id']} for {made['name']} ({made['role']}), shown only this once:")
        write_text(f"  {made['key']}", style="bold")


@app.command()
@command
async def revoke(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The key's id, from `syncline keys list`.")],
    *,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Revoke a key for good and end its browser sessions.

    Example: syncline keys revoke 1f6c0a2b
    """
    async with connect(url, key) as client:
        answer = await client.delete(f"/api/keys/{id_}")
    if as_json:
        write_json(answer or {"id": id_, "revoked": True})
    else:
        write_text(f"key {id_} is revoked")


@app.command()
@command
async def rotate(*, url: ServiceUrl = DEFAULT_URL, key: ServiceKey = "", as_json: AsJson = False) -> None:
    """Change to a new master key and wrap every data key and key of a subject by it, while the service runs.

    A new key is made when the ring is the file in the data directory; a ring that a variable or a command holds gets
    its new last line from you, first. Whatever stops this, run it again: it goes on where it was. Keep the old keys
    as long as you keep backups that were made under them.

    Example: syncline keys rotate
    """
    async with connect(url, key) as client:
        now = await client.post("/api/master-keys/rotation", None)
        with Progress(*_COLUMNS, console=errors, disable=as_json) as bars:
            bar = bars.add_task("keys wrapped", total=_all(now))
            while now["rotating"]:
                bars.update(bar, total=_all(now), completed=_all(now) - now["left"])
                await asyncio.sleep(_LOOK_SECONDS)
                now = await client.get("/api/master-keys")
            bars.update(bar, total=_all(now), completed=_all(now) - now["left"])
    if now["left"]:
        text = f"{now['left']} keys were not wrapped again; the log of the service says which, and why"
        raise CommandError(text, problem={"detail": text, **now})
    if as_json:
        write_json(now)
    else:
        write_text(f"All {_all(now)} keys are wrapped by {now['current']}.")


def _all(now: dict[str, Any]) -> int:
    return sum(each["data_keys"] + each["subject_keys"] for each in now["items"])


def _revoked(at: int | None) -> str:
    return "-" if at is None else moment(at)
