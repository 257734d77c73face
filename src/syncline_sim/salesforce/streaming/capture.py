"""What becomes a change event: every write of a selected object, in the transaction that writes.

Law: the same change of several records in one transaction, within one second, is one event. A change too large for an
event is a gap event, which has no fields; what goes beyond the most changes of a transaction is an overflow event,
which names no records either.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from syncline_sim.salesforce import transactions
from syncline_sim.salesforce.record_values import Value
from syncline_sim.salesforce.streaming import events, selection

if TYPE_CHECKING:
    import sqlite3

    from syncline_sim.salesforce.field_types import FieldSpec
    from syncline_sim.salesforce.writes import Write
    from syncline_sim.world import World

_KINDS = {"create": "CREATE", "change": "UPDATE", "delete": "DELETE", "undelete": "UNDELETE"}
_OVERFLOW = "GAP_OVERFLOW"
#: What an event never tells: its header says it, or it does not stand in the record itself.
_UNTOLD = frozenset({"Id", "IsDeleted", "SystemModstamp", "LastActivityDate"})


def capture(world: "World", write: "Write") -> None:
    """Write down a change event."""
    if write.spec.name not in selection.selected(world, write.org_id):
        return
    kind, fields, ids = _KINDS[write.kind], _fields(write), [write.id]
    text, changes = json.dumps(fields, ensure_ascii=False), len(fields) if write.kind == "change" else 1
    transaction, moment, switches = transactions.current(), int(world.now()), world.switches["salesforce"]
    origin = transaction.origin
    if switches["capture_gaps"] or len(text.encode()) > switches["capture_bytes"]:
        kind, text, origin = f"GAP_{kind}", "{}", ""
    if not transaction.number:
        events.purge(world)
    sequence, done, same = _so_far(world.db, transaction, (write.spec.name, kind, text, moment))
    if done + changes > switches["capture_changes"]:
        kind, text, origin, ids = _OVERFLOW, "{}", "", []
        sequence, _, same = _so_far(world.db, transaction, (write.spec.name, kind, text, moment))
    if same and kind != "CREATE":
        _join(world.db, same, ids, changes)
        return
    number = world.db.execute(
        """
        INSERT INTO salesforce_change_events (org_id, entity, kind, record_ids, fields, changes, origin, user_id,
                                              in_transaction, sequence, moment)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            *(write.org_id, write.spec.name, kind, json.dumps(ids), text, changes, origin, write.user_id),
            *(transaction.number, sequence, moment),
        ),
    ).lastrowid
    if not transaction.number:
        transaction.number = number or 0
        world.db.execute(
            "UPDATE salesforce_change_events SET in_transaction = number WHERE number = ?", (transaction.number,)
        )


def _fields(write: "Write") -> Mapping[str, Any]:
    """Answer what an event tells of the record: all that a new one holds, or what is another than before."""
    if write.kind == "delete":
        return {}
    told = {}
    for name, value in write.values.items():
        field = write.spec.by_name[name.lower()]
        if name in _UNTOLD or field.expression:
            continue
        if write.kind != "change":
            changed = value is not None
        else:
            changed = name == "LastModifiedDate" or value != write.before[name]
        if changed:
            told[field.name] = _written(field, value)
    return told


def _written(field: "FieldSpec", value: Value) -> Any:  # noqa: ANN401 - whatever JSON has for it
    if value is None:
        return None
    if field.type == "boolean":
        return bool(value)
    return events.stamp(float(value)) if field.type == "datetime" else value


def _so_far(
    db: "sqlite3.Connection", transaction: transactions.Transaction, alike: tuple[str, str, str, int]
) -> tuple[int, int, int]:
    """Answer the place of the next event of a transaction, how many changes there were, and an event that is alike."""
    if not transaction.number:
        return 1, 0, 0
    query = """
    SELECT count(*) + 1, total(changes), max(iif(entity = ? AND kind = ? AND fields = ? AND moment = ?, number, 0))
    FROM salesforce_change_events WHERE in_transaction = ?
    """
    place, done, same = db.execute(query, (*alike, transaction.number)).fetchone()
    return place, int(done), same or 0


def _join(db: "sqlite3.Connection", number: int, ids: list[str], changes: int) -> None:
    db.execute("UPDATE salesforce_change_events SET changes = changes + ? WHERE number = ?", (changes, number))
    for record_id in ids:
        query = "UPDATE salesforce_change_events SET record_ids = json_insert(record_ids, '$[#]', ?) WHERE number = ?"
        db.execute(query, (record_id, number))
