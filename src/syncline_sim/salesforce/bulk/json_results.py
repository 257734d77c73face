"""What a batch of Bulk API 1.0 has read, as a JSON list that is written while it is sent.

Law: moments and days are numbers of milliseconds here, other than in REST and in Bulk API 2.0.
"""

from array import array
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from syncline_sim.salesforce import query
from syncline_sim.salesforce.records import concatenated, head
from syncline_sim.salesforce.soql.scope import Column
from syncline_sim.salesforce.soql.selection import Shape

if TYPE_CHECKING:
    import sqlite3

    from syncline_sim.salesforce.bulk.jobs import Job
    from syncline_sim.salesforce.query import Caller

_AT_ONCE = 2000
_MILLISECONDS = {
    "datetime": "coalesce({0} * 1000, 'null')",
    "date": "coalesce(strftime('%s', {0}) * 1000, 'null')",
}


async def written(who: "Caller", job: "Job", batch: "sqlite3.Row") -> AsyncIterator[bytes]:
    """Answer the records of a batch."""
    plan = query.understand(who, batch["request"].decode(), deleted_too=job.operation == "queryAll")
    numbers = array("I")
    numbers.frombytes(batch["results"])
    sql = f"""
        SELECT {_expression(plan.shape, who.version)} FROM json_each(?) AS wanted CROSS JOIN {plan.scope.source}
        WHERE t.number = wanted.value
    """  # noqa: S608 - built from our own declarations
    yield b"["
    for begin in range(0, len(numbers), _AT_ONCE):
        listed = ",".join(map(str, numbers[begin : begin + _AT_ONCE]))
        rows = who.world.db.execute(sql, (f"[{listed}]",)).fetchall()
        yield (("," if begin else "") + ",".join(row[0] for row in rows)).encode()
    yield b"]"


def _expression(shape: Shape, version: str) -> str:
    parts = [head(shape.place.spec, shape.place.alias, version)]
    for key, member in shape.members.items():
        if isinstance(member, Shape):
            inner = _expression(member, version)
            parts.append(f"""',"{key}":' || iif({member.place.alias}."Id" IS NULL, 'null', {inner})""")
        elif isinstance(member, Column):
            number = _MILLISECONDS.get(member.field.type)
            value = number.format(member.sql) if number else member.field.as_json(member.sql)
            parts.append(f"""',"{key}":' || {value}""")
    return concatenated([*parts, "'}'"])
