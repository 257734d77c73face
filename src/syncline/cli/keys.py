"""`syncline keys`: who may use the API and the pages."""

from enum import StrEnum
from typing import Annotated

import typer

from syncline.cli.client import DEFAULT_URL, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import CODES, command
from syncline.cli.output import AsJson, moment, write_json, write_table, write_text

app = typer.Typer(no_args_is_help=True, help="List, make and revoke API keys.", epilog=CODES)


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
        (item["id"], item["name"], item["role"], moment(item["created_at"]), _revoked(item["revoked_at"]))
        for item in found["items"]
    ]
    write_table(("id", "name", "role", "created", "revoked"), rows)


@app.command()
@command
async def create(
    name: Annotated[str, typer.Argument(help="Who or what it is for.")],
    *,
    role: Annotated[
        Role, typer.Option(help="What it may do: look, also command, also export the log, or everything.")
    ] = Role.viewer,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Make a key and show its text, this once.

    Example: syncline keys create "night shift" --role operator
    """
    async with connect(url, key) as client:
        made = await client.post("/api/keys", {"name": name, "role": role.value})
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


def _revoked(at: int | None) -> str:
    return "-" if at is None else moment(at)
