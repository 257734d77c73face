"""Describe: the fields of an object as the logged-in user sees them, in words common to both sides."""

from collections.abc import Mapping
from typing import Any

from syncline.providers.port import Field, FieldType

_TYPES: dict[str, FieldType] = {
    "boolean": "boolean",
    "combobox": "string",
    "currency": "currency",
    "date": "date",
    "datetime": "datetime",
    "double": "float",
    "email": "email",
    "encryptedstring": "string",
    "id": "string",
    "int": "integer",
    "long": "float",  # more than 32 bits
    "multipicklist": "text",
    "percent": "percent",
    "phone": "phone",
    "picklist": "string",
    "reference": "string",
    "string": "string",
    "textarea": "text",
    "time": "string",
    "url": "url",
}


def read(object_name: str, description: Mapping[str, Any]) -> list[Field]:
    """Answer the fields of a description; compound ones and files (address, location, base64) have no single value."""
    return [_field(object_name, row) for row in description.get("fields", ()) if row.get("type") in _TYPES]


def _field(object_name: str, row: Mapping[str, Any]) -> Field:
    return Field(
        object=object_name,
        name=str(row["name"]),
        label=str(row.get("label") or row["name"]),
        type=_TYPES[row["type"]],
        length=int(row["length"]) if row.get("length") else None,
        custom=bool(row.get("custom")),
        writable=bool(row.get("updateable")),
        native_type=str(row["type"]),
    )
