"""Records with their children in one call, `/composite/tree`: all of them, or none."""

from collections.abc import Iterator, Mapping
from typing import Any

from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.relationships import CHILDREN
from syncline_sim.salesforce.rest import writing
from syncline_sim.salesforce.rest.call import Call, Reply, reply
from syncline_sim.salesforce.rest.collection import limited, outcome
from syncline_sim.salesforce.savepoints import Savepoint
from syncline_sim.salesforce.visibility import visible_object

_DEEPEST = 5
Record = Mapping[str, Any]


class _TreeError(Exception):
    """A record that was refused, and why."""

    def __init__(self, reference: object, error: SalesforceError) -> None:
        super().__init__(error.code)
        self.result = {"referenceId": reference, "errors": outcome(error)["errors"]}


def create(call: Call) -> Reply:
    """Create records and what hangs on them."""
    records = _list(call.document())
    limited([each for record in records for each in _flat(record, 1)])
    try:
        with Savepoint(call.db):
            results = _written(call, call.spec(), records, {}, set())
    except _TreeError as error:
        return reply({"hasErrors": True, "results": [error.result]}, 400)
    return reply({"hasErrors": False, "results": results}, 201)


def _written(
    call: Call, spec: ObjectSpec, records: list[Record], parent: Mapping[str, str], seen: set[str]
) -> list[dict[str, str]]:
    results: list[dict[str, str]] = []
    later: list[tuple[str, list[Record], dict[str, str]]] = []
    for record in records:
        reference = _reference(record, spec, seen)
        values, children = _apart(spec, record)
        try:
            saved = writing.create(call.who, spec, {**values, **parent})
        except SalesforceError as error:
            raise _TreeError(reference, error) from None
        results.append({"referenceId": reference, "id": saved.id})
        later.extend((name, listed, {field: saved.id}) for name, field, listed in children)
    for name, listed, up in later:
        results += _written(call, visible_object(call.user, name), listed, up, seen)
    return results


def _reference(record: Record, spec: ObjectSpec, seen: set[str]) -> str:
    attributes = record.get("attributes")
    said = attributes if isinstance(attributes, dict) else {}
    reference = str(said.get("referenceId") or "")
    if not reference or reference in seen:
        message = "Duplicate ReferenceId provided in the request." if reference else "Include a reference ID."
        raise _TreeError(reference, SalesforceError(400, "INVALID_INPUT", message))
    if str(said.get("type", "")).lower() != spec.name.lower():
        raise _TreeError(reference, SalesforceError(400, "INVALID_TYPE", f"The record is not of type {spec.name}"))
    seen.add(reference)
    return reference


def _apart(spec: ObjectSpec, record: Record) -> tuple[dict[str, Any], list[tuple[str, str, list[Record]]]]:
    known = {each.name.lower(): (each.child, each.field) for each in CHILDREN if each.parent == spec.name}
    values = {name: value for name, value in record.items() if name.lower() not in known}
    children = [(*known[name.lower()], _list(value)) for name, value in record.items() if name.lower() in known]
    return values, children


def _flat(record: Record, depth: int) -> Iterator[Record]:
    if depth > _DEEPEST:
        raise SalesforceError(400, "INVALID_INPUT", f"A tree has at most {_DEEPEST} levels")
    yield record
    for value in record.values():
        if isinstance(value, dict) and "records" in value:
            for child in _list(value):
                yield from _flat(child, depth + 1)


def _list(document: object) -> list[Record]:
    records = document.get("records") if isinstance(document, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise SalesforceError(400, "JSON_PARSER_ERROR", "The request body has no list of records")
    return records
