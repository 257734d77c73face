"""What the endpoints of assets have in common, which differ from those of people in envelope, dates and paging."""

import re
import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from syncline_sim.marketo.call import Call
from syncline_sim.marketo.failure import VendorError

READ = ("Read-Only Assets", "Read-Write Assets")
WRITE = ("Read-Write Assets",)
#: The folders that an instance has from the first day, as far as assets can be put into them here.
FOLDERS = {1: "Marketing Activities", 2: "Group Lists"}
MAX_RETURN = 200
_DEFAULT_RETURN = 20
_FOLDER = re.compile(r"""\{\s*['"]?(\w+)['"]?\s*:\s*['"]?(\w+)['"]?\s*,\s*['"]?(\w+)['"]?\s*:\s*['"]?(\w+)['"]?\s*\}""")


def answer(result: list[dict[str, Any]]) -> dict[str, Any]:
    """Answer assets in their envelope, which has no result at all where there are none."""
    if not result:
        return {"errors": [], "warnings": ["No assets found for the given search criteria."]}
    return {"errors": [], "warnings": [], "result": result}


def stamp(seconds: float) -> str:
    """Write a moment as it is written about assets: with both marks of UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ+0000")


def folder(call: Call) -> tuple[int, str]:
    """Answer the id and type of the folder that an asset is put into; raises `VendorError` 701, 709 or 710."""
    text = call.parameters.get("folder", "")
    if not text:
        raise VendorError("701", "folder")
    # One public client writes it with other quotes than JSON has, or with none; another names the id alone.
    match = _FOLDER.fullmatch(text.strip())
    told = {match[1]: match[2], match[3]: match[4]} if match else {"id": text.strip(), "type": "Folder"}
    if set(told) != {"id", "type"} or not told["id"].isdecimal():
        raise VendorError("709", "Invalid folder")
    number, kind = int(told["id"]), told["type"]
    if not is_folder(call.world.db, number, kind):
        raise VendorError("710")
    return number, kind


def is_folder(db: sqlite3.Connection, number: int, kind: str) -> bool:
    """Whether there is a folder, or a program, that assets can be put into."""
    if kind == "Program":
        return db.execute("SELECT 1 FROM marketo_programs WHERE id = ?", (number,)).fetchone() is not None
    return kind == "Folder" and number in FOLDERS


def filled(call: Call, name: str) -> str:
    """Answer a parameter that must not be blank; raises `VendorError` 701."""
    text = call.parameters.get(name, "").strip()
    if not text:
        raise VendorError("701", name)
    return text


def browse(
    call: Call, rows: Iterable[sqlite3.Row], view: Callable[[sqlite3.Row], dict[str, Any]]
) -> list[dict[str, Any]]:
    """Answer one page of assets, by offset, of those last changed in a span of time."""
    first, last = _moment(call, "earliestUpdatedAt", 0), _moment(call, "latestUpdatedAt", float("inf"))
    offset, most = number(call, "offset", 0), min(number(call, "maxReturn", _DEFAULT_RETURN), MAX_RETURN)
    found = [row for row in rows if first <= row["updated_at"] <= last]
    if "folder" in call.parameters:
        place = folder(call)
        found = [row for row in found if (row["folder"], row["folder_type"]) == place]
    return [view(row) for row in found[offset : offset + most]]


def number(call: Call, name: str, default: int) -> int:
    """Answer a parameter that is a number; raises `VendorError` 1001."""
    text = call.parameters.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise VendorError("1001", text, "integer")
    return int(text)


def _moment(call: Call, name: str, default: float) -> float:
    text = call.parameters.get(name)
    if not text:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise VendorError("704") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
