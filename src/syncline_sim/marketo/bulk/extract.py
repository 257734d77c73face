"""The work of an export: its file, written row by row from what there is at the moment."""

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from syncline_sim.marketo.activity_types import DELETE_LEAD
from syncline_sim.marketo.bulk import files
from syncline_sim.marketo.bulk.files import FileWriter
from syncline_sim.marketo.bulk.jobs import Job
from syncline_sim.marketo.bulk.tabular import RowWriter
from syncline_sim.marketo.history import Filter, History, Position
from syncline_sim.marketo.objects import custom_types
from syncline_sim.marketo.objects.records import Records
from syncline_sim.marketo.people import People

if TYPE_CHECKING:
    from syncline_sim.world import World

FILE = "export"
#: How many rows are written at once.
_PART = 50_000
_PAGE = 1000
#: Where a row stands, so that another time can go on after it, and its cells.
_Row = tuple[tuple[int, int], list[object]]


def work(world: "World", job: Job, _: int) -> tuple[dict[str, Any], bool]:
    """Write a part of the file; when that was the last, answer what is told of it."""
    db, request = world.db, job.request
    file = FileWriter(db, job.id, FILE)
    writer = RowWriter(file, request["format"].lower())
    if not job.outcome:
        writer.row(request["headers"])
    number, most = job.outcome.get("number", 0), job.outcome.get("number", 0) + _PART
    place = job.outcome.get("place", (0, 0))
    rows = _ROWS[job.object.partition("/")[0]](db, request, place)
    for place, cells in itertools.islice(rows, _PART):  # noqa: B007 - where the last row stood is needed below
        writer.record(cells)
        number += 1
    writer.close()
    if number == most:
        return {"place": place, "number": number}, False
    checksum = files.checksum(db, job.id, FILE)
    return {"numberOfRecords": number, "fileSize": file.size, "fileChecksum": checksum}, True


def _people(db: sqlite3.Connection, request: dict[str, Any], place: tuple[int, int]) -> Iterator[_Row]:
    people, names, after = People(db), request["fields"], place[1]
    by_list = "list" in request
    found = people.on_list(request["list"], after=after) if by_list else people.within(*request["span"], after=after)
    for person in found:
        view = people.show(person, names)
        yield (0, person.id), [view[name] for name in names]


def _activities(db: sqlite3.Connection, request: dict[str, Any], place: tuple[int, int]) -> Iterator[_Row]:
    history, names = History(db), request["fields"]
    _, first, last = request["span"]
    after, wanted = max(Position(first), Position(*place)), Filter(request["kinds"])
    while page := history.page(after, wanted, _PAGE):
        for one in page:
            after = Position(one.at, one.id)
            if one.at > last:
                return
            if one.kind == DELETE_LEAD:  # Those are told by another call only.
                continue
            if request["value_ids"] and one.value_id not in request["value_ids"]:
                continue
            if request["values"] and one.value not in request["values"]:
                continue
            view = {**one.head(), "primaryAttributeValueId": one.value_id, "primaryAttributeValue": one.value}
            view |= {"attributes": one.attributes, "actionResult": "succeeded"}
            yield after, [view.get(name) for name in names]


def _objects(db: sqlite3.Connection, request: dict[str, Any], place: tuple[int, int]) -> Iterator[_Row]:
    records, names = Records(db, custom_types.find(db, request["name"]).kind()), request["fields"]
    query = "SELECT person FROM marketo_members WHERE list = ?"
    listed = frozenset(row["person"] for row in db.execute(query, (request.get("list"),)))
    _, first, last = request.get("span", ("", 0, 0))
    for record in records.each(after=place[1]):
        if "list" in request:
            fits = record.document.get(request["link"]) in listed
        else:
            fits = first <= record.updated_at <= last
        if fits:
            view = record.view(names)
            yield (0, record.number), [view[name] for name in names]


_ROWS: Mapping[str, Callable[[sqlite3.Connection, dict[str, Any], tuple[int, int]], Iterator[_Row]]] = {
    "leads": _people,
    "activities": _activities,
    "customobjects": _objects,
}
