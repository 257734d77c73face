"""What becomes a change event: every write of a selected object, in the transaction that writes.

Law: the same change of several records in one transaction, within one second, is one event. A change too large for an
event is a gap event, which has no fields; what goes beyond the most changes of a transaction is an overflow event,
which names no records either.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

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
    alike = kind != "CREATE" and _alike(world.db, transaction, (write.spec.name, kind, text, moment))
    if alike:
        _join(world.db, transaction, alike, ids, changes)
        return
    number = world.db.execute(
        """
        INSERT INTO salesforce_change_events (org_id, entity, kind, record_ids, fields, changes, origin, user_id,
                                              in_transaction, sequence, moment)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            *(write.org_id, write.spec.name, kind, msgspec.json.encode(ids).decode(), text, done + changes, origin),
            *(write.user_id, transaction.number, place, moment),
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
    query = """
    SELECT sequence + 1, changes FROM salesforce_change_events WHERE in_transaction = ? ORDER BY sequence DESC LIMIT 1
    """
    row = db.execute(query, (transaction.number,)).fetchone() if transaction.number else None
    return (row[0], row[1]) if row else (1, 0)


def _alike(db: "sqlite3.Connection", transaction: "Transaction", told: tuple[str, str, str, int]) -> int:
    """Answer the number of an event of the transaction that tells the same, 0 if there is none."""
    query = """
    SELECT number FROM salesforce_change_events
    WHERE in_transaction = ? AND entity = ? AND kind = ? AND fields = ? AND moment = ?
    """
    row = db.execute(query, (transaction.number, *told)).fetchone() if transaction.number else None
    return int(row["number"]) if row else 0


def _join(db: "sqlite3.Connection", transaction: "Transaction", number: int, ids: list[str], changes: int) -> None:
    query = """
    UPDATE salesforce_change_events SET changes = changes + ? WHERE in_transaction = ? AND sequence =
    (SELECT max(sequence) FROM salesforce_change_events WHERE in_transaction = ?)
    """
    db.execute(query, (changes, transaction.number, transaction.number))
    for record_id in ids:
        query = "UPDATE salesforce_change_events SET record_ids = json_insert(record_ids, '$[#]', ?) WHERE number = ?"
        db.execute(query, (record_id, number))
