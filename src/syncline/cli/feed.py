"""`syncline events follow`: what happens, as it happens."""

from typing import Annotated, Any

import typer

from syncline.cli.client import DEFAULT_URL, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import command
from syncline.cli.output import AsJson, write_json, write_text

_WAIT_SECONDS = 20

Id = Annotated[str, typer.Argument(metavar="[ID]", help="An integration; without it, all of them.")]


@command
async def follow(
    integration: Id = "",
    *,
    types: Annotated[
        str, typer.Option(metavar="TYPE,TYPE", help="Only these, such as `sync.failed,reauthorization.required`.")
    ] = "",
    after: Annotated[
        int, typer.Option(min=-1, help="Begin behind this position; 0 is the start of the log, -1 its end.")
    ] = -1,
    until_idle: Annotated[bool, typer.Option("--no-wait", help="End when there is nothing more to tell.")] = False,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Write a line for each thing that happens: the state has changed, a run has ended, somebody has to log in again.

    The same that subscriptions are sent. Each line says its position; go on behind the last one and nothing is missed.
    Ends with Ctrl-C, or with --no-wait.

    Example: syncline events follow in_3f2a --types sync.failed,reauthorization.required

    Example: syncline events follow --after 0 --no-wait --json
    """
    wait = 0 if until_idle else _WAIT_SECONDS
    async with connect(url, key) as client:
        while True:
            page = await client.get("/api/events", after=after, integration=integration, types=types, wait=wait)
            for item in page["items"]:
                write_json(item, line=True) if as_json else write_text(_line(item))
            if until_idle and page["next"] == after:
                return
            after = page["next"]


def _line(item: dict[str, Any]) -> str:
    facts = item["data"]
    moved = f"{facts['from'] or 'new'} → {facts['to']}" if facts["from"] != facts["to"] else facts["to"]
    problem = f", {facts['problem']}" if facts["problem"] else ""
    return f"{item['timestamp'][:19]}Z {item['position']:>8} {facts['integration']} {item['type']}: {moved}{problem}"
