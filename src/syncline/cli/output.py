"""What commands write: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

#: `--json`, the same for every command.
AsJson = Annotated[
    bool, typer.Option("--json", envvar="SYNCLINE_JSON", help="Write JSON for programs instead of text for people.")
]

console = Console()
_NO_LIMIT = 10_000  #: columns


def write_json(value: object, *, line: bool = False) -> None:
    """Write a value as JSON, on one line if asked."""
    sys.stdout.write(json.dumps(value, indent=None if line else 2) + "\n")
    sys.stdout.flush()


def write_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows under their headings; cells are text, never markup."""
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(str(cell).replace("[", r"\[") for cell in row))
    # Piped on to another program, a row stays one line, however long.
    target = console if console.is_terminal else Console(width=_NO_LIMIT)
    target.print(table)


def write_text(text: str = "", style: str = "") -> None:
    """Write a line as it is."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def moment(microseconds: int) -> str:
    """Answer a time in UTC, to the second."""
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def actor(who: dict[str, Any]) -> str:
    """Answer who caused something, in a few letters."""
    return f"{who['kind']} {who['id']}".strip()
