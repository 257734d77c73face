"""The fields of the objects that only show what the OAuth side keeps: the org, its users, and what they may do."""

from syncline_sim.salesforce.field_types import FieldSpec, boolean, reference, system

#: Permissions of users that profiles and permission sets show; the vendor has hundreds more.
PERMISSIONS = (
    *("ApiEnabled", "ApproveUninstalledConnectedApps", "BulkApiHardDelete", "ConvertLeads"),
    *("CustomizeApplication", "EnableNotifications", "ManageExternalClientApps", "ManageUsers", "ModifyAllData"),
    *("UseAnyApiClient", "ViewAllData", "ViewRoles", "ViewSetup"),
)


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
    reference("ProfileId", "Profile ID", "Profile", read_only=True, required=True),
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
    _text("DefaultLocaleSidKey", "Locale", 40, "picklist"),
    _text("TimeZoneSidKey", "Time Zone", 40, "picklist"),
    FieldSpec("TrialExpirationDate", "Trial Expiration Date", "datetime", read_only=True),
    *_STAMPS,
)
_RIGHTS = tuple(boolean(f"Permissions{name}", name, read_only=True) for name in PERMISSIONS)
PROFILE_FIELDS: tuple[FieldSpec, ...] = (
    system("Id", "Profile ID", "id"),
    _text("Name", "Name", 255),
    _text("UserType", "User Type", 40, "picklist"),
    *_RIGHTS,
    *_STAMPS,
)
PERMISSION_SET_FIELDS: tuple[FieldSpec, ...] = (
    system("Id", "PermissionSet ID", "id"),
    _text("Name", "Permission Set Name"),
    _text("Label", "Permission Set Label"),
    reference("ProfileId", "Profile ID", "Profile", read_only=True),
    boolean("IsOwnedByProfile", "Is Owned By Profile", read_only=True),
    *_RIGHTS,
    *_STAMPS,
)
ASSIGNMENT_FIELDS: tuple[FieldSpec, ...] = (
    system("Id", "PermissionSetAssignment ID", "id"),
    reference("PermissionSetId", "PermissionSet ID", "PermissionSet", read_only=True),
    reference("AssigneeId", "Assignee ID", "User", read_only=True, required=True),
    boolean("IsActive", "Active", read_only=True),
    system("SystemModstamp", "System Modstamp", "datetime"),
)
OBJECT_PERMISSION_FIELDS: tuple[FieldSpec, ...] = (
    system("Id", "Object Permissions ID", "id"),
    reference("ParentId", "Parent ID", "PermissionSet", read_only=True, required=True),
    _text("SobjectType", "Sobject Type Name", 40, "picklist"),
    *(
        boolean(f"Permissions{name}", name, read_only=True)
        for name in ("Create", "Read", "Edit", "Delete", "ViewAllRecords", "ModifyAllRecords")
    ),
    *_STAMPS,
)
USER_LOGIN_FIELDS: tuple[FieldSpec, ...] = (
    system("Id", "User Login ID", "id"),
    reference("UserId", "User ID", "User", read_only=True, required=True),
    boolean("IsFrozen", "Is Frozen", read_only=True),
    boolean("IsPasswordLocked", "Is Password Locked", read_only=True),
    system("LastModifiedDate", "Last Modified Date", "datetime"),
)
