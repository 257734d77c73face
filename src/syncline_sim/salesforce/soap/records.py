"""The calls that write records: deleted, brought back, merged, and leads that are converted.

Law: one record's error is its own unless the call says AllOrNone; then all are taken back, and each says so.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element

from syncline_sim.salesforce import changes, conversion, ids, kept, merging, objects, record_values, transactions
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.query import Caller
from syncline_sim.salesforce.rest import writing
from syncline_sim.salesforce.savepoints import Savepoint
from syncline_sim.salesforce.soap.call import Answer, Call, errors, limited, text
from syncline_sim.salesforce.soap.envelope import INSTANCE, Content, element, local
from syncline_sim.salesforce.transactions import Transaction
from syncline_sim.salesforce.visibility import visible_object

_MOST, _MOST_LEADS = 200, 100
_CONVERT_PERMISSION = "ConvertLeads"
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_ROLLED_BACK = SalesforceError(
    400,
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
    (),
)
#: What became of one record, in the order of its elements.
Outcome = Mapping[str, Content]


def _delete(call: Call) -> str:
    # The name in the description is `ids`; an old client that people still use writes `id`, and is understood.
    return _each(call, limited(call.all("ids", "id"), _MOST), partial(_deleted, call.who), _failed_id)


def _undelete(call: Call) -> str:
    return _each(call, limited(call.all("ids", "id"), _MOST), partial(_undeleted, call.who), _failed_id)


def _merge(call: Call) -> str:
    # As above: jsforce writes the second name, its users merge all the same.
    merges = limited(call.all("request", "mergeRequests"), _MOST)
    return _each(call, merges, partial(_merged, call.who), _failed_merge)


def _convert(call: Call) -> str:
    leads = limited(call.all("leadConverts"), _MOST_LEADS)
    return _each(call, leads, partial(_converted, call.who), _failed_conversion)


ANSWERS: dict[str, Answer] = {
    "delete": _delete,
    "undelete": _undelete,
    "merge": _merge,
    "convertLead": _convert,
}


def _each(
    call: Call,
    items: list[Element],
    work: Callable[[Element], Outcome],
    failed: Callable[[Element, SalesforceError], Outcome],
) -> str:
    whole = call.option("AllOrNoneHeader", "allOrNone").lower() in ("true", "1")
    done: list[Outcome | SalesforceError] = []
    with Savepoint(call.who.world.db) as savepoint:
        for item in items:
            try:
                done.append(work(item))
            except SalesforceError as error:
                done.append(error)
        if whole and any(isinstance(each, SalesforceError) for each in done):
            savepoint.undo()
            done = [each if isinstance(each, SalesforceError) else _ROLLED_BACK for each in done]
    outcomes = (
        failed(item, each) if isinstance(each, SalesforceError) else each
        for item, each in zip(items, done, strict=True)
    )
    return "".join(element("result", outcome) for outcome in outcomes)


def _deleted(who: Caller, item: Element) -> Outcome:
    spec, found = _found(who, item.text or "")
    return {"id": writing.delete(who, spec, found).id, "success": True}


def _undeleted(who: Caller, item: Element) -> Outcome:
    spec, found = _found(who, item.text or "", deleted_too=True)
    if not spec.stored:
        raise SalesforceError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Entity type is not undeletable", ())
    writing.admit(who, spec, "POST")
    if not kept.find(who.world, spec, found, deleted_too=True)["IsDeleted"]:
        raise SalesforceError(400, "UNDELETE_FAILED", "Entity is not in the recycle bin", ())
    changes.undelete_record(who.world, spec.name, found, user_id=who.login.user.id)
    return {"id": found, "success": True}


def _merged(who: Caller, item: Element) -> Outcome:
    master = next((child for child in item if local(child.tag) == "masterRecord"), None)
    if master is None:
        raise SalesforceError(400, "MISSING_ARGUMENT", "masterRecord not specified", ())
    spec = _spec(who, master)
    writing.admit(who, spec, "POST")
    losers = [(child.text or "").strip() for child in item if local(child.tag) == "recordToMergeIds"]
    login = who.login
    # Each of them is a transaction of its own.
    with transactions.within(Transaction("soap", who.version, who.client)):
        done = merging.merge(
            who.world,
            spec,
            text(master, "Id"),
            losers,
            writing.writable(who, spec, _values(spec, master)),
            user_id=login.user.id,
            org_id=login.org.id,
        )
    return {"id": done.id, "mergedRecordIds": done.gone, "success": True, "updatedRelatedIds": done.related}


def _converted(who: Caller, item: Element) -> Outcome:
    account, contact, lead = (objects.find(name) for name in ("Account", "Contact", "Lead"))
    for spec in (account, contact, lead):
        writing.admit(who, spec, "POST")
    if not who.login.user.may(_CONVERT_PERMISSION) or text(item, "opportunityId") or text(item, "opportunityName"):
        # There are no opportunities here, as for a user whose profile hides them.
        message = "insufficient access rights on object id"
        raise SalesforceError(403, "INSUFFICIENT_ACCESS_OR_READONLY", message, ())
    owner = text(item, "ownerId")
    order = conversion.Order(
        lead_id=text(item, "leadId"),
        converted_status=text(item, "convertedStatus"),
        account_id=text(item, "accountId"),
        contact_id=text(item, "contactId"),
        owner_id=writing.writable(who, account, {"OwnerId": owner})["OwnerId"] if owner else "",
        overwrite_lead_source=_TRUTHS.get(text(item, "overwriteLeadSource").lower(), False),
    )
    login = who.login
    done = conversion.convert(who.world, order, user_id=login.user.id, org_id=login.org.id)
    return _conversion(done.account_id, done.contact_id, done.lead_id)


def _conversion(account: str | None, contact: str | None, lead: str | None, why: Content = ()) -> Outcome:
    return {
        "accountId": account,
        "contactId": contact,
        "errors": why,
        "leadId": lead,
        "opportunityId": None,
        "success": not why,
    }


def _failed_id(item: Element, error: SalesforceError) -> Outcome:
    return {"errors": errors(error), "id": ids.meant((item.text or "").strip()) or None, "success": False}


def _failed_merge(_: Element, error: SalesforceError) -> Outcome:
    return {"errors": errors(error), "id": None, "success": False}


def _failed_conversion(item: Element, error: SalesforceError) -> Outcome:
    return _conversion(None, None, ids.meant(text(item, "leadId")) or None, list(errors(error)))


def _found(who: Caller, sent: str, *, deleted_too: bool = False) -> tuple[ObjectSpec, str]:
    """Answer the object and the whole id of a record of the caller's org; raises `SalesforceError`."""
    meant = ids.meant(sent.strip())
    if not meant:
        raise SalesforceError(400, "MALFORMED_ID", f"bad id {sent.strip()}", ())
    specs = (spec for spec in objects.OBJECTS if meant.startswith(spec.key_prefix))
    spec = next((spec for spec in specs if who.login.user.may_read(spec.name)), None)
    if spec is None:
        raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())
    if spec.stored:
        kept.find(who.world, spec, meant, org_id=who.login.org.id, deleted_too=deleted_too)
    return spec, meant


def _spec(who: Caller, record: Element) -> ObjectSpec:
    """Answer the object of a record: the partner service says it in an element, the other one in an attribute."""
    name = text(record, "type") or record.get(f"{{{INSTANCE}}}type", "").rpartition(":")[2]
    try:
        return visible_object(who.login.user, name)
    except SalesforceError:
        raise SalesforceError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.", ()) from None


def _values(spec: ObjectSpec, record: Element) -> dict[str, Any]:
    """Answer what is to be written; `fieldsToNull` names what is to be emptied."""
    values: dict[str, Any] = {}
    for child in record:
        name = local(child.tag)
        if name == "fieldsToNull" and child.text:
            values[child.text.strip()] = None
        elif name not in ("type", "Id", "fieldsToNull") and child.text:  # What is empty changes nothing.
            values[name] = _value(spec, name, child.text)
    return values


def _value(spec: ObjectSpec, name: str, sent: str) -> object:
    field = spec.by_name.get(name.lower())
    if field is None:
        return sent
    value = _TRUTHS.get(sent.strip().lower(), sent) if field.type == "boolean" else sent
    try:
        record_values.stored(field, value)
    except SalesforceError as error:
        if error.code != "JSON_PARSER_ERROR":
            raise
        message = f"{field.label}: value not of required type: {sent}"
        raise SalesforceError(400, "INVALID_TYPE_ON_FIELD_IN_RECORD", message, (field.name,)) from None
    return value
