"""What a client orders when it creates a job, read and refused as the vendor does."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from syncline_sim.salesforce import objects
from syncline_sim.salesforce.bulk.lines import DELIMITERS, ENDINGS
from syncline_sim.salesforce.failure import SalesforceError

if TYPE_CHECKING:
    from syncline_sim.salesforce.objects import ObjectSpec
    from syncline_sim.salesforce.orgs import User

_OPERATIONS = {
    "query": ("query", "queryAll"),
    "ingest": ("insert", "update", "upsert", "delete", "hardDelete"),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "contentType": ("CSV",),
    "lineEnding": tuple(ENDINGS),
    "columnDelimiter": tuple(DELIMITERS),
}
_HARD_DELETE = "hardDelete operation requires special user profile permission, please contact your system administrator"


def document(body: bytes) -> dict[str, Any]:
    """Read a body as a JSON object; raises `SalesforceError`."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise SalesforceError(400, "JSON_PARSER_ERROR", "The request body is not a JSON object") from None


def order(kind: str, sent: Mapping[str, Any]) -> dict[str, str]:
    """Answer the settings of a job by the names of its columns; raises `SalesforceError`."""
    choices = {**_CHOICES, "operation": _OPERATIONS[kind]}
    defaults = {"contentType": "CSV", "lineEnding": "LF", "columnDelimiter": "COMMA", "operation": ""}
    found = {name: _choice(name, sent.get(name, defaults[name]), values) for name, values in choices.items()}
    return {
        "operation": found["operation"],
        "line_ending": found["lineEnding"],
        "column_delimiter": found["columnDelimiter"],
    }


def text(sent: Mapping[str, Any], name: str) -> str:
    """Answer a property that is a text, '' when it is not there; raises `SalesforceError`."""
    value = sent.get(name) or ""
    if not isinstance(value, str):
        raise SalesforceError(400, "API_ERROR", f"Invalid value: '{value}' supplied for property: '{name}'")
    return value


def subject(user: "User", sent: Mapping[str, Any]) -> "ObjectSpec":
    """Answer the object that an ingest job writes; raises `SalesforceError` INVALIDJOB or INVALIDENTITY."""
    name = text(sent, "object")
    spec = objects.BY_NAME.get(name.lower())
    if spec is None or not user.may_read(spec.name):
        raise SalesforceError(400, "INVALIDJOB", f"InvalidJob : Unable to find object: {name}")
    if not spec.stored:
        raise SalesforceError(400, "INVALIDENTITY", f"Entity '{spec.name}' is not supported by the Bulk API.")
    return spec


def key(spec: "ObjectSpec", operation: str, sent: Mapping[str, Any]) -> str:
    """Answer the field by which an upsert finds records, '' for other operations; raises `SalesforceError`."""
    name = text(sent, "externalIdFieldName")
    if operation != "upsert":
        return ""
    if "externalIdFieldName" not in sent:
        message = f"InvalidJob : External ID was blank for {spec.name}. An External ID must be specified for upsert."
        raise SalesforceError(400, "INVALIDJOB", message)
    field = spec.by_name.get(name.lower())
    if field is None or not (field.external_id or field.name == "Id"):
        message = f"InvalidJob : Field name provided, {name} does not match an External ID for {spec.name}"
        raise SalesforceError(400, "INVALIDJOB", message)
    return field.name


def permit(user: "User", operation: str) -> None:
    """Refuse hardDelete to who may not use it; raises `SalesforceError` FEATURENOTENABLED."""
    if operation == "hardDelete" and not user.may("BulkApiHardDelete"):
        raise SalesforceError(400, "FEATURENOTENABLED", f"FeatureNotEnabled : {_HARD_DELETE}")


def _choice(name: str, value: object, values: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in values:
        raise SalesforceError(400, "API_ERROR", f"Invalid value: '{value}' supplied for property: '{name}'")
    return value
