"""What a user can see of an org: objects that are not hidden, and fields that field-level security shows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from syncline_sim.salesforce import objects
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.relationships import CHILDREN, Children

if TYPE_CHECKING:
    from syncline_sim.salesforce.field_types import FieldSpec
    from syncline_sim.salesforce.objects import ObjectSpec
    from syncline_sim.salesforce.orgs import User

#: "Set Audit Fields upon Record Creation", for who brings records from elsewhere; never the SystemModstamp.
_SET_AUDIT = "CreateAuditFields"
_AUDIT = frozenset({"CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById"})


def visible_objects(user: "User") -> list["ObjectSpec"]:
    """Answer the objects that the user can see."""
    return [spec for spec in objects.OBJECTS if user.may_read(spec.name)]


def visible_object(user: "User", name: str) -> "ObjectSpec":
    """Answer an object; raises `SalesforceError` 404 when there is none or it is hidden."""
    spec = objects.BY_NAME.get(name.lower())
    if spec is None or not user.may_read(spec.name):
        raise SalesforceError(404, "NOT_FOUND", "The requested resource does not exist")
    return spec


def visible_fields(user: "User", spec: "ObjectSpec") -> list["FieldSpec"]:
    """Answer the fields of an object as the user meets them; nothing hides required ones, as in life."""
    if _unbarred(user, spec):
        return list(spec.fields)
    seen = (field for field in spec.fields if field.required or user.may_see(spec.name, field.name))
    if user.may(_SET_AUDIT) and user.may_write(spec.name):
        seen = (replace(field, settable=spec.stored and field.name in _AUDIT) for field in seen)
    if spec.name not in user.read_only:
        return list(seen)
    return [field if user.may_write(spec.name, field.name) else replace(field, read_only=True) for field in seen]


def visible_children(user: "User", spec: "ObjectSpec") -> list[Children]:
    """Answer what the records of an object are the parents of, as far as the user can see it."""
    return [each for each in CHILDREN if each.parent == spec.name and user.may_see(each.child, each.field)]


def fields_by_name(user: "User", spec: "ObjectSpec") -> Mapping[str, "FieldSpec"]:
    """Answer the same fields by their names in lower case; quickly for a user to whom nothing is forbidden."""
    if _unbarred(user, spec):
        return spec.by_name
    return {field.name.lower(): field for field in visible_fields(user, spec)}


def _unbarred(user: "User", spec: "ObjectSpec") -> bool:
    """Whether the user meets the fields as they are."""
    return spec.name not in user.hidden and spec.name not in user.read_only and not user.may(_SET_AUDIT)
