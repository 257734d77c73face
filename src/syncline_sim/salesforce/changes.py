"""Creating, changing, touching and deleting records, as users of the org and its automations do all day.

Each takes an optional `stamp`, in seconds or as a text, so that a change can be made to appear *behind* a cursor that
has passed already: in life a long transaction commits late.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from syncline_sim.salesforce import ids, objects, record_values, records, times, writes
from syncline_sim.salesforce.common_fields import MASTER_RECORD
from syncline_sim.salesforce.failure import NOT_FOUND, SalesforceError
from syncline_sim.salesforce.field_types import FieldSpec
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.savepoints import Savepoint
from syncline_sim.salesforce.writes import Write

if TYPE_CHECKING:
    from syncline_sim.world import World

Stamp = float | str | None
_VERSION = "67.0"


def create_record(
    world: "World",
    object_name: str,
    values: Mapping[str, Any],
    stamp: Stamp = None,
    *,
    org_id: str = "",
    user_id: str = "",
) -> str:
    """Create a record, in the main org and by its first user unless others are named, and answer its id.

    Raises `SalesforceError`.
    """
    spec = _stored(object_name)
    row = _row(spec, values)
    missing = [name for name in spec.needed if not row.get(name)]
    if missing:
        raise _missing(missing)
    number = world.db.execute(f"SELECT coalesce(max(number), 0) + 1 FROM {spec.table}").fetchone()[0]  # noqa: S608
    org, owner, moment = _org(world, org_id), user_id or _owner(world, org_id), moment_of(world, stamp)
    system = {
        "Id": ids.make(spec.key_prefix, number),
        "OwnerId": owner,
        "CreatedById": owner,
        "LastModifiedById": owner,
    }
    stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), moment)
    full = {**spec.blank, **system, **stamps, **row}
    _check_order(spec, full)
    columns, made = '", "'.join(full), str(full["Id"])
    with Savepoint(world.db):
        world.db.execute(
            f'INSERT INTO {spec.table} (number, org, "{columns}") VALUES (?, ?{", ?" * len(full)})',  # noqa: S608
            (number, org, *full.values()),
        )
        writes.tell(world, Write("create", spec, made, org_id or _main(world), owner, moment, full, {}))
    return made


def change_record(
    world: "World",
    object_name: str,
    record_id: str,
    values: Mapping[str, Any],
    stamp: Stamp = None,
    *,
    user_id: str = "",
    unseen: bool = False,
) -> None:
    """Write some fields of a record; raises `SalesforceError`, 404 when there is no such record.

    What the vendor's own automations change is `unseen`: only the SystemModstamp moves, as when an admin gives a
    choice another name, or an activity is done (https://help.salesforce.com/s/articleView?id=000387261).
    """
    spec = _stored(object_name)
    row = _row(spec, values)
    emptied = [name for name in row if spec.by_name[name.lower()].required and row[name] is None]
    if emptied:
        raise _missing(emptied)
    moment = moment_of(world, stamp)
    stamps = {"SystemModstamp": moment} if unseen else _stamps(moment, user_id)
    _write(world, "change", spec, record_id, {**stamps, **row}, moment)


def touch_record(world: "World", object_name: str, record_id: str, stamp: Stamp = None) -> None:
    """Move only the SystemModstamp of a record, as automations do; raises `SalesforceError` 404."""
    _update(world, _stored(object_name), record_id, {"SystemModstamp": moment_of(world, stamp)})


def delete_record(
    world: "World", object_name: str, record_id: str, stamp: Stamp = None, *, user_id: str = "", master_id: str = ""
) -> None:
    """Put a record into the recycle bin, where only queryAll sees it; raises `SalesforceError` 404.

    `master_id` names the record into which it has been merged.
    """
    moment = moment_of(world, stamp)
    row = {"IsDeleted": 1, **_stamps(moment, user_id), **({MASTER_RECORD: master_id} if master_id else {})}
    _write(world, "delete", _stored(object_name), record_id, row, moment)


def undelete_record(
    world: "World", object_name: str, record_id: str, stamp: Stamp = None, *, user_id: str = ""
) -> None:
    """Bring a record back from the recycle bin; raises `SalesforceError` 404."""
    spec, found, moment = _stored(object_name), ids.full(record_id), moment_of(world, stamp)
    query = f"""
    SELECT r.*, o.id AS org_id FROM {spec.table} r JOIN salesforce_orgs o ON o.rowid = r.org
    WHERE r."Id" = ? AND r."IsDeleted" = 1
    """  # noqa: S608 - built from our own declarations
    kept = world.db.execute(query, (found,)).fetchone()
    if kept is None:
        raise SalesforceError(404, "NOT_FOUND", NOT_FOUND)
    row = {"IsDeleted": 0, MASTER_RECORD: None, **_stamps(moment, user_id)}
    before = {field.name: kept[field.name] for field in spec.fields if not field.crossing}
    with Savepoint(world.db):
        _update(world, spec, found, row, deleted=1)
        who = user_id or str(kept["LastModifiedById"])
        writes.tell(world, Write("undelete", spec, found, kept["org_id"], who, moment, {**before, **row}, before))


def read_records(
    world: "World", object_name: str, *, limit: int = 100, offset: int = 0, deleted_too: bool = False
) -> list[dict[str, Any]]:
    """Answer records of all orgs with all their fields, in the order of their creation; raises `SalesforceError`."""
    spec = _any(object_name)
    kept = "" if deleted_too else 'WHERE "IsDeleted" = 0'
    query = f"SELECT number FROM {spec.table} {kept} ORDER BY number LIMIT ? OFFSET ?"  # noqa: S608
    numbers = [row[0] for row in world.db.execute(query, (limit, offset))]
    texts = records.written(world.db, spec, spec.fields, numbers, _VERSION)
    return [msgspec.json.decode(text, type=dict[str, Any]) for text in texts]


def count_records(world: "World", object_name: str) -> int:
    """Answer how many records there are that are not deleted; raises `SalesforceError`."""
    query = f'SELECT count(*) FROM {_any(object_name).table} WHERE "IsDeleted" = 0'  # noqa: S608
    return int(world.db.execute(query).fetchone()[0])


def _any(name: str) -> ObjectSpec:
    try:
        return objects.find(name)
    except KeyError:
        raise SalesforceError(404, "NOT_FOUND", NOT_FOUND) from None


def _stored(name: str) -> ObjectSpec:
    spec = _any(name)
    if not spec.stored:
        raise SalesforceError(405, "METHOD_NOT_ALLOWED", f"{spec.name} can not be written here")
    return spec


def _row(spec: ObjectSpec, values: Mapping[str, Any]) -> dict[str, record_values.Value]:
    row = {}
    for name, sent in values.items():
        field = spec.by_name.get(name.lower())
        if field is None:
            raise SalesforceError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {spec.name}")
        row[field.name] = _value(field, sent)
    return row


def _value(field: FieldSpec, sent: object) -> record_values.Value:
    if field.computed:
        message = f"Unable to create/update fields: {field.name}. It is computed from other fields."
        raise SalesforceError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, (field.name,))
    return record_values.stored(field, sent)


def _missing(names: Sequence[str]) -> SalesforceError:
    message = f"Required fields are missing: [{', '.join(names)}]"
    return SalesforceError(400, "REQUIRED_FIELD_MISSING", message, tuple(names))


def _check_order(spec: ObjectSpec, row: Mapping[str, Any]) -> None:
    """Refuse audit fields that contradict each other; raises `SalesforceError`."""
    if row["LastModifiedDate"] < row["CreatedDate"]:
        field = spec.by_name["lastmodifieddate"]
        message = f"{field.label} lies before {spec.by_name['createddate'].label}"
        raise SalesforceError(400, "FIELD_INTEGRITY_EXCEPTION", message, (field.name,))


def _stamps(moment: int, user_id: str) -> dict[str, record_values.Value]:
    stamps: dict[str, record_values.Value] = {"LastModifiedDate": moment, "SystemModstamp": moment}
    return {**stamps, "LastModifiedById": user_id} if user_id else stamps


def _update(
    world: "World", spec: ObjectSpec, record_id: str, row: Mapping[str, record_values.Value], *, deleted: int = 0
) -> None:
    columns = ", ".join(f'"{name}" = ?' for name in row)
    query = f'UPDATE {spec.table} SET {columns} WHERE "Id" = ? AND "IsDeleted" = ?'  # noqa: S608
    if not world.db.execute(query, (*row.values(), ids.full(record_id), deleted)).rowcount:
        raise SalesforceError(404, "NOT_FOUND", NOT_FOUND)


def _write(
    world: "World",
    kind: Literal["change", "delete"],
    spec: ObjectSpec,
    record_id: str,
    row: Mapping[str, record_values.Value],
    moment: int,
) -> None:
    found, columns = ids.full(record_id), ", ".join(f'r."{name}"' for name in row)
    query = f"""
    SELECT o.id AS org, r."LastModifiedById" AS who, {columns} FROM {spec.table} r JOIN salesforce_orgs o
    ON o.rowid = r.org WHERE r."Id" = ? AND r."IsDeleted" = 0
    """  # noqa: S608 - built from our own declarations
    with Savepoint(world.db):
        kept = world.db.execute(query, (found,)).fetchone()
        _update(world, spec, found, row)
        before = {name: kept[name] for name in row}
        who = str(row.get("LastModifiedById") or kept["who"])
        writes.tell(world, Write(kind, spec, found, kept["org"], who, moment, row, before))


def moment_of(world: "World", stamp: Stamp) -> int:
    """Answer when a change is said to have been made."""
    if stamp is None:
        return int(world.now())
    return int(times.seconds(stamp) if isinstance(stamp, str) else stamp)


def _org(world: "World", org_id: str) -> int:
    return records.org_number(world.db, org_id or _main(world))


def _owner(world: "World", org_id: str) -> str:
    query = "SELECT id FROM salesforce_users WHERE org_id = ? ORDER BY id LIMIT 1"
    row = world.db.execute(query, (org_id or _main(world),)).fetchone()
    return str(row["id"]) if row else ""


def _main(world: "World") -> str:
    row = world.db.execute("SELECT id FROM salesforce_orgs ORDER BY rowid LIMIT 1").fetchone()
    if row is None:
        raise SalesforceError(404, "NOT_FOUND", NOT_FOUND)
    return str(row["id"])
