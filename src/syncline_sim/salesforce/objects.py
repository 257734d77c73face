"""The objects of an org: their fields, in the order in which describe lists them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from syncline_sim.salesforce.account_fields import ACCOUNT_FIELDS
from syncline_sim.salesforce.contact_fields import CONTACT_FIELDS
from syncline_sim.salesforce.field_types import FieldSpec
from syncline_sim.salesforce.lead_fields import LEAD_FIELDS
from syncline_sim.salesforce.org_fields import (
    ASSIGNMENT_FIELDS,
    OBJECT_PERMISSION_FIELDS,
    ORGANIZATION_FIELDS,
    PERMISSION_SET_FIELDS,
    PROFILE_FIELDS,
    USER_FIELDS,
    USER_LOGIN_FIELDS,
)

_DEFAULTS = {"Status": "Open - Not Contacted"}


@dataclass(frozen=True)
class ObjectSpec:
    """One object; one that is not `stored` is a view of what the OAuth side keeps, and read-only."""

    name: str
    label: str
    label_plural: str
    key_prefix: str
    fields: tuple[FieldSpec, ...]
    stored: bool = True

    @cached_property
    def by_name(self) -> Mapping[str, FieldSpec]:
        """The fields by their names in lower case, for SOQL does not mind case."""
        return {field.name.lower(): field for field in self.fields}

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """The fields without which a record cannot be created; its owner is then who creates it."""
        needed = (field for field in self.fields if field.required and field.writable and field.type != "boolean")
        return tuple(field.name for field in needed if field.name != "OwnerId")

    @cached_property
    def blank(self) -> Mapping[str, int | str]:
        """What a new record holds when nobody says otherwise."""
        truths = {field.name: 0 for field in self.fields if field.type == "boolean" and not field.computed}
        return {**truths, **{name: value for name, value in _DEFAULTS.items() if name.lower() in self.by_name}}

    @property
    def table(self) -> str:
        """The table or view of its records."""
        return f"salesforce_record_{self.name.lower()}"


OBJECTS = (
    ObjectSpec("Account", "Account", "Accounts", "001", ACCOUNT_FIELDS),
    ObjectSpec("Contact", "Contact", "Contacts", "003", CONTACT_FIELDS),
    ObjectSpec("Lead", "Lead", "Leads", "00Q", LEAD_FIELDS),
    ObjectSpec(
        "ObjectPermissions", "Object Permissions", "Object Permissions", "110", OBJECT_PERMISSION_FIELDS, stored=False
    ),
    ObjectSpec("Organization", "Organization", "Organization", "00D", ORGANIZATION_FIELDS, stored=False),
    ObjectSpec("PermissionSet", "Permission Set", "Permission Sets", "0PS", PERMISSION_SET_FIELDS, stored=False),
    ObjectSpec(
        *("PermissionSetAssignment", "Permission Set Assignment", "Permission Set Assignments", "0Pa"),
        ASSIGNMENT_FIELDS,
        stored=False,
    ),
    ObjectSpec("Profile", "Profile", "Profiles", "00e", PROFILE_FIELDS, stored=False),
    ObjectSpec("User", "User", "Users", "005", USER_FIELDS, stored=False),
    ObjectSpec("UserLogin", "User Login", "User Logins", "0Yw", USER_LOGIN_FIELDS, stored=False),
)
BY_NAME: Mapping[str, ObjectSpec] = {spec.name.lower(): spec for spec in OBJECTS}


def find(name: str) -> ObjectSpec:
    """Answer an object, whatever the case of its name; raises `KeyError`."""
    return BY_NAME[name.lower()]
