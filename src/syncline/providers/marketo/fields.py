"""Person fields: those that are there, and those made for what Marketo has no field for."""

import re
from collections.abc import Mapping
from typing import Any

from syncline.providers.port import Field, FieldResult, FieldType

#: How many fields API users can create in one instance; none can be deleted again.
LIMIT = 100
#: What a string field holds.
STRING_LENGTH = 255
KEY_FIELD = Field(object="Person", name="sfdcId", label="SFDC Id", type="string", length=18, custom=True)

#: Between source and target, by the names on both sides; all are there in every instance.
STANDARD: Mapping[str, str] = {
    "Salutation": "salutation",
    "FirstName": "firstName",
    "MiddleName": "middleName",
    "LastName": "lastName",
    "Email": "email",
    "Phone": "phone",
    "MobilePhone": "mobilePhone",
    "Fax": "fax",
    "Title": "title",
    "Department": "department",
    "Birthdate": "dateOfBirth",
    "LeadSource": "leadSource",
    "Status": "leadStatus",
    "Rating": "rating",
    "DoNotCall": "doNotCall",
    "HasOptedOutOfEmail": "unsubscribed",
    "Street": "address",
    "City": "city",
    "State": "state",
    "PostalCode": "postalCode",
    "Country": "country",
    "MailingStreet": "address",
    "MailingCity": "city",
    "MailingState": "state",
    "MailingPostalCode": "postalCode",
    "MailingCountry": "country",
    "Company": "company",
    "Website": "website",
    "Industry": "industry",
    "AnnualRevenue": "annualRevenue",
    "NumberOfEmployees": "numberOfEmployees",
}
#: Those of them that belong to the company record, which an instance may refuse to write through a person (1021).
COMPANY = frozenset({"company", "website", "industry", "annualRevenue", "numberOfEmployees"})

#: Marketo's name for a type when a field is created. Its `percent` holds whole numbers only.
_NATIVE: Mapping[FieldType, str] = {"percent": "float", "text": "string"}
_OURS: Mapping[str, FieldType] = {
    "boolean": "boolean",
    "currency": "currency",
    "date": "date",
    "datetime": "datetime",
    "email": "email",
    "float": "float",
    "integer": "integer",
    "percent": "percent",
    "phone": "phone",
    "score": "integer",
    "string": "string",
    "text": "text",
    "url": "url",
}
_UNFIT_LETTERS = re.compile(r"[^\w .()/'&:-]", re.ASCII)
_EXISTS = "1017"


def name_of(source_field: Field) -> str:
    """Answer `sfdc` and the source's own name: no two source fields meet, and everybody sees where it comes from."""
    return f"sfdc{source_field.name[:1].upper()}{source_field.name[1:]}"


def unfit(source_field: Field) -> str:
    """Answer why a source field cannot be created: the API makes no text areas."""
    if source_field.type == "text" and (source_field.length or STRING_LENGTH + 1) > STRING_LENGTH:
        return f"a text can be longer than the {STRING_LENGTH} characters that a created field holds"
    return ""


def written(field: Field) -> dict[str, str]:
    """Answer the document that creates a field; the label has the name in it, since labels must differ too."""
    label = _UNFIT_LETTERS.sub(" ", field.label).strip() or field.name
    suffix = f" ({field.name})"
    return {
        "name": field.name,
        "displayName": label[: STRING_LENGTH - len(suffix)] + suffix,
        "dataType": _NATIVE.get(field.type, field.type),
        "description": "Written by Syncline",
    }


def read(rows: list[dict[str, Any]]) -> list[Field]:
    """Answer the fields of a `describe2` result."""
    return [_field(row) for entry in rows for row in entry.get("fields", ()) if row.get("dataType") in _OURS]


def is_managed(rows: list[dict[str, Any]]) -> bool:
    """Whether a `describe2` result says that a native CRM sync looks after some field."""
    return any(row.get("crmManaged") is True for entry in rows for row in entry.get("fields", ()))


def outcome(field: Field, row: Mapping[str, Any]) -> FieldResult:
    """Answer what became of a field that was to be created."""
    if row.get("status") in {"created", "updated"}:
        return FieldResult(field.name, "created")
    codes, words = reasons(row)
    return FieldResult(field.name, "existed" if _EXISTS in codes else "refused", words)


def reasons(row: Mapping[str, Any]) -> tuple[list[str], str]:
    """Answer the codes of a refused row, and `code: message` of each in words."""
    given = [reason for reason in row.get("reasons") or () if isinstance(reason, dict)]
    codes = [str(reason.get("code", "")) for reason in given]
    words = "; ".join(f"{reason.get('code', '')}: {reason.get('message', '')}"[:STRING_LENGTH] for reason in given)
    return codes, words or "Marketo gave no reason"


def _field(row: Mapping[str, Any]) -> Field:
    return Field(
        object="Person",
        name=str(row["name"]),
        label=str(row.get("displayName") or row["name"]),
        type=_OURS[row["dataType"]],
        length=int(row["length"]) if row.get("length") else None,
        custom=str(row["name"]).startswith("sfdc"),
        writable=row.get("updateable") is True,
        native_type=str(row["dataType"]),
    )
