"""Which records were written or deleted in a stretch of time, for clients that copy them.

Law: a stretch is read in whole minutes; it may begin 30 days back for written records and 15 for deleted ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from syncline_sim.salesforce import records, times
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.rest.call import Call, Reply, reply

_MINUTE, _DAY = 60, 86_400
_UPDATED_DAYS, _DELETED_DAYS = 30, 15
_MOST = 600_000


@dataclass(frozen=True, slots=True)
class _Stretch:
    start: int
    end: int
    covered: int


def updated(call: Call) -> Reply:
    """Answer the ids of the records that were created or changed."""
    stretch = _stretch(call, _UPDATED_DAYS)
    ids = [record_id for record_id, _ in _found(call, stretch, deleted=False)]
    return reply({"ids": ids, "latestDateCovered": times.stamp(stretch.covered)})


def deleted(call: Call) -> Reply:
    """Answer the records that were deleted, and when."""
    stretch = _stretch(call, _DELETED_DAYS)
    found = [
        {"deletedDate": times.stamp(moment), "id": record_id}
        for record_id, moment in _found(call, stretch, deleted=True)
    ]
    earliest = _minute(call.who.world.now()) - _DELETED_DAYS * _DAY
    document = {
        "deletedRecords": found,
        "earliestDateAvailable": times.stamp(earliest),
        "latestDateCovered": times.stamp(stretch.covered),
    }
    return reply(document)


def _stretch(call: Call, days: int) -> _Stretch:
    now = call.who.world.now()
    start, end = (_minute(_moment(call, name)) for name in ("start", "end"))
    if start >= end:
        raise _invalid("startDate must be before endDate, by at least one minute")
    if start < _minute(now) - days * _DAY:
        raise _invalid(f"startDate cannot be more than {days} days ago")
    return _Stretch(start, end, min(end, _minute(now)))


def _moment(call: Call, name: str) -> float:
    try:
        # A plus sign that a client has left as it is has become a space.
        return times.seconds(call.query.get(name, "").replace(" ", "+"))
    except ValueError:
        raise _invalid(f"{name}Date is missing or is not a valid date") from None


def _minute(moment: float) -> int:
    return int(moment // _MINUTE) * _MINUTE


def _found(call: Call, stretch: _Stretch, *, deleted: bool) -> Iterator[tuple[str, int]]:
    spec = call.spec()
    gone = '"IsDeleted" = 1' if deleted else '"IsDeleted" = 0'
    rows = call.db.execute(
        f"""
        SELECT "Id", "SystemModstamp" FROM {spec.table}
        WHERE org = ? AND {gone} AND "SystemModstamp" >= ? AND "SystemModstamp" < ? ORDER BY "SystemModstamp", "Id"
        LIMIT ?
        """,  # noqa: S608 - built from our own declarations
        (records.org_number(call.db, call.who.login.org.id), stretch.start, stretch.end, _MOST + 1),
    )
    for number, row in enumerate(rows, 1):
        if number > _MOST:
            raise SalesforceError(400, "EXCEEDED_ID_LIMIT", f"more than {_MOST} ids, ask for a shorter time")
        yield row["Id"], row["SystemModstamp"]


def _invalid(message: str) -> SalesforceError:
    return SalesforceError(400, "INVALID_REPLICATION_DATE", message)
