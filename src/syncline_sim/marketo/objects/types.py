"""What kinds of objects there are besides people, and which fields each has (page "Lead Database")."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.fields import PersonField as Field
from syncline_sim.marketo.standard_fields import STANDARD_FIELDS

#: Those of the standard kinds are as old as the vendor's calls for them.
_SINCE = "2015-02-03T22:36:23Z"
GUID, NUMBER = "marketoGUID", "id"
_GUID_LENGTH = 36
_DATES = (
    Field("createdAt", "Created At", "datetime", read_only=True),
    Field("updatedAt", "Updated At", "datetime", read_only=True),
)


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One kind; `keys` are the sets of fields by which its records are found, the first of them its own."""

    name: str
    label: str
    id_field: str
    keys: tuple[tuple[str, ...], ...]
    own_fields: tuple[Field, ...]
    description: str | None = None
    space: str = ""  #: what keeps the records of a custom kind apart from those of a standard one of the same name
    required: tuple[str, ...] = ()  #: what a new record must have besides its key
    created_at: str = _SINCE
    updated_at: str = _SINCE
    relationships: tuple[dict[str, Any], ...] = ()
    fields: dict[str, Field] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Add the fields that all kinds have; they are found whatever the case of the letters."""
        number = Field(NUMBER, "Marketo Id", "integer", read_only=True)
        guid = Field(GUID, "Marketo GUID", "string", _GUID_LENGTH, read_only=True)
        every = (number if self.id_field == NUMBER else guid, *_DATES, *self.own_fields)
        object.__setattr__(self, "fields", {one.name.lower(): one for one in every})

    @property
    def dedupe_fields(self) -> tuple[str, ...]:
        """The fields that make a record the same."""
        return self.keys[0]

    def field(self, name: object) -> Field:
        """Answer a field by its name; raises `VendorError` 1006."""
        found = self.fields.get(name.lower()) if isinstance(name, str) else None
        if found is None:
            raise VendorError("1006", name)
        return found

    def names(self, wanted: Iterable[str]) -> list[str]:
        """Answer the names of the fields that are wanted, or those shown when none are; raises `VendorError` 1006."""
        names = [self.field(name).name for name in wanted]
        return names or [self.id_field, *self.dedupe_fields, "createdAt", "updatedAt"]

    def view(self) -> dict[str, Any]:
        """Answer the kind as the vendor describes it."""
        return {**self.head(), "fields": [self._described(one) for one in self.fields.values()]}

    def head(self) -> dict[str, Any]:
        """Answer the description without the fields."""
        texts = {"description": self.description} if self.description else {}
        related = {"relationships": list(self.relationships)} if self.relationships else {}
        return {
            "name": self.name,
            "displayName": self.label,
            **texts,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "idField": self.id_field,
            "dedupeFields": list(self.dedupe_fields),
            "searchableFields": [list(key) for key in (*self.keys, (self.id_field,))],
            **related,
        }

    def _described(self, one: Field) -> dict[str, Any]:
        return {
            "name": one.name,
            "displayName": one.label,
            "dataType": one.data_type,
            **({} if one.length is None else {"length": one.length}),
            "updateable": not one.read_only and one.name not in self.dedupe_fields,
        }


def _text(name: str, label: str, length: int = 255) -> Field:
    return Field(name, label, "string", length)


_SALES_PERSON_ID = _text("externalSalesPersonId", "External Sales Person Id")
_OPPORTUNITY_ID = _text("externalOpportunityId", "External Opportunity Id", 50)
_COMPANY_FIELDS = tuple(
    Field(row.name, row.label, row.data_type, 255 if row.data_type in ("string", "phone", "url") else None)
    for row in STANDARD_FIELDS
    if "c" in row.marks
)

COMPANY = ObjectType(
    name="Company",
    label="Company",
    description="Company object",
    id_field=NUMBER,
    keys=(("externalCompanyId",), ("company",)),
    own_fields=(_text("externalCompanyId", "External Company Id", 100), _SALES_PERSON_ID, *_COMPANY_FIELDS),
)
OPPORTUNITY = ObjectType(
    name="opportunity",
    label="Opportunity",
    id_field=GUID,
    keys=(("externalOpportunityId",),),
    required=("name",),
    own_fields=(
        _OPPORTUNITY_ID,
        _text("name", "Name"),
        _text("description", "Description", 2000),
        _text("type", "Type"),
        _text("stage", "Stage"),
        _text("source", "Source"),
        _text("leadSource", "Lead Source"),
        _text("nextStep", "Next Step"),
        _text("forecastCategoryName", "Forecast Category Name"),
        Field("amount", "Amount", "currency"),
        Field("expectedRevenue", "Expected Revenue", "currency"),
        Field("quantity", "Quantity", "float"),
        Field("probability", "Probability", "integer"),
        Field("closeDate", "Close Date", "date"),
        Field("isClosed", "Is Closed", "boolean"),
        Field("isWon", "Is Won", "boolean"),
        Field("externalCreatedDate", "External Created Date", "datetime"),
        _SALES_PERSON_ID,
    ),
)
ROLE = ObjectType(
    name="opportunityRole",
    label="Opportunity Role",
    id_field=GUID,
    keys=(("externalOpportunityId", "leadId", "role"), ("leadId",), ("externalOpportunityId",)),
    own_fields=(
        _OPPORTUNITY_ID,
        Field("leadId", "Lead Id", "integer"),
        _text("role", "Role", 50),
        Field("isPrimary", "Is Primary", "boolean"),
        Field("externalCreatedDate", "External Created Date", "datetime"),
    ),
)
SALES_PERSON = ObjectType(
    name="SalesPerson",
    label="Sales Person",
    id_field=NUMBER,
    keys=(("externalSalesPersonId",), ("email",)),
    own_fields=(
        _SALES_PERSON_ID,
        Field("email", "Email", "email", 255),
        _text("firstName", "First Name"),
        _text("lastName", "Last Name"),
        _text("title", "Job Title"),
        Field("phone", "Phone Number", "phone", 255),
        Field("mobilePhone", "Mobile Phone Number", "phone", 255),
        Field("fax", "Fax Number", "phone", 255),
    ),
)
