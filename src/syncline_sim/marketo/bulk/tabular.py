"""Rows of text with commas, tabs or semicolons between the cells."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from syncline_sim.marketo.bulk.files import FileWriter

#: By format; the vendor calls the last one semicolons on one page and spaces on another.
DELIMITERS = {"csv": ",", "tsv": "\t", "ssv": ";"}
# A quote that is never closed makes one cell of the rest of a file.
csv.field_size_limit(2**24)
#: What stands for nothing in an export.
_NULL = "null"


class RowWriter:
    """Writes rows into a file of a job."""

    def __init__(self, file: "FileWriter", layout: str) -> None:
        self._file = file
        self._write = csv.writer(file, delimiter=DELIMITERS[layout], lineterminator="\n").writerow

    def row(self, cells: Iterable[object]) -> None:
        """Write one row as it is."""
        self._write(cells)

    def record(self, cells: Iterable[object]) -> None:
        """Write one row of an export, with its words for nothing, yes and no."""
        self._write([_cell(cell) for cell in cells])

    def close(self) -> None:
        """End the file."""
        self._file.close()


def rows(data: bytes, layout: str) -> Iterator[list[str]]:
    """Read rows; empty lines are none."""
    text = io.StringIO(data.decode("utf-8-sig", errors="replace"), newline="")
    return (row for row in csv.reader(text, delimiter=DELIMITERS[layout]) if row)


def _cell(value: Any) -> object:  # noqa: ANN401 - whatever a field or an attribute holds
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value
