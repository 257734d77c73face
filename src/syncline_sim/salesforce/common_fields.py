"""Fields and choices that several objects share."""

from syncline_sim.salesforce.field_types import FieldSpec, boolean, picklist, reference, system, text, typed

textarea, email, phone, url = typed("textarea"), typed("email"), typed("phone"), typed("url")
date, moment = typed("date"), typed("datetime")
number, double, currency, percent = typed("int"), typed("double"), typed("currency"), typed("percent")

INDUSTRIES = (
    *("Agriculture", "Banking", "Biotechnology", "Construction", "Consulting", "Education", "Electronics", "Energy"),
    *("Finance", "Healthcare", "Insurance", "Machinery", "Manufacturing", "Media", "Retail", "Technology"),
    *("Telecommunications", "Transportation", "Utilities"),
)
SALUTATIONS = ("Mr.", "Ms.", "Mx.", "Dr.", "Prof.")
SOURCES = ("Advertisement", "Employee Referral", "Partner", "Public Relations", "Trade Show", "Web", "Other")
RATINGS = ("Hot", "Warm", "Cold")
REGIONS = ("North America", "Latin America", "EMEA", "APAC")
LANGUAGES = ("Chinese", "English", "French", "German", "Japanese", "Polish", "Portuguese", "Spanish")

HEAD = (
    system("Id", "Record ID", "id"),
    boolean("IsDeleted", "Deleted", read_only=True),
)
MASTER_RECORD = "MasterRecordId"
NAME_EXPRESSION = "coalesce(FirstName || ' ', '') || LastName"
PERSON_NAME = (
    text("LastName", "Last Name", 80, required=True),
    text("FirstName", "First Name", 40),
    picklist("Salutation", "Salutation", *SALUTATIONS),
    FieldSpec("Name", "Full Name", "string", 121, read_only=True, required=True, expression=NAME_EXPRESSION),
)
AUDIT = (
    system("CreatedDate", "Created Date", "datetime"),
    reference("CreatedById", "Created By ID", "User", read_only=True, required=True),
    system("LastModifiedDate", "Last Modified Date", "datetime"),
    reference("LastModifiedById", "Last Modified By ID", "User", read_only=True, required=True),
    system("SystemModstamp", "System Modstamp", "datetime"),
)
OWNER = reference("OwnerId", "Owner ID", "User", required=True)
_PARTS = (
    ("Street", "Street", "textarea", 255),
    ("City", "City", "string", 40),
    ("State", "State/Province", "string", 80),
    ("PostalCode", "Zip/Postal Code", "string", 20),
    ("Country", "Country", "string", 80),
)


def address(prefix: str = "") -> tuple[FieldSpec, ...]:
    """Declare the parts of an address and the compound that has them all, as `MailingCity` and `MailingAddress`."""
    parts = tuple(
        FieldSpec(prefix + name, f"{prefix} {label}".strip(), kind, length) for name, label, kind, length in _PARTS
    )
    keys = ", ".join(f"'{name[0].lower() + name[1:]}', \"{prefix}{name}\"" for name, *_ in _PARTS)
    nothing = " || ".join(f"coalesce(\"{prefix}{name}\", '')" for name, *_ in _PARTS)
    expression = f"iif({nothing} = '', 'null', json_object({keys}))"
    compound = FieldSpec(
        f"{prefix}Address", f"{prefix} Address".strip(), "address", read_only=True, expression=expression
    )
    return (*parts, compound)
