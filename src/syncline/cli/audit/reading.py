"""`syncline audit list` and `story`: read the log."""

import json
from typing import Annotated, Any

import typer

from syncline.cli.client import DEFAULT_URL, ServiceKey, ServiceUrl, connect
from syncline.cli.exits import command
from syncline.cli.log import filtered, move, read_rows, who, write_nothing, write_rows
from syncline.cli.output import AsJson, moment, write_json, write_text
from syncline.core.event import SERVICE

Id = Annotated[
    str,
    typer.Argument(metavar="[ID]", help="An integration; without it, all of them. `service` is the service itself."),
]
Limit = Annotated[int, typer.Option(min=1, help="At most so many.")]
Newest = Annotated[bool, typer.Option("--newest", help="The newest first.")]

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


@command
@filtered
async def list_(
    integration: Id = "",
    *,
    wanted: dict[str, str],
    newest: Newest = False,
    limit: Limit = 100,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """List rows of the audit log, the oldest first.

    Example: syncline audit list in_3f2a --disposition refused

    Example: syncline audit list --newest --actor-kind person --since 2026-01-31 --text "api key"
    """
    path, where = place(integration)
    async with connect(url, key) as client:
        rows = await read_rows(client, path, limit=limit, newest=newest, **wanted, **where)
    write_json({"items": rows}) if as_json else write_rows(rows, wanted)


@command
@filtered
async def story(
    integration: Annotated[str, typer.Argument(metavar="ID", help="The integration.")],
    *,
    wanted: dict[str, str],
    newest: Newest = False,
    limit: Limit = 100,
    url: ServiceUrl = DEFAULT_URL,
    key: ServiceKey = "",
    as_json: AsJson = False,
) -> None:
    """Tell the story of one integration: how long each state lasted, what led where, what ran, what changed.

    Example: syncline audit story in_3f2a --newest --limit 20
    """
    async with connect(url, key) as client:
        path = f"/api/integrations/{integration}/story"
        rows = await read_rows(client, path, limit=limit, newest=newest, **wanted)
    if as_json:
        write_json({"items": rows})
    elif not rows:
        write_nothing(wanted)
    else:
        write_text("\n".join(line for row in rows for line in _lines(row)))


def place(integration: str) -> tuple[str, dict[str, str]]:
    """Answer where a log is read, and what has to be asked there; that of the service is a part of the whole."""
    if integration in {"", SERVICE}:
        return "/api/audit", {"integration": integration} if integration else {}
    return f"/api/integrations/{integration}/audit", {}


def _lines(row: dict[str, Any]) -> list[str]:
    lasted = "" if row["lasted"] is None or not row["from"] else f" after {_duration(row['lasted'])}"
    lines = [
        f"{moment(row['at'])}  {row['seq']}  {row['type']}: {row['disposition']}, {move(row)}{lasted}, by {who(row)}"
    ]
    if row["led_by"]:
        lines.append(f"    led here by {row['led_by']}{' through ' + row['effect'] if row['effect'] else ''}")
    lines += [f"    {_effect(effect)}" for effect in row["ran"]]
    return lines + [f"    {_change(change)}" for change in row["changes"]]


def _change(change: dict[str, Any]) -> str:
    more = [f"{change['more']} more"] if change["more"] else []
    parts = f" ({', '.join([*change['parts'], *more])})" if change["parts"] else ""
    return f"{change['what']}{parts}: {_value(change['before'])} → {_value(change['after'])}"


def _effect(effect: dict[str, Any]) -> str:
    words = [f"{effect['name']} {effect['status']}"]
    if effect["attempts"]:
        words.append(f"tries: {effect['attempts']}")
    if effect["ended_at"] is not None:
        words.append(f"took {_duration(effect['ended_at'] - effect['created_at'])}")
    if effect["last_error"]:
        words.append(f"last error: {effect['last_error']}")
    if effect["outcome"]:
        words.append(f"led to {effect['outcome']} ({effect['outcome_type']})")
    return ", ".join(words)


def _value(value: object) -> str:
    return "nothing" if value in {None, ""} else value if isinstance(value, str) else json.dumps(value)


def _duration(microseconds: int) -> str:
    """Answer a time as its two largest units."""
    seconds, words = microseconds // 1_000_000, []
    if seconds < 60:  # noqa: PLR2004
        return f"{microseconds / 1_000_000:.1f} s"
    for size, unit in _UNITS:
        if seconds >= size:
            words.append(f"{seconds // size} {unit}")
            seconds %= size
    return " ".join(words[:2])
