"""Person fields: the standard ones, and the custom ones that API users create and can never delete."""

import re
import sqlite3
from dataclasses import asdict, dataclass, fields
from typing import Any

from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.standard_fields import STANDARD_FIELDS, StandardField

#: What an API user may create; text areas exist among the standard fields only.
CREATABLE_TYPES = frozenset(
    {
        *("boolean", "currency", "date", "datetime", "email", "float"),
        *("integer", "percent", "phone", "score", "string", "url"),
    }
)
LENGTHS = {"string": 255, "email": 255, "phone": 255, "url": 255, "text": 30_000}
MAX_CREATED = 100
_SEARCHABLE_TYPES = frozenset({"string", "email", "integer"})
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_LABEL = re.compile(r"[\w .()/'&:-]+")
_INSERT = """
INSERT INTO marketo_fields (name, label, data_type, length, soap_name, read_only, searchable, company, custom,
                            hidden, html_encoded, sensitive, description, keyed)
VALUES (:name, :label, :data_type, :length, :soap_name, :read_only, :searchable, :company, :custom,
        :hidden, :html_encoded, :sensitive, :description, :keyed)
"""
_UPDATE = """
UPDATE marketo_fields SET label = :label, description = :description, hidden = :hidden,
                          html_encoded = :html_encoded, sensitive = :sensitive
WHERE name = :name
"""


@dataclass(frozen=True, slots=True)
class PersonField:
    """One field; `keyed` says that people are already indexed by it."""

    name: str
    label: str
    data_type: str
    length: int | None = None
    soap_name: str | None = None
    read_only: bool = False
    searchable: bool = False
    company: bool = False
    custom: bool = False
    hidden: bool = False
    html_encoded: bool = False
    sensitive: bool = False
    description: str | None = None
    keyed: bool = False
    number: int = 0


def load(db: sqlite3.Connection) -> dict[str, PersonField]:
    """Answer every field by its REST name, hidden ones too, in the order of their creation."""
    rows = db.execute("SELECT * FROM marketo_fields ORDER BY number")
    return {row["name"]: _field(row) for row in rows}


def create_standard(db: sqlite3.Connection) -> None:
    """Write the fields that every instance has."""
    db.executemany(_INSERT, [asdict(_standard(row)) for row in STANDARD_FIELDS])


def create(db: sqlite3.Connection, wanted: object) -> str:
    """Create one custom field from what an API user sent and answer its name; raises `VendorError`."""
    field = _custom(wanted)
    known = load(db).values()
    if any(field.name.lower() == k.name.lower() or field.label.lower() == k.label.lower() for k in known):
        raise VendorError("1017")
    if sum(k.custom for k in known) >= MAX_CREATED:
        raise VendorError("1028")
    db.execute(_INSERT, asdict(field))
    return field.name


def change(db: sqlite3.Connection, field: PersonField, wanted: dict[str, Any]) -> None:
    """Change what may be changed of a custom field: its label, description and three marks; raises `VendorError`."""
    row = asdict(field)
    for sent, value in wanted.items():
        if sent not in _CHANGEABLE:
            raise VendorError("1011", sent)
        row[_CHANGEABLE[sent]] = value
    _check_label(row["label"])
    others = (other for other in load(db).values() if other.name != field.name)
    if any(other.label.lower() == row["label"].lower() for other in others):
        raise VendorError("1017")
    db.execute(_UPDATE, row)


def key(db: sqlite3.Connection, field: PersonField) -> None:
    """Index all people by a field from now on; done when somebody first looks people up by it."""
    db.execute(
        """
        INSERT INTO marketo_keys (field, value, person)
        SELECT :name, json_extract(fields, '$.' || :name), id FROM marketo_people
        WHERE json_extract(fields, '$.' || :name) IS NOT NULL
        """,
        {"name": field.name},
    )
    db.execute("UPDATE marketo_fields SET keyed = 1 WHERE name = ?", (field.name,))


_COLUMNS = tuple(column.name for column in fields(PersonField))
_MARKS = frozenset({"read_only", "searchable", "company", "custom", "hidden", "html_encoded", "sensitive", "keyed"})
_CHANGEABLE = {
    "displayName": "label",
    "description": "description",
    "isHidden": "hidden",
    "isHtmlEncodingInEmail": "html_encoded",
    "isSensitive": "sensitive",
}


def _field(row: sqlite3.Row) -> PersonField:
    columns: dict[str, Any] = {name: bool(row[name]) if name in _MARKS else row[name] for name in _COLUMNS}
    return PersonField(**columns)


def _standard(row: StandardField) -> PersonField:
    return PersonField(
        name=row.name,
        label=row.label,
        data_type=row.data_type,
        length=LENGTHS.get(row.data_type),
        soap_name=row.soap_name,
        read_only="r" in row.marks,
        searchable="s" in row.marks,
        company="c" in row.marks,
        html_encoded=row.data_type in LENGTHS,
    )


def _custom(wanted: object) -> PersonField:
    if not isinstance(wanted, dict):
        raise VendorError("1001", wanted, "LeadField")
    for part in ("displayName", "name", "dataType"):
        if not wanted.get(part):
            raise VendorError("1002", part)
    name, label, data_type = wanted["name"], wanted["displayName"], wanted["dataType"]
    if data_type not in CREATABLE_TYPES:
        raise VendorError("1001", data_type, "dataType")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > LENGTHS["string"]:
        raise VendorError("1003", "Invalid name: start with a letter; letters, numbers and underscore only")
    _check_label(label)
    return PersonField(
        name=name,
        label=label,
        data_type=data_type,
        length=LENGTHS.get(data_type),
        searchable=data_type in _SEARCHABLE_TYPES,
        custom=True,
        hidden=wanted.get("isHidden") is True,
        html_encoded=wanted.get("isHtmlEncodingInEmail", data_type in LENGTHS) is True,
        sensitive=wanted.get("isSensitive") is True,
        description=wanted.get("description"),
    )


def _check_label(label: object) -> None:
    if not isinstance(label, str) or not _LABEL.fullmatch(label) or len(label) > LENGTHS["string"]:
        raise VendorError("1003", "Invalid displayName: special characters are not allowed")
