"""One record: made, read, changed, deleted, and upserted by an external id."""

from collections.abc import Callable
from dataclasses import replace

from syncline_sim.salesforce import records
from syncline_sim.salesforce.failure import NOT_FOUND, SalesforceError
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.query import Caller
from syncline_sim.salesforce.rest import finding, preconditions, writing
from syncline_sim.salesforce.rest.call import Call, Reply, reply
from syncline_sim.salesforce.rest.writing import AmbiguousError, Saved
from syncline_sim.salesforce.visibility import visible_fields

#: From this version on an upsert that changes a record answers 200 and says so; before it was 204.
_SAYS_SO = 46


def create(call: Call) -> Reply:
    """Create a record."""
    spec = call.spec()
    return _created(call, spec, writing.create(call.who, spec, call.document()))


def create_by_no_id(call: Call) -> Reply:
    """Create a record at `/sobjects/X/Id`, where restforce upserts what has no id yet; with an id this is no way."""
    if call.parts["id"].lower() != "id":
        text = f"HTTP Method '{call.method}' not allowed. Allowed are HEAD,GET,PATCH,DELETE"
        raise SalesforceError(405, "METHOD_NOT_ALLOWED", text)
    return create(call)


def read(call: Call) -> Reply:
    """Answer a record, all its fields or those that `fields` names."""
    spec, record_id = call.spec(), call.parts["id"]
    found = preconditions.met(call, spec, finding.number(call.who, spec, record_id))
    return found if isinstance(found, Reply) else replace(_read(call, spec, record_id), headers=found)


def change(call: Call) -> Reply:
    """Change a record."""
    sent, spec, record_id = call.document(), call.spec(), call.parts["id"]
    if any(name.lower() == "id" for name in sent):
        raise SalesforceError(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.")
    preconditions.met(call, spec, finding.number(call.who, spec, record_id))
    writing.change(call.who, spec, record_id, sent)
    return Reply(204)


def delete(call: Call) -> Reply:
    """Delete a record."""
    writing.delete(call.who, call.spec(), call.parts["id"])
    return Reply(204)


def read_by_external_id(call: Call) -> Reply:
    """Answer the record with an external id, or where those are that have it."""
    return _with_one(call, lambda spec, record_id: _read(call, spec, record_id))


def delete_by_external_id(call: Call) -> Reply:
    """Delete the record with an external id."""

    def answer(spec: ObjectSpec, record_id: str) -> Reply:
        writing.delete(call.who, spec, record_id)
        return Reply(204)

    return _with_one(call, answer)


def upsert(call: Call) -> Reply:
    """Change the record with an external id or create it; `Id` as the field changes by the id."""
    spec, value = call.spec(), call.parts["value"]
    if call.parts["field"].lower() == "id":
        writing.change(call.who, spec, value, call.document())
        return Reply(204)
    field = finding.external_field(call.who, spec, call.parts["field"])
    only = call.query.get("updateOnly", "").lower() == "true"
    try:
        saved = writing.upsert(call.who, spec, field, value, call.document(), update_only=only)
    except AmbiguousError as error:
        return _several(call, spec, error.found)
    if saved.created:
        return _created(call, spec, saved)
    if int(call.who.version.split(".")[0]) < _SAYS_SO:
        return Reply(204)
    return reply(result(saved, created=True))


def result(saved: Saved, *, created: bool = False) -> dict[str, object]:
    """Answer how the data API says that a record has been written, and, if asked, whether it is new."""
    said: dict[str, object] = {"id": saved.id, "success": True, "errors": []}
    return {**said, "created": saved.created} if created else said


def read_texts(who: Caller, spec: ObjectSpec, names: list[str], numbers: list[int]) -> list[str]:
    """Answer records as JSON texts, with the fields that are named or with all; raises `SalesforceError`."""
    fields = {field.name.lower(): field for field in visible_fields(who.login.user, spec)}
    for name in names:
        if name.lower() not in fields:
            raise SalesforceError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {spec.name}")
    wanted = {field.name: field for field in (fields[name.lower()] for name in names)}
    return records.written(who.world.db, spec, list((wanted or fields).values()), numbers, who.version)


def _read(call: Call, spec: ObjectSpec, record_id: str) -> Reply:
    names = [name.strip() for name in call.query.get("fields", "").split(",") if name.strip()]
    number = finding.number(call.who, spec, record_id)
    return Reply(body=read_texts(call.who, spec, names, [number])[0].encode())


def _with_one(call: Call, answer: Callable[[ObjectSpec, str], Reply]) -> Reply:
    spec, value = call.spec(), call.parts["value"]
    if call.parts["field"].lower() == "id":
        return answer(spec, value)
    found = finding.by_external_id(call.who, spec, finding.external_field(call.who, spec, call.parts["field"]), value)
    if not found:
        raise SalesforceError(404, "NOT_FOUND", NOT_FOUND)
    return answer(spec, found[0]) if len(found) == 1 else _several(call, spec, found)


def _several(call: Call, spec: ObjectSpec, found: list[str]) -> Reply:
    return reply([_address(call, spec, record_id) for record_id in found], 300)


def _created(call: Call, spec: ObjectSpec, saved: Saved) -> Reply:
    with_created = "value" in call.parts
    return reply(result(saved, created=with_created), 201, {"Location": _address(call, spec, saved.id)})


def _address(call: Call, spec: ObjectSpec, record_id: str) -> str:
    return f"{call.address}/sobjects/{spec.name}/{record_id}"
