"""Up to 200 records in one call, each with its own result.

Law: one record's error is its own unless the call says allOrNone; then all are taken back, and each says so.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any, TypeVar

from syncline_sim.salesforce import ids, objects
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.rest import finding, writing
from syncline_sim.salesforce.rest.call import Call, Reply, reply
from syncline_sim.salesforce.rest.record import read_texts, result
from syncline_sim.salesforce.rest.writing import Saved
from syncline_sim.salesforce.savepoints import Savepoint
from syncline_sim.salesforce.visibility import visible_object

_MOST, _MOST_READ, _MOST_CHUNKS = 200, 2000, 10
Record = Mapping[str, Any]
Row = dict[str, object]
T = TypeVar("T")


def create(call: Call) -> Reply:
    """Create records of any objects."""
    document = call.document()

    def work(record: Record) -> Row:
        return result(writing.create(call.who, _spec(call, record), record))

    return reply(_each(call, _records(document), work, all_or_none=_all_or_none(document)))


def change(call: Call) -> Reply:
    """Change records of any objects, each with its `id`."""
    document = call.document()

    def work(record: Record) -> Row:
        record_id, values = _split(record, "id")
        if not record_id:
            raise SalesforceError(400, "MISSING_ARGUMENT", "Id not specified in an update call", ())
        return result(writing.change(call.who, _spec(call, record), str(record_id), values))

    return reply(_each(call, _records(document), work, all_or_none=_all_or_none(document)))


def upsert(call: Call) -> Reply:
    """Change or create records of one object by an external id."""
    document, spec = call.document(), call.spec()
    field = finding.external_field(call.who, spec, call.parts["field"])
    records = _records(document)
    seen = Counter(str(_split(record, field.name)[0]).lower() for record in records)

    def work(record: Record) -> Row:
        value, values = _split(record, field.name)
        if _spec(call, record) is not spec:
            raise SalesforceError(400, "INVALID_TYPE", f"The records have to be of type {spec.name}", ())
        if value in (None, ""):
            raise SalesforceError(400, "MISSING_ARGUMENT", f"{field.name} not specified", ())
        if seen[str(value).lower()] > 1:
            raise SalesforceError(400, "DUPLICATE_VALUE", f"Duplicate external id specified: {value}", (field.name,))
        return result(writing.upsert(call.who, spec, field, value, values), created=True)

    return reply(_each(call, records, work, all_or_none=_all_or_none(document)))


def delete(call: Call) -> Reply:
    """Delete the records that `ids` lists."""

    def work(record_id: str) -> Row:
        return result(_deleted(call, record_id))

    wanted = limited(_listed(call.query.get("ids", "")))
    return reply(_each(call, wanted, work, all_or_none=_true(call.query.get("allOrNone"))))


def read(call: Call) -> Reply:
    """Answer records of one object by `ids`, with `fields`; null for one that is not there."""
    return _read(call, _listed(call.query.get("ids", "")), _listed(call.query.get("fields", "")))


def read_posted(call: Call) -> Reply:
    """Answer records of one object, whose ids and fields are in the body."""
    document = call.document()
    named = [document.get(name) for name in ("ids", "fields")]
    wanted, fields = ([str(each) for each in listed] if isinstance(listed, list) else [] for listed in named)
    return _read(call, wanted, fields)


def outcome(error: SalesforceError) -> Row:
    """Answer the result of a record that was refused."""
    entry = {"statusCode": error.code, "message": error.message, "fields": list(error.fields or ())}
    return {"success": False, "errors": [entry]}


def limited(items: list[T], most: int = _MOST) -> list[T]:
    """Answer the records of a call; raises `SalesforceError` when there are too many."""
    if len(items) > most:
        message = f"record limit reached. cannot submit more than {most} records into this call"
        raise SalesforceError(400, "EXCEEDED_ID_LIMIT", message)
    return items


def _each(call: Call, items: Iterable[T], work: Callable[[T], Row], *, all_or_none: bool) -> list[Row]:
    with Savepoint(call.db) as savepoint:
        rows = [_attempt(work, item) for item in items]
        if all_or_none and not all(row["success"] for row in rows):
            savepoint.undo()
            rows = [outcome(_ROLLED_BACK) if row["success"] else row for row in rows]
    return rows


def _attempt(work: Callable[[T], Row], item: T) -> Row:
    try:
        return work(item)
    except SalesforceError as error:
        if error.code == "JSON_PARSER_ERROR":  # What cannot be read is not a record of its own.
            raise
        return outcome(error)


def _records(document: Mapping[str, Any]) -> list[Record]:
    records = document.get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise SalesforceError(400, "JSON_PARSER_ERROR", "The request body has no list of records")
    if sum(1 for _ in groupby(limited(records), _type)) > _MOST_CHUNKS:
        message = f"Cannot have more than {_MOST_CHUNKS} chunks in a single operation. Please rearrange the data."
        raise SalesforceError(400, "INVALID_INPUT", message)
    return records


def _all_or_none(document: Mapping[str, Any]) -> bool:
    return _true(document.get("allOrNone"))


def _true(said: object) -> bool:
    return str(said).lower() == "true"


def _type(record: Record) -> str:
    attributes = record.get("attributes")
    return str(attributes.get("type", "")) if isinstance(attributes, dict) else ""


def _spec(call: Call, record: Record) -> ObjectSpec:
    name = _type(record)
    try:
        return visible_object(call.user, name)
    except SalesforceError:
        message = f"sObject type '{name}' is not supported."
        raise SalesforceError(400, "INVALID_TYPE", message, ()) from None


def _split(record: Record, wanted: str) -> tuple[object, Record]:
    """Answer one value of a record, whatever the case of its name, and the others."""
    values = {name: value for name, value in record.items() if name.lower() != wanted.lower()}
    return next((value for name, value in record.items() if name.lower() == wanted.lower()), None), values


def _deleted(call: Call, record_id: str) -> Saved:
    meant = ids.meant(record_id)
    specs = (spec for spec in objects.OBJECTS if meant.startswith(spec.key_prefix) and call.user.may_read(spec.name))
    spec = next(specs, None)
    if spec is None:
        raise SalesforceError(400, "MALFORMED_ID", f"malformed id {record_id}", ())
    try:
        return writing.delete(call.who, spec, record_id)
    except SalesforceError as error:
        if error.code == "NOT_FOUND":
            raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ()) from None
        raise


def _read(call: Call, wanted: list[str], fields: list[str]) -> Reply:
    spec = call.spec()
    if not wanted or not fields:
        raise SalesforceError(400, "MISSING_ARGUMENT", "Both ids and fields have to be named")
    texts = [_text(call, spec, record_id, fields) for record_id in limited(wanted, _MOST_READ)]
    return Reply(body=f"[{','.join(texts)}]".encode())


def _text(call: Call, spec: ObjectSpec, record_id: str, fields: list[str]) -> str:
    try:
        number = finding.number(call.who, spec, record_id)
    except SalesforceError:
        return "null"
    return read_texts(call.who, spec, fields, [number])[0]


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


_ROLLED_BACK = SalesforceError(
    400,
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
    (),
)
