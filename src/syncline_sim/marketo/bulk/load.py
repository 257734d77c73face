"""The work of an import: its rows, each written for itself, and the files of those that failed or raised a doubt."""

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from syncline_sim.marketo.bulk import files
from syncline_sim.marketo.bulk.files import FileWriter
from syncline_sim.marketo.bulk.jobs import Job
from syncline_sim.marketo.bulk.load_objects import ObjectLoader
from syncline_sim.marketo.bulk.load_people import PeopleLoader
from syncline_sim.marketo.bulk.tabular import RowWriter, rows
from syncline_sim.marketo.failure import VendorError

if TYPE_CHECKING:
    from syncline_sim.world import World

PEOPLE = "leads"
UPLOAD, FAILURES, WARNINGS = "upload", "failures", "warnings"
#: How many rows are written at once.
_PART = 20_000
#: The last column of the two files.
_REASONS = {FAILURES: "Import Failure Reason", WARNINGS: "Import Warning Reason"}


class Loader(Protocol):
    """Writes one row after the other."""

    def write(self, record: Mapping[str, str]) -> tuple[str, list[str]]:
        """Write one row and answer why it failed, if it did, and what was doubtful about it."""


def work(world: "World", job: Job, now: int) -> tuple[dict[str, Any], bool]:
    """Write a part of the rows and answer the counts; raises `VendorError` for a header that makes no sense."""
    table = rows(files.whole(world.db, job.id, UPLOAD), job.request["format"])
    header = next(table, None)
    if header is None:
        raise VendorError("1003", "Empty file")
    kind = PeopleLoader if job.object == PEOPLE else ObjectLoader
    loader: Loader = kind(world, job.request, header, now)
    sheets = {name: _Sheet(world, job, name, header) for name in (FAILURES, WARNINGS)}
    done = job.outcome.get("rows", 0)
    for row in itertools.islice(table, done, done + _PART):
        done += 1
        failed, doubts = loader.write(dict(zip(header, row, strict=False)))
        if failed:
            sheets[FAILURES].add(row, failed)
        elif doubts:
            sheets[WARNINGS].add(row, "; ".join(doubts))
    for sheet in sheets.values():
        sheet.close()
    over = next(table, None) is None
    if over:
        files.remove(world.db, job.id, UPLOAD)
    return {"rows": done, **{name: sheet.number for name, sheet in sheets.items()}}, over


class _Sheet:
    """The file of rows that there is something to say about; there is none when there is nothing."""

    def __init__(self, world: "World", job: Job, name: str, header: list[str]) -> None:
        self.number = job.outcome.get(name, 0)
        self._writer = RowWriter(FileWriter(world.db, job.id, name), job.request["format"])
        self._header = [*header, _REASONS[name]]

    def add(self, row: list[str], reason: str) -> None:
        """Write one row as it was sent, with the reason."""
        if not self.number:
            self._writer.row(self._header)
        self.number += 1
        width = len(self._header) - 1
        self._writer.row([*itertools.islice(itertools.chain(row, itertools.repeat("")), width), reason])

    def close(self) -> None:
        """End the file."""
        self._writer.close()
