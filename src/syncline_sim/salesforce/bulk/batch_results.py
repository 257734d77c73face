"""What became of the rows of a batch, as CSV, XML or JSON; it is kept as JSON."""

from collections.abc import Mapping
from typing import Any

import msgspec

from syncline_sim import xml_writer
from syncline_sim.salesforce.bulk.async_forms import CSV, HEAD, JSON, NAMESPACE, XML
from syncline_sim.salesforce.bulk.lines import line
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.rest.writing import Saved

_COLUMNS = ("Id", "Success", "Created", "Error")


def success(saved: Saved) -> dict[str, Any]:
    """Answer what became of a row that has been written."""
    return {"success": True, "created": saved.created, "id": saved.id, "errors": []}


def failure(refusal: SalesforceError) -> dict[str, Any]:
    """Answer what became of a row that has been refused."""
    error = {
        "statusCode": refusal.code,
        "message": refusal.message,
        "fields": list(refusal.fields or ()),
        "extendedErrorDetails": None,
    }
    return {"success": False, "created": False, "id": None, "errors": [error]}


def written(content_type: str, kept: bytes) -> tuple[bytes, str]:
    """Answer results in the form of their job, and its content type."""
    if content_type == "JSON":
        return kept, JSON
    rows = msgspec.json.decode(kept, type=list[dict[str, Any]])
    if content_type == "XML":
        found = "".join(f"<result>{_elements(row)}</result>" for row in rows)
        return f'{HEAD}<results xmlns="{NAMESPACE}">{found}</results>'.encode(), XML
    lines = [line(_COLUMNS, ","), *(line(_cells(row), ",") for row in rows)]
    return ("\n".join(lines) + "\n").encode(), CSV


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    errors = "".join(_error(error) for error in row["errors"])
    return row["id"] or "", _truth(row["success"]), _truth(row["created"]), errors


def _error(error: Mapping[str, Any]) -> str:
    fields = ",".join(error["fields"])
    return f"{error['statusCode']}:{error['message']}:{fields}{' ' if fields else ''}--"


def _elements(row: Mapping[str, Any]) -> str:
    errors = "".join(
        f"<errors>{''.join(f'<fields>{name}</fields>' for name in error['fields'])}"
        f"<message>{xml_writer.text(error['message'])}</message><statusCode>{error['statusCode']}</statusCode></errors>"
        for error in row["errors"]
    )
    found = f"<id>{row['id']}</id>" if row["id"] else ""
    return f"{errors}{found}<success>{_truth(row['success'])}</success><created>{_truth(row['created'])}</created>"


def _truth(value: object) -> str:
    return "true" if value else "false"
