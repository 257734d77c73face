"""What becomes a change event: every write of a selected object, in the transaction that writes.

Law: the same change of several records in one transaction, within one second, is one event. A change too large for an
event is a gap event, which has no fields; what goes beyond the most changes of a transaction is an overflow event for
each object, which names no records either.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec

from syncline_sim.salesforce import transactions
from syncline_sim.salesforce.record_values import Value
from syncline_sim.salesforce.streaming import differences, events, selection

if TYPE_CHECKING:
    import sqlite3

    from syncline_sim.salesforce.transactions import Transaction
    from syncline_sim.salesforce.writes import Write
    from syncline_sim.world import World

_KINDS = {"create": "CREATE", "change": "UPDATE", "delete": "DELETE", "undelete": "UNDELETE"}
#: How many records one event names; as many as a program of the org writes at once.
_MOST_RECORDS = 200
#: What an overflow event says instead.
_NO_RECORD = "000000000000000AAA"
_EMPTY = "{}"
#: What the event of a change tells even if it is as before, but for the conversion of a lead:
#: https://developer.salesforce.com/docs/platform/change-data-capture/guide/cdc-standard-objects-lead-conversion.md
_ALWAYS, _CONVERTED = "LastModifiedDate", "IsConverted"
#: What an event never tells: its header says it, or it does not stand in the record itself.
_UNTOLD = frozenset({"Id", "IsDeleted", "SystemModstamp", "LastActivityDate"})


def capture(world: "World", write: "Write") -> None:
    """Write down a change event."""
    kind, fields, record_id = _KINDS[write.kind], _fields(write), write.id
    transaction, switches, moment = transactions.current(), world.switches["salesforce"], int(world.now())
    transaction.changes += len(fields) if write.kind == "change" else 1
    if write.spec.name not in selection.selected(world, write.org_id):
        transaction.sequence += 1  # It has its place, which is missing in what is told.
        return
    text, origin = msgspec.json.encode(fields).decode(), transaction.origin
    if transaction.changes > switches["capture_changes"]:
        kind, text, record_id = "GAP_OVERFLOW", _EMPTY, _NO_RECORD
    elif switches["capture_gaps"] or len(text) > switches["capture_bytes"]:
        kind, text, origin = f"GAP_{kind}", _EMPTY, ""
    likeness = crc32(f"{write.spec.name} {kind} {moment} {text}".encode())
    alike = kind != "CREATE" and _alike(world.db, transaction, likeness, text)
    if alike:
        _join(world.db, alike, record_id)
        return
    if not transaction.number:
        events.purge(world)
    transaction.sequence += 1
    number = world.db.execute(
        """
        INSERT INTO salesforce_change_events (org_id, entity, kind, record_ids, fields, origin, user_id, likeness,
                                              in_transaction, sequence, moment)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            *(write.org_id, write.spec.name, kind, f'["{record_id}"]', text, origin, write.user_id),
            *(likeness, transaction.number, transaction.sequence, moment),
        ),
    ).lastrowid
    if not transaction.number:
        transaction.number = number or 0
        query = "UPDATE salesforce_change_events SET in_transaction = number WHERE number = ?"
        world.db.execute(query, (transaction.number,))


def _fields(write: "Write") -> Mapping[str, Value | Mapping[str, str]]:
    """Answer what an event tells of the record: all that a new one holds, or what is another than before."""
    values, known = write.values, write.spec.by_name
    if write.kind == "delete":
        names: Iterable[str] = ()
    elif write.kind == "change":
        converted = values.get(_CONVERTED) and not write.before[_CONVERTED]
        names = (name for name in values if values[name] != write.before[name] or name == _ALWAYS)
        names = (name for name in names if not (converted and name == _ALWAYS))
    else:
        names = (name for name in values if values[name] is not None)
    told = {name: values[name] for name in names if name not in _UNTOLD and not known[name.lower()].expression}
    return {name: _short(write, name, value) for name, value in told.items()}


def _short(write: "Write", name: str, value: Value) -> Value | Mapping[str, str]:
    """Answer a value, or what is another in it if it is a text that is long and was so before."""
    old = write.before.get(name) if write.kind == "change" else None
    if not isinstance(value, str) or not isinstance(old, str) or len(value) < differences.LONG:
        return value
    difference = differences.difference(old, value)
    return {"diff": difference} if difference else value


def _alike(db: "sqlite3.Connection", transaction: "Transaction", likeness: int, text: str) -> int:
    """Answer the number of an event of the transaction that tells the same and has room, 0 if there is none."""
    query = """
    SELECT number, fields, json_array_length(record_ids) AS size FROM salesforce_change_events
    WHERE in_transaction = ? AND likeness = ? ORDER BY number DESC LIMIT 1
    """
    row = db.execute(query, (transaction.number, likeness)).fetchone() if transaction.number else None
    return int(row["number"]) if row and row["fields"] == text and row["size"] < _MOST_RECORDS else 0


def _join(db: "sqlite3.Connection", number: int, record_id: str) -> None:
    if record_id != _NO_RECORD:
        query = "UPDATE salesforce_change_events SET record_ids = json_insert(record_ids, '$[#]', ?) WHERE number = ?"
        db.execute(query, (record_id, number))
