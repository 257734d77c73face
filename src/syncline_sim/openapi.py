"""The control door as an OpenAPI 3.1 document."""

import re
from typing import Any

from syncline_sim.checking import Schema
from syncline_sim.control_calls import CALLS, Entry, curl

_ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
_ABOUT = (
    "Turns a simulated Salesforce and a simulated Marketo. Unaffiliated with either vendor, for local use and tests "
    "only."
)


def document(origin: str) -> dict[str, Any]:
    """Describe every call of the door at an address."""
    paths: dict[str, dict[str, Any]] = {}
    for call, entry in CALLS.items():
        method, path = call.split()
        paths.setdefault(path, {})[method.lower()] = _operation(call, entry)
    return {
        "openapi": "3.1.0",
        "info": {"title": "The control door of the simulated world", "version": "1", "description": _ABOUT},
        "servers": [{"url": origin}],
        "paths": paths,
    }


def _operation(call: str, entry: Entry) -> dict[str, Any]:
    method, path = call.split()
    named = [_parameter(name, "path", {"type": "string"}) for name in re.findall(r"\{(\w+)\}", path)]
    asked = [_parameter(name, "query", schema) for name, schema in entry.query.items()]
    kind = "text/html" if path == "/" else "application/json"
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "-", call.lower()).strip("-"),
        "summary": entry.text,
        "description": f"`{curl(call)}`",
        "parameters": [*named, *asked],
        "responses": {
            "200": {"description": "done", "content": {kind: {}}},
            "4XX": {
                "description": "what is wrong, and what to send",
                "content": {"application/json": {"schema": _ERROR}},
            },
        },
    }
    if method in ("POST", "PATCH"):
        content: dict[str, Any] = {"schema": entry.form.schema()}
        if entry.form.example:
            content["example"] = dict(entry.form.example)
        operation["requestBody"] = {"required": bool(entry.form.required), "content": {"application/json": content}}
    return operation


def _parameter(name: str, place: str, schema: Schema) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "in": place, "schema": dict(schema)}
    return {**found, "required": True} if place == "path" else found
