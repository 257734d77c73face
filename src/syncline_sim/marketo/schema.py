"""The endpoints of person fields: two describes, and the schema, which API users may add to (page "Leads")."""

from collections.abc import Iterable
from typing import Any

from syncline_sim.marketo import fields
from syncline_sim.marketo.call import Call, Endpoint, next_page
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.fields import PersonField
from syncline_sim.marketo.tables import transaction

_READ = ("Read-Only Lead", "Read-Write Lead")
_SCHEMA = ("Read-Write Schema Standard Field", "Read-Write Schema Custom Field")
_CREATE = ("Read-Write Schema Custom Field",)


def describe(call: Call) -> dict[str, Any]:
    """Answer every field with its names in both APIs."""
    return {"result": [_described(field) for field in fields.load(call.world.db).values()]}


def describe_searchable(call: Call) -> dict[str, Any]:
    """Answer every field, and by which of them people can be found."""
    known = fields.load(call.world.db).values()
    native_crm = call.world.switches["marketo"]["native_crm"]
    entry = {
        "name": "API Lead",
        "searchableFields": [[field.name] for field in known if field.searchable],
        "fields": [_described_again(field, native_crm=native_crm) for field in known],
    }
    return {"result": [entry]}


def list_fields(call: Call) -> dict[str, Any]:
    """Answer the schema, page by page."""
    after, size = call.position(), call.batch_size()
    rest = [field for field in fields.load(call.world.db).values() if field.number > after]
    page = rest[:size]
    more = next_page(page[-1].number) if len(rest) > size else {}
    return {"result": _schema(page), **more}


def create_fields(call: Call) -> dict[str, Any]:
    """Create custom fields; one that is refused does not hinder the others."""
    results: list[dict[str, Any]] = []
    with transaction(call.world.db):
        for wanted in call.records():
            try:
                results.append({"name": fields.create(call.world.db, wanted), "status": "created"})
            except VendorError as error:
                results.append({**_name(wanted), **error.skipped})
    return {"result": results}


def get_field(call: Call) -> dict[str, Any]:
    """Answer one field of the schema."""
    return {"result": _schema([_field(call)])}


def change_field(call: Call) -> dict[str, Any]:
    """Change one custom field."""
    wanted = call.records()[0]
    if not isinstance(wanted, dict):
        raise VendorError("1001", wanted, "LeadField")
    with transaction(call.world.db):
        field = _field(call)
        if not field.custom:
            raise VendorError("1003", f"Field '{field.name}' can not be updated")
        fields.change(call.world.db, field, wanted)
    return {"result": [{"name": field.name, "status": "updated"}]}


def _described(field: PersonField) -> dict[str, Any]:
    names = {"rest": field.name, "soap": field.soap_name}
    return {
        "id": field.number,
        "displayName": field.label,
        "dataType": field.data_type,
        **_length(field),
        **{api: {"name": name, "readOnly": field.read_only} for api, name in names.items() if name},
    }


def _described_again(field: PersonField, *, native_crm: bool) -> dict[str, Any]:
    return {
        "name": field.name,
        "displayName": field.label,
        "dataType": field.data_type,
        **_length(field),
        "updateable": not field.read_only,
        # A native sync maps the standard fields that it can write.
        "crmManaged": bool(native_crm) and not field.custom and not field.read_only,
    }


def _schema(page: Iterable[PersonField]) -> list[dict[str, Any]]:
    return [
        {
            "displayName": field.label,
            "name": field.name,
            "description": field.description,
            "dataType": field.data_type,
            **_length(field),
            "isHidden": field.hidden,
            "isHtmlEncodingInEmail": field.html_encoded,
            "isSensitive": field.sensitive,
            "isCustom": field.custom,
            "isApiCreated": field.custom,
        }
        for field in page
    ]


def _length(field: PersonField) -> dict[str, int]:
    return {} if field.length is None else {"length": field.length}


def _name(wanted: object) -> dict[str, Any]:
    return {"name": wanted["name"]} if isinstance(wanted, dict) and "name" in wanted else {}


def _field(call: Call) -> PersonField:
    field = fields.load(call.world.db).get(call.path["name"])
    if field is None:
        raise VendorError("1006", call.path["name"])
    return field


ENDPOINTS = (
    Endpoint("GET", "/rest/v1/leads/describe.json", describe, _READ),
    Endpoint("GET", "/rest/v1/leads/describe2.json", describe_searchable, _READ),
    Endpoint("GET", "/rest/v1/leads/schema/fields.json", list_fields, _SCHEMA),
    Endpoint("POST", "/rest/v1/leads/schema/fields.json", create_fields, _CREATE),
    Endpoint("GET", r"/rest/v1/leads/schema/fields/{name:[^/]+}.json", get_field, _SCHEMA),
    Endpoint("POST", r"/rest/v1/leads/schema/fields/{name:[^/]+}.json", change_field, _CREATE),
)
