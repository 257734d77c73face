"""Pages of the audit log, fetched and shown, and the options by which its rows are chosen."""

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer

from syncline.cli.client import Client
from syncline.cli.exits import console
from syncline.cli.output import actor, moment, write_table, write_text

_PAGE = 1000


def _option(flag: str, text: str) -> Any:  # noqa: ANN401  what Typer reads
    return Annotated[str, typer.Option(flag, help=text, show_default=False)]


#: What can be asked of a row, by the parameter of the API.
_OPTIONS = {
    "type": _option("--type", "Only events of this type."),
    "disposition": _option(
        "--disposition", "Only `transitioned`, `handled`, `refused`, `unexpected`, `duplicate` or `stale`."
    ),
    "actor_kind": _option(
        "--actor-kind", "Only by a `person`, `link`, `hook`, `source`, `target`, `timer`, `effect` or the `service`."
    ),
    "actor": _option("--actor", "Only by the actor with this id, such as that of an API key."),
    "state": _option("--state", "Only with this state before or after; `syncing` stands for every state in it, too."),
    "from": _option("--from", "Only with this state before."),
    "to": _option("--to", "Only with this state after."),
    "since": _option("--since", "Only from this moment on, such as 2026-01-31T12:00 (UTC)."),
    "until": _option("--until", "Only before this moment."),
    "request": _option("--request", "Only what this request led to."),
    "cause": _option("--cause", "Only what was caused by a row or an effect, such as `seq:12` or `effect:in_1.12.0`."),
    "text": _option("--text", "Only rows with all of these words, whole, in either case."),
}


def filtered(function: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., Coroutine[Any, Any, None]]:
    """Give a command the options that choose rows; it gets what was given as its parameter `wanted`."""
    own = inspect.signature(function)
    names = {f"{name}_": name for name in _OPTIONS}  # Some are words of Python.
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default="", annotation=_OPTIONS[names[name]])
        for name in names
    ]

    @functools.wraps(function)
    async def command(*arguments: Any, **given: Any) -> None:  # noqa: ANN401
        wanted = {names[name]: given.pop(name) for name in names if name in given}
        await function(*arguments, wanted={name: value for name, value in wanted.items() if value}, **given)

    left = [parameter for name, parameter in own.parameters.items() if name != "wanted"]
    setattr(command, "__signature__", own.replace(parameters=[*left, *options]))  # noqa: B010  mypy knows no such field
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in (*left, *options)}
    return command


async def read_rows(
    client: Client, path: str, *, limit: int, newest: bool = False, **filters: str
) -> list[dict[str, Any]]:
    """Read rows of a log, at most `limit` of them, in as many pages as it takes."""
    rows: list[dict[str, Any]] = []
    after, order = 0, "newest" if newest else ""
    with console.status("Reading the log …") as line:
        while len(rows) < limit:
            size = min(_PAGE, limit - len(rows))
            page = await client.get(path, after=after, limit=size, order=order, **filters)
            rows += page["items"]
            line.update(f"{len(rows):,} rows read …")
            after = page["next"] or 0
            if not after:
                break
    return rows


def write_rows(rows: list[dict[str, Any]], wanted: dict[str, str]) -> None:
    """Show rows of a log as a table."""
    if not rows:
        write_nothing(wanted)
        return
    cells = [
        (row["integration"], row["seq"], moment(row["at"]), row["type"], row["disposition"], move(row), who(row))
        for row in rows
    ]
    write_table(("integration", "seq", "at", "event", "disposition", "state", "by"), cells)


def write_nothing(wanted: dict[str, str]) -> None:
    """Say that there is nothing to show, and what could be done about it."""
    if wanted:
        write_text(f"no events with {', '.join(f'{name} {value}' for name, value in wanted.items())}; ask for less")
    else:
        write_text("no events; `syncline status` lists the integrations, whose first event is their making")


def move(row: dict[str, Any]) -> str:
    """Answer where a row led."""
    return f"{row['from']} → {row['to']}" if row["disposition"] == "transitioned" else str(row["to"])


def who(row: dict[str, Any]) -> str:
    """Answer who it was, and why not."""
    return f"{actor(row['actor'])}{': ' + row['reason'] if row['reason'] else ''}"
