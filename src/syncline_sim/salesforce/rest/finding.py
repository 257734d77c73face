"""Finding the record that a call names, by its id or by an external id."""

from syncline_sim.salesforce import ids, record_values, records
from syncline_sim.salesforce.failure import NOT_FOUND, SalesforceError
from syncline_sim.salesforce.field_types import FieldSpec
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.query import Caller
from syncline_sim.salesforce.visibility import visible_fields


def number(who: Caller, spec: ObjectSpec, record_id: str) -> int:
    """Answer the row number of a record of the caller's org that is not deleted; raises `SalesforceError`."""
    meant = ids.meant(record_id)
    if not meant:
        raise _no_id(spec, record_id)
    org = records.org_number(who.world.db, who.login.org.id)
    row = who.world.db.execute(
        f'SELECT number, "IsDeleted" AS gone FROM {spec.table} WHERE org = ? AND "Id" = ?',  # noqa: S608 - ours
        (org, meant),
    ).fetchone()
    if row is None:
        if not meant.startswith(spec.key_prefix):
            raise incorrect_id(spec, record_id)
        raise SalesforceError(404, "NOT_FOUND", NOT_FOUND)
    if row["gone"]:
        raise SalesforceError(404, "ENTITY_IS_DELETED", "entity is deleted", ())
    return int(row["number"])


def incorrect_id(spec: ObjectSpec, record_id: str) -> SalesforceError:
    """Answer the refusal of an id that no record of an object can have."""
    return SalesforceError(400, "MALFORMED_ID", f"{spec.label} ID: id value of incorrect type: {record_id}", ("Id",))


def external_field(who: Caller, spec: ObjectSpec, name: str) -> FieldSpec:
    """Answer a field by which records can be found; raises `SalesforceError` 404."""
    fields = {field.name.lower(): field for field in visible_fields(who.login.user, spec)}
    field = fields.get(name.lower())
    if field is None or not field.external_id:
        raise _no_field(name)
    return field


def by_external_id(who: Caller, spec: ObjectSpec, field: FieldSpec, value: object) -> list[str]:
    """Answer the ids of the records that have this external id, in the order of their making."""
    sought = record_values.stored(field, value)
    if sought is None:
        return []
    # Made when it is first needed: a million records would pay for it at each start.
    who.world.db.execute(f'CREATE INDEX IF NOT EXISTS {spec.table}_{field.name} ON {spec.table} ("{field.name}")')
    org = records.org_number(who.world.db, who.login.org.id)
    rows = who.world.db.execute(
        f'SELECT "Id" FROM {spec.table} WHERE "{field.name}" = ? AND org = ? AND "IsDeleted" = 0 ORDER BY number',  # noqa: S608 - ours
        (sought, org),
    )
    return [row["Id"] for row in rows]


def _no_id(spec: ObjectSpec, text: str) -> SalesforceError:
    # What has the length of an id and is none is refused as an id, all else is taken for the name of a field.
    if len(text) in (15, 18) and text.isalnum() and text.startswith(spec.key_prefix):
        return incorrect_id(spec, text)
    return _no_field(text)


def _no_field(name: str) -> SalesforceError:
    message = f"Provided external ID field does not exist or is not accessible: {name}"
    return SalesforceError(404, "NOT_FOUND", message)
