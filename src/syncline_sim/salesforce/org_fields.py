"""The fields of the objects that only show what the OAuth side keeps: User and Organization."""

from syncline_sim.salesforce.field_types import FieldSpec, boolean, system


def _text(name: str, label: str, length: int = 80, kind: str = "string") -> FieldSpec:
    return FieldSpec(name, label, kind, length, read_only=True)


_STAMPS = (
    system("CreatedDate", "Created Date", "datetime"),
    system("LastModifiedDate", "Last Modified Date", "datetime"),
    system("SystemModstamp", "System Modstamp", "datetime"),
)
USER_FIELDS: tuple[FieldSpec, ...] = (
    system("Id", "User ID", "id"),
    _text("Username", "Username"),
    _text("LastName", "Last Name"),
    _text("FirstName", "First Name", 40),
    _text("Name", "Full Name", 121),
    _text("Email", "Email", 128, "email"),
    boolean("IsActive", "Active", read_only=True),
    _text("UserType", "User Type", 40, "picklist"),
    _text("TimeZoneSidKey", "Time Zone", 40, "picklist"),
    _text("LocaleSidKey", "Locale", 40, "picklist"),
    _text("LanguageLocaleKey", "Language", 40, "picklist"),
    *_STAMPS,
)
ORGANIZATION_FIELDS: tuple[FieldSpec, ...] = (
    system("Id", "Organization ID", "id"),
    _text("Name", "Name"),
    _text("OrganizationType", "Edition", 40, "picklist"),
    boolean("IsSandbox", "Is Sandbox", read_only=True),
    _text("InstanceName", "Instance Name", 5),
    _text("NamespacePrefix", "Namespace Prefix", 15),
    _text("LanguageLocaleKey", "Language", 40, "picklist"),
    FieldSpec("TrialExpirationDate", "Trial Expiration Date", "datetime", read_only=True),
    *_STAMPS,
)
