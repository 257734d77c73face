"""The work of an import: its rows, each written for itself, and the files of those that failed or raised a doubt."""

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from syncline_sim.marketo import failure, lists, values
from syncline_sim.marketo.bulk import files
from syncline_sim.marketo.bulk.failed import JobFailedError
from syncline_sim.marketo.bulk.files import FileWriter
from syncline_sim.marketo.bulk.jobs import Job
from syncline_sim.marketo.bulk.tabular import RowWriter, rows
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.fields import PersonField
from syncline_sim.marketo.people import People
from syncline_sim.marketo.upsert import Upsert
from syncline_sim.marketo.values import Value

if TYPE_CHECKING:
    from syncline_sim.world import World

UPLOAD, FAILURES, WARNINGS = "upload", "failures", "warnings"
_SOURCE = "List import"
#: How many rows are written at once.
_PART = 20_000
#: The last column of the two files.
_REASONS = {FAILURES: "Import Failure Reason", WARNINGS: "Import Warning Reason"}


def work(world: "World", job: Job, now: int) -> tuple[dict[str, Any], bool]:
    """Write a part of the rows and answer the counts; raises `JobFailedError` for a header that makes no sense."""
    table = rows(files.whole(world.db, job.id, UPLOAD), job.request["format"])
    header = next(table)
    people = People(world.db, _SOURCE)
    for name in header:
        if name not in people.fields:
            raise JobFailedError(VendorError("1006", name).message)
    loading = _Loading(world, job, people, now)
    sheets = {name: _Sheet(world, job, name, header) for name in (FAILURES, WARNINGS)}
    done = job.outcome.get("rows", 0)
    for row in itertools.islice(table, done, done + _PART):
        done += 1
        failed, doubts = loading.write(dict(zip(header, row, strict=False)))
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


class _Loading:
    """Writes one row after the other."""

    def __init__(self, world: "World", job: Job, people: People, now: int) -> None:
        lookup = people.fields[job.request["lookup"]]
        self._people, self._now, self._list = people, now, job.request["list"]
        self._doubts: list[str] = []
        self._upsert = Upsert(
            people=people,
            # Who is looked up by id can not be created.
            action="updateOnly" if lookup.name == "id" else "createOrUpdate",
            lookup=lookup,
            now=now,
            company_closed=world.switches["marketo"]["company_fields_closed"],
            coerce=self._coerce,
        )

    def write(self, record: Mapping[str, str]) -> tuple[str, list[str]]:
        """Write one row and answer why it failed, if it did, and what was doubtful about it."""
        self._doubts = []
        (result,) = self._upsert.apply([record])
        if "reasons" in result:
            return result["reasons"][0]["message"], []
        if self._list is not None:
            lists.put(self._people, result["id"], self._list, self._now)
        return "", self._doubts

    def _coerce(self, field: PersonField, sent: object) -> Value:
        try:
            return values.coerce(field, sent)
        except VendorError as error:
            if error.code == "1001":
                error.message = failure.WRONG_TYPE.format(field.label)
            elif field.data_type == "email":  # Unlike in a call, such an address is taken as it is.
                self._doubts.append(failure.BAD_ADDRESS)
                return str(sent)
            raise


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
