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
from syncline_sim.salesforce.visibility import visible_fields

if TYPE_CHECKING:
    from syncline_sim.salesforce.field_types import FieldSpec
    from syncline_sim.salesforce.objects import ObjectSpec
    from syncline_sim.salesforce.orgs import User

#: What a client writes to empty a field; an empty column leaves it as it is.
_NULL = "#N/A"
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of the columns, in their order."""

    fields: Sequence["FieldSpec"]

    def values(self, row: Sequence[str]) -> Mapping[str, object]:
        """Answer what a row sets, by field; raises `SalesforceError`."""
        if len(row) > len(self.fields):
            text = f"The row has {len(row)} columns, the header has {len(self.fields)}"
            raise SalesforceError(400, "INVALID_FIELD", text)
        # A short row has nothing to say about the columns that it lacks.
        return {f.name: _value(f, text) for f, text in zip(self.fields, row, strict=False) if text}


def read(user: "User", spec: "ObjectSpec", job: Job, names: Sequence[str]) -> Header:
    """Understand a header; raises `BadUpload`."""
    if job.operation in ("delete", "hardDelete") and [name.lower() for name in names] != ["id"]:
        raise BadUpload(f"InvalidBatch : The '{job.operation}' batch must contain only ids")
    known = {field.name.lower(): field for field in visible_fields(user, spec)}
    for name in names:
        if name.lower() not in known:
            raise BadUpload(f"InvalidBatch : Field name not found : {name}")
    fields = [known[name.lower()] for name in names]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadUpload(f"InvalidBatch : Duplicate field name : {twice}")
    return Header(fields)


def _value(field: "FieldSpec", text: str) -> object:
    if text == _NULL:
        return None
    if field.name != "Id" and not field.writable:
        message = f"Unable to create/update fields: {field.name}. Please check the security settings of this field."
        raise SalesforceError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, (field.name,))
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
