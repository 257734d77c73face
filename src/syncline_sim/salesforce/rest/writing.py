"""Writing records as a user of the API may: what is sent is checked against what the user sees and may change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syncline_sim.salesforce import changes, conversion, ids, objects, records
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.field_types import FieldSpec
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.query import Caller
from syncline_sim.salesforce.rest import finding
from syncline_sim.salesforce.visibility import fields_by_name, visible_object

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Saved:
    """A record that has been written."""

    id: str
    created: bool = False


class AmbiguousError(SalesforceError):
    """An external id that several records have; `found` are theirs."""

    def __init__(self, field: FieldSpec, found: list[str]) -> None:
        message = f"{field.label}: more than one record found for external id field: [{', '.join(found)}]"
        super().__init__(300, "DUPLICATE_EXTERNAL_ID", message, (field.name,))
        self.found = found


def create(who: Caller, spec: ObjectSpec, sent: Values) -> Saved:
    """Create a record; raises `SalesforceError`."""
    admit(who, spec, "POST")
    values = writable(who, spec, sent, new=True)
    login = who.login
    made = changes.create_record(who.world, spec.name, values, org_id=login.org.id, user_id=login.user.id)
    return Saved(made, created=True)


def change(who: Caller, spec: ObjectSpec, record_id: str, sent: Values) -> Saved:
    """Change a record; raises `SalesforceError`."""
    admit(who, spec, "PATCH")
    finding.number(who, spec, record_id)
    found, values = ids.meant(record_id), writable(who, spec, sent)
    if spec.name == "Lead":
        conversion.check_writable(who.world, who.login.user, found)
    changes.change_record(who.world, spec.name, found, values, user_id=who.login.user.id)
    return Saved(found)


def delete(who: Caller, spec: ObjectSpec, record_id: str) -> Saved:
    """Put a record into the recycle bin; raises `SalesforceError`."""
    admit(who, spec, "DELETE")
    finding.number(who, spec, record_id)
    found = ids.meant(record_id)
    changes.delete_record(who.world, spec.name, found, user_id=who.login.user.id)
    return Saved(found)


def upsert(
    who: Caller, spec: ObjectSpec, field: FieldSpec, value: object, sent: Values, *, update_only: bool = False
) -> Saved:
    """Change the record with an external id, or create it; raises `SalesforceError`."""
    for name in sent:
        if name.lower() in ("id", field.name.lower()):
            raise SalesforceError(
                400, "INVALID_FIELD", f"The {name} field should not be specified in the sobject data."
            )
    found = finding.by_external_id(who, spec, field, value)
    if len(found) > 1:
        raise AmbiguousError(field, found)
    if found:
        return change(who, spec, found[0], sent)
    if update_only:
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
    return create(who, spec, {**sent, field.name: value})


def admit(who: Caller, spec: ObjectSpec, method: str) -> None:
    """Let the caller write records of an object; raises `SalesforceError`."""
    if not spec.stored:
        text = f"HTTP Method '{method}' not allowed. Allowed are HEAD,GET"
        raise SalesforceError(405, "METHOD_NOT_ALLOWED", text)
    if not who.login.user.may_write(spec.name):
        message = "insufficient access rights on object id"
        raise SalesforceError(403, "INSUFFICIENT_ACCESS_OR_READONLY", message, ())


def writable(who: Caller, spec: ObjectSpec, sent: Values, *, new: bool = False) -> dict[str, Any]:
    """Answer the values that are sent, if the caller may write each of them and what they refer to is there."""
    fields = fields_by_name(who.login.user, spec)
    values: dict[str, Any] = {}
    for name, given in sent.items():
        if name == "attributes":
            continue
        field = fields.get(name.lower())
        if field is None and isinstance(given, dict):
            field, given = _parent(who, spec, name, given)  # noqa: PLW2901 - the id of who is meant
        if field is None or not (field.createable if new else field.writable):
            raise _unwritable(spec, name, field)
        if field.reference_to and given not in (None, ""):
            given = _reference(who, field, given)  # noqa: PLW2901 - in its long form
        values[field.name] = given
    return values


def _parent(who: Caller, spec: ObjectSpec, relationship: str, named: Values) -> tuple[FieldSpec, str]:
    """Read `"Account": {"Legacy_Id__c": "A-1"}`, which refers to a record by its external id."""
    field = spec.by_name.get(f"{relationship}Id".lower())
    keys = [name for name in named if name != "attributes"]
    if field is None or not field.reference_to or len(keys) != 1:
        raise _unwritable(spec, relationship, None)
    parent = visible_object(who.login.user, field.reference_to[0])
    external = finding.external_field(who, parent, keys[0])
    found = finding.by_external_id(who, parent, external, named[keys[0]])
    if len(found) > 1:
        raise AmbiguousError(external, found)
    if not found:
        sought = f"{named[keys[0]]} not found for field {external.name} in entity {parent.name}"
        message = f"Foreign key external ID: {sought}"
        raise SalesforceError(400, "INVALID_FIELD", message, ())
    return field, found[0]


def _reference(who: Caller, field: FieldSpec, given: object) -> str:
    meant = ids.meant(given) if isinstance(given, str) else ""
    message = f"{field.label}: id value of incorrect type: {given}"
    if not meant:
        raise SalesforceError(400, "MALFORMED_ID", message, (field.name,))
    targets = (objects.find(name) for name in field.reference_to)
    spec = next((target for target in targets if meant.startswith(target.key_prefix)), None)
    if spec is None:
        raise SalesforceError(400, "FIELD_INTEGRITY_EXCEPTION", message, (field.name,))
    org = records.org_number(who.world.db, who.login.org.id)
    query = f'SELECT 1 FROM {spec.table} WHERE org = ? AND "Id" = ? AND "IsDeleted" = 0'  # noqa: S608 - ours
    if who.world.db.execute(query, (org, meant)).fetchone() is None:
        raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", (field.name,))
    return meant


def _unwritable(spec: ObjectSpec, name: str, field: FieldSpec | None) -> SalesforceError:
    if field is None:
        return SalesforceError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {spec.name}")
    message = (
        f"Unable to create/update fields: {field.name}. Please check the security settings of this field and verify"
        " that it is read/write for your profile or permission set."
    )
    return SalesforceError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, (field.name,))
