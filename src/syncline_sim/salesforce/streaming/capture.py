"""What becomes a change event: every write of a selected object, in the transaction that writes.

Law: the same change of several records in one transaction, within one second, is one event. A change too large for an
event is a gap event, which has no fields; what goes beyond the most changes of a transaction is an overflow event,
which names no records either.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec

from syncline_sim.salesforce import transactions
from syncline_sim.salesforce.record_values import Value
from syncline_sim.salesforce.streaming import events, selection

if TYPE_CHECKING:
    import sqlite3

    from syncline_sim.salesforce.transactions import Transaction
    from syncline_sim.salesforce.writes import Write
    from syncline_sim.world import World

_KINDS = {"create": "CREATE", "change": "UPDATE", "delete": "DELETE", "undelete": "UNDELETE"}
#: How many records one event names; as many as a program of the org writes at once.
_MOST_RECORDS = 200
_OVERFLOW, _EMPTY = "GAP_OVERFLOW", "{}"
#: What an event never tells: its header says it, or it does not stand in the record itself.
_UNTOLD = frozenset({"Id", "IsDeleted", "SystemModstamp", "LastActivityDate"})


def capture(world: "World", write: "Write") -> None:
    """Write down a change event."""
    if write.spec.name not in selection.selected(world, write.org_id):
        return
    kind, fields, ids = _KINDS[write.kind], _fields(write), [write.id]
    text, changes = msgspec.json.encode(fields).decode(), len(fields) if write.kind == "change" else 1
    transaction, moment, switches = transactions.current(), int(world.now()), world.switches["salesforce"]
    origin = transaction.origin
    if switches["capture_gaps"] or len(text) > switches["capture_bytes"]:
        kind, text, origin = f"GAP_{kind}", _EMPTY, ""
    if not transaction.number:
        events.purge(world)
    place, done = _so_far(world.db, transaction)
    if done + changes > switches["capture_changes"]:
        kind, text, origin, ids = _OVERFLOW, _EMPTY, "", []
    likeness = crc32(f"{write.spec.name} {kind} {moment} {text}".encode())
    alike = kind != "CREATE" and _alike(world.db, transaction, likeness, text)
    if alike:
        _join(world.db, alike, ids, changes)
        return
    number = world.db.execute(
        """
        INSERT INTO salesforce_change_events (org_id, entity, kind, record_ids, fields, changes, origin, user_id,
                                              likeness, in_transaction, sequence, moment)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            *(write.org_id, write.spec.name, kind, msgspec.json.encode(ids).decode(), text, done + changes, origin),
            *(write.user_id, likeness, transaction.number, place, moment),
        ),
    ).lastrowid
    if not transaction.number:
        transaction.number = number or 0
        query = "UPDATE salesforce_change_events SET in_transaction = number WHERE number = ?"
        world.db.execute(query, (transaction.number,))


def _fields(write: "Write") -> Mapping[str, Value]:
    """Answer what an event tells of the record: all that a new one holds, or what is another than before."""
    values, known = write.values, write.spec.by_name
    if write.kind == "delete":
        names: Iterable[str] = ()
    elif write.kind == "change":
        names = (name for name in values if name == "LastModifiedDate" or values[name] != write.before[name])
    else:
        names = (name for name in values if values[name] is not None)
    return {name: values[name] for name in names if name not in _UNTOLD and not known[name.lower()].expression}


def _so_far(db: "sqlite3.Connection", transaction: "Transaction") -> tuple[int, int]:
    """Answer the place of the next event of a transaction, and how many changes there were before it."""
    # Nobody writes while a transaction is under way, so the newest event of all is its own if it has one.
    query = "SELECT in_transaction, sequence, changes FROM salesforce_change_events ORDER BY number DESC LIMIT 1"
    row = db.execute(query).fetchone() if transaction.number else None
    if row is None or row["in_transaction"] != transaction.number:
        return 1, 0
    return row["sequence"] + 1, row["changes"]


def _alike(db: "sqlite3.Connection", transaction: "Transaction", likeness: int, text: str) -> int:
    """Answer the number of an event of the transaction that tells the same and has room, 0 if there is none."""
    query = """
    SELECT number, fields, json_array_length(record_ids) AS size FROM salesforce_change_events
    WHERE in_transaction = ? AND likeness = ? ORDER BY number DESC LIMIT 1
    """
    row = db.execute(query, (transaction.number, likeness)).fetchone() if transaction.number else None
    return int(row["number"]) if row and row["fields"] == text and row["size"] < _MOST_RECORDS else 0


def _join(db: "sqlite3.Connection", number: int, ids: list[str], changes: int) -> None:
    newest = "number = (SELECT max(number) FROM salesforce_change_events)"
    db.execute(f"UPDATE salesforce_change_events SET changes = changes + ? WHERE {newest}", (changes,))  # noqa: S608 - ours
    for record_id in ids:
        query = "UPDATE salesforce_change_events SET record_ids = json_insert(record_ids, '$[#]', ?) WHERE number = ?"
        db.execute(query, (record_id, number))
