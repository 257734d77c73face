"""`syncline events`: send a command to an integration, and see what has happened to it."""

import json
import secrets
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from syncline.cli.client import DEFAULT_URL, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import CODES, USAGE, CommandError, command
from syncline.cli.feed import follow
from syncline.cli.log import filtered, read_rows, write_rows
from syncline.cli.output import AsJson, write_json, write_text

app = typer.Typer(no_args_is_help=True, help="Send events to an integration and list them.", epilog=CODES)

app.command()(follow)

Id = Annotated[str, typer.Argument(metavar="ID", help="The integration.")]


@app.command()
@command
async def send(
    integration: Id,
    event: Annotated[
        str, typer.Argument(metavar="TYPE", help="Such as `sync.requested`; `syncline status` lists them.")
    ],
    *,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE|NAME=@FILE|@FILE",
            help="A field of the event; `@FILE` reads it, `@-` reads standard input. Alone, `@FILE` is a JSON object.",
        ),
    ] = None,
    idempotency_key: Annotated[
        str, typer.Option(metavar="KEY", help="Sent twice with the same key, the event counts once.")
    ] = "",
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Send an event, as a button on the integration's page does.

    What the chart refuses ends with exit code 1, and is on the audit log all the same.

    Example: syncline events send in_3f2a sync.requested

    Example: syncline events send in_3f2a credentials.saved --data consumer_key=@key.txt --data consumer_secret=@-
    """
    body = {"type": event, **_fields(data or [])}
    path = f"/api/integrations/{integration}/events"
    async with connect(url, key) as client:
        answer = await client.post(path, body, idempotency_key=idempotency_key or secrets.token_hex(16))
    if as_json:
        write_json(answer)
        return
    outcome = answer["outcome"]
    write_text(f"seq {outcome['seq']}: {outcome['disposition']}, {outcome['from']} → {outcome['to']}")
    if answer.get("authorize_url"):
        write_text("A login belongs to the browser that starts it: press the button on the integration's page instead.")


@app.command("list")
@command
@filtered
async def list_(
    integration: Id,
    *,
    wanted: dict[str, str],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the latest.")] = 20,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """List the latest events of an integration, also those that were refused or came twice.

    Example: syncline events list in_3f2a --limit 50
    """
    async with connect(url, key) as client:
        path = f"/api/integrations/{integration}/audit"
        rows = await read_rows(client, path, limit=limit, newest=True, **wanted)
    rows.reverse()
    write_json({"items": rows}) if as_json else write_rows(rows, wanted)


def _fields(given: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for item in given:
        name, equals, value = item.partition("=")
        if item.startswith("@"):
            fields.update(_object(_read(item[1:])))
        elif not equals:
            raise CommandError(f"--data {name}: expected NAME=VALUE or @FILE", code=USAGE)
        else:
            fields[name] = _read(value[1:]).rstrip("\r\n") if value.startswith("@") else value
    return fields


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise CommandError(f"--data: not JSON, {error}", code=USAGE) from None
    if not isinstance(found, dict):
        raise CommandError("--data: the file must hold a JSON object", code=USAGE)
    return found


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"--data {name}: {error.strerror}", code=USAGE) from None
