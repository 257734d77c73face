"""The work of an export: its file, written row by row from what there is at the moment."""

import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from syncline_sim.marketo.bulk.files import FileWriter
from syncline_sim.marketo.bulk.jobs import Job
from syncline_sim.marketo.bulk.tabular import RowWriter
from syncline_sim.marketo.history import Filter, History, Position
from syncline_sim.marketo.people import People

if TYPE_CHECKING:
    from syncline_sim.world import World

FILE = "export"
_PAGE = 1000


def run(world: "World", job: Job, _: int) -> dict[str, Any]:
    """Write the file of an export and answer what is told of it."""
    file = FileWriter(world.db, job.id, FILE)
    writer = RowWriter(file, job.request["format"].lower())
    writer.row(job.request["headers"])
    number = 0
    for cells in _RECORDS[job.object](world.db, job.request):
        writer.record(cells)
        number += 1
    writer.close()
    return {"numberOfRecords": number, "fileSize": file.size, "fileChecksum": file.checksum}


def _people(db: sqlite3.Connection, request: dict[str, Any]) -> Iterator[list[object]]:
    people, names = People(db), request["fields"]
    found = people.on_list(request["list"]) if "list" in request else people.within(*request["span"])
    return (list(person.view(names).values()) for person in found)


def _activities(db: sqlite3.Connection, request: dict[str, Any]) -> Iterator[list[object]]:
    history, names = History(db), request["fields"]
    _, first, last = request["span"]
    place, wanted = Position(first), Filter(request["kinds"])
    while page := history.page(place, wanted, _PAGE):
        for one in page:
            if one.at > last:
                return
            if request["value_ids"] and one.value_id not in request["value_ids"]:
                continue
            if request["values"] and one.value not in request["values"]:
                continue
            view = {**one.head(), "primaryAttributeValueId": one.value_id, "primaryAttributeValue": one.value}
            view |= {"attributes": one.attributes, "actionResult": "succeeded"}
            yield [view.get(name) for name in names]
        place = Position(page[-1].at, page[-1].id)


_RECORDS = {"leads": _people, "activities": _activities}
