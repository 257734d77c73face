"""What a batch of Bulk API 1.0 has read, as CSV, XML or JSON that is written while it is sent."""

import csv
import io
from array import array
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from syncline_sim import xml_writer
from syncline_sim.salesforce.bulk import asked, columns, json_records
from syncline_sim.salesforce.bulk.async_forms import HEAD, NAMESPACE
from syncline_sim.salesforce.soql.scope import Column
from syncline_sim.salesforce.soql.selection import Shape

if TYPE_CHECKING:
    from syncline_sim.salesforce.bulk.jobs import Job
    from syncline_sim.salesforce.query import Caller
    from syncline_sim.salesforce.soql.plan import Plan

_AT_ONCE = 2000
_NOTHING = b"Records not found for this query"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_Pages = Iterator[list[tuple[Any, ...]]]


async def written(who: "Caller", job: "Job", text: str, results: bytes) -> AsyncIterator[bytes]:
    """Answer the records that a query has found, in the form of its job; `results` are their row numbers."""
    plan = asked.plan(who, job.operation, text)
    numbers = array("I")
    numbers.frombytes(results)
    for part in _WRITERS[job.content_type](who, plan, numbers):
        yield part


def _pages(who: "Caller", numbers: "array[int]", sql: str) -> _Pages:
    cursor = who.world.db.cursor()
    cursor.row_factory = None
    for begin in range(0, len(numbers), _AT_ONCE):
        listed = ",".join(map(str, numbers[begin : begin + _AT_ONCE]))
        yield cursor.execute(sql, (f"[{listed}]",)).fetchall()


def _csv(who: "Caller", plan: "Plan", numbers: "array[int]") -> Iterator[bytes]:
    if not numbers:
        yield _NOTHING
        return
    names = [name for name, _ in columns.named(plan.shape)]
    yield _lines([tuple(names)])
    for rows in _pages(who, numbers, columns.rows(plan)):
        yield _lines(rows)


def _lines(rows: list[tuple[Any, ...]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


def _json(who: "Caller", plan: "Plan", numbers: "array[int]") -> Iterator[bytes]:
    # Moments and days are numbers of milliseconds here, other than in REST and in Bulk API 2.0.
    sql = columns.selecting(plan, [json_records.expression(plan.shape, who.version)])
    yield b"["
    for page, rows in enumerate(_pages(who, numbers, sql)):
        yield (("," if page else "") + ",".join(row[0] for row in rows)).encode()
    yield b"]"


def _xml(who: "Caller", plan: "Plan", numbers: "array[int]") -> Iterator[bytes]:
    yield f'{HEAD}<queryResult xmlns="{NAMESPACE}" xmlns:xsi="{_INSTANCE}">'.encode()
    for rows in _pages(who, numbers, columns.selecting(plan, list(_expressions(plan.shape)))):
        yield "".join(_record("records", plan.shape, iter(row)) for row in rows).encode()
    yield b"</queryResult>"


def _expressions(shape: Shape) -> Iterator[str]:
    """Answer what is read of a record, depth first; its id comes first, asked for or not."""
    yield f'{shape.place.alias}."Id"'
    for member in shape.members.values():
        if isinstance(member, Shape):
            yield from _expressions(member)
        elif isinstance(member, Column):
            yield columns.as_text(member)


def _record(tag: str, shape: Shape, values: Iterator[Any]) -> str:
    """Write a record as the vendor does: its type, its id or nil when nobody asked, then what was asked for."""
    found = next(values)
    parts = [
        f"<type>{shape.place.spec.name}</type>",
        _element("Id", found if "Id" in shape.members else None),
        *(
            _record(name, member, values) if isinstance(member, Shape) else _element(name, next(values))
            for name, member in shape.members.items()
        ),
    ]
    return f'<{tag} xsi:type="sObject">{"".join(parts)}</{tag}>' if found else _element(tag, None)


def _element(name: str, value: object) -> str:
    return f'<{name} xsi:nil="true"/>' if value is None else f"<{name}>{xml_writer.text(value)}</{name}>"


_WRITERS: Mapping[str, Callable[["Caller", "Plan", "array[int]"], Iterator[bytes]]] = {
    "CSV": _csv,
    "JSON": _json,
    "XML": _xml,
}
