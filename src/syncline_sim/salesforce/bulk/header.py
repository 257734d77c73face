"""The header of an upload: which fields its columns mean, and what the text in them becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from syncline_sim.salesforce import times
from syncline_sim.salesforce.bulk.jobs import Job
from syncline_sim.salesforce.bulk.uploads import BadUpload
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.field_types import NUMBERS
from syncline_sim.salesforce.relationships import relationship_name
from syncline_sim.salesforce.rest import finding
from syncline_sim.salesforce.visibility import fields_by_name, visible_object

if TYPE_CHECKING:
    from syncline_sim.salesforce.field_types import FieldSpec
    from syncline_sim.salesforce.objects import ObjectSpec
    from syncline_sim.salesforce.query import Caller

#: What a client writes to empty a field; an empty column leaves it as it is.
NULL = "#N/A"
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the field that it sets, and for `Account.Legacy_Id__c` how the record that is meant is found."""

    field: "FieldSpec"
    relationship: str = ""
    key: "FieldSpec | None" = None


@dataclass(frozen=True, slots=True)
class Header:
    """The columns in their order."""

    columns: Sequence[Column]

    def values(self, row: Sequence[str]) -> Mapping[str, object]:
        """Answer what a row sets, by field or relationship; raises `SalesforceError`."""
        if len(row) > len(self.columns):
            text = f"The row has {len(row)} columns, the header has {len(self.columns)}"
            raise SalesforceError(400, "INVALID_FIELD", text)
        values: dict[str, object] = {}
        # A short row has nothing to say about the columns that it lacks.
        for column, text in zip(self.columns, row, strict=False):
            if not text:
                continue
            if column.key and text != NULL:
                values[column.relationship] = {column.key.name: text}
            else:
                values[column.field.name] = _value(column.field, text)
        return values


def read(who: "Caller", spec: "ObjectSpec", job: Job, names: Sequence[str]) -> Header:
    """Understand a header; raises `BadUpload`."""
    if job.operation in ("delete", "hardDelete") and [name.lower() for name in names] != ["id"]:
        raise BadUpload(f"InvalidBatch : The '{job.operation}' batch must contain only ids")
    columns = [_column(who, spec, name) for name in names]
    if len(set(columns)) < len(names):
        twice = next(name for name, column in zip(names, columns, strict=True) if columns.count(column) > 1)
        raise BadUpload(f"InvalidBatch : Duplicate field name : {twice}")
    return Header(columns)


def _column(who: "Caller", spec: "ObjectSpec", name: str) -> Column:
    relationship, _, plain = name.rpartition(".")
    fields = fields_by_name(who.login.user, spec)
    try:
        if not relationship:
            return Column(fields[plain.lower()])
        field = next(each for each in fields.values() if relationship_name(each).lower() == relationship.lower())
        parent = visible_object(who.login.user, field.reference_to[0])
        return Column(field, relationship, finding.external_field(who, parent, plain))
    except (KeyError, StopIteration, SalesforceError):
        raise BadUpload(f"InvalidBatch : Field name not found : {name}") from None


def _value(field: "FieldSpec", text: str) -> object:
    if text == NULL:
        return None
    try:
        if field.type == "boolean":
            return _TRUTHS[text.lower()]
        if field.type in NUMBERS:
            return float(text)
        if field.type == "datetime":
            times.seconds(text)
        elif field.type == "date":
            return date.fromisoformat(text).isoformat()
    except (KeyError, ValueError):
        message = f"{field.label}: value not of required type: {text}"
        raise SalesforceError(400, "INVALID_TYPE_ON_FIELD_IN_RECORD", message, (field.name,)) from None
    return text
