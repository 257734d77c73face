"""What an export is asked for: fields, headers, format and filter, or why it can not be had."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from syncline_sim.marketo import fields, lists
from syncline_sim.marketo.bulk.tabular import DELIMITERS
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.objects import custom_types

if TYPE_CHECKING:
    from syncline_sim.marketo.call import Call

_Item = TypeVar("_Item", int, str)
ACTIVITY_FIELDS = (
    *("marketoGUID", "leadId", "activityDate", "activityTypeId", "campaignId"),
    *("primaryAttributeValueId", "primaryAttributeValue", "attributes"),
)
MOST_DAYS = 31
MOST_PRIMARY = 50
_SMART = ("smartListId", "smartListName")
_OBJECT_FILTERS = ("updatedAt", "staticListId", "staticListName", *_SMART)
_LEAD_FILTERS = ("createdAt", *_OBJECT_FILTERS)
_ACTIVITY_FILTERS = ("createdAt", "activityTypeIds", "primaryAttributeValueIds", "primaryAttributeValues")


def leads(call: "Call") -> dict[str, Any]:
    """Answer what an export of people is to hold; raises `VendorError`."""
    document = call.document()
    return {**_common(document, fields.load(call.world.db)), **_chosen(call, _filter(document, _LEAD_FILTERS))}


def objects(call: "Call") -> dict[str, Any]:
    """Answer what an export of custom objects is to hold; raises `VendorError`."""
    document, kind = call.document(), custom_types.find(call.world.db, call.path["name"]).kind()
    common = _common(document, [field.name for field in kind.fields.values()])
    chosen = _chosen(call, _filter(document, _OBJECT_FILTERS))
    links = [link["field"] for link in kind.relationships if link["relatedTo"]["name"].lower() == "lead"]
    if "list" in chosen and not links:
        raise VendorError("1035")
    return {**common, **chosen, "name": kind.name, "link": links[0] if links else None}


def activities(call: "Call") -> dict[str, Any]:
    """Answer what an export of activities is to hold; raises `VendorError`."""
    document = call.document()
    common = _common({"fields": list(ACTIVITY_FIELDS), **_given(document)}, (*ACTIVITY_FIELDS, "actionResult"))
    given = _filter(document, _ACTIVITY_FILTERS)
    if "createdAt" not in given:
        raise VendorError("1002", "createdAt")
    kinds = _listed(given, "activityTypeIds", int)
    primary = [name for name in _ACTIVITY_FILTERS[2:] if name in given]
    if len(primary) > 1:
        raise VendorError("1003", f"{primary[0]} and {primary[1]} can not be combined")
    if primary and not kinds:
        raise VendorError("1002", "activityTypeIds")
    ids, names = _listed(given, "primaryAttributeValueIds", int), _listed(given, "primaryAttributeValues", str)
    if len(ids or names or ()) > MOST_PRIMARY:
        raise VendorError("1003", f"Number of {primary[0]} exceeds the maximum of {MOST_PRIMARY}")
    span = ["createdAt", *_span("createdAt", given["createdAt"])]
    return {**common, "span": span, "kinds": kinds, "value_ids": ids, "values": names}


def _given(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value}


def _common(document: dict[str, Any], known: Collection[str]) -> dict[str, Any]:
    names = _listed(document, "fields", str)
    if not names:
        raise VendorError("1002", "fields")
    headers = document.get("columnHeaderNames") or {}
    if not isinstance(headers, dict):
        raise VendorError("1001", headers, "object")
    for name in (*names, *headers):
        if name not in known or name not in names:
            raise VendorError("1006", name)
    layout = document.get("format") or "CSV"
    if str(layout).lower() not in DELIMITERS:
        raise VendorError("1001", layout, "format")
    return {"fields": names, "headers": [headers.get(name, name) for name in names], "format": str(layout).upper()}


def _chosen(call: "Call", given: dict[str, Any]) -> dict[str, Any]:
    if len(given) > 1:
        raise VendorError("1003", "Only one filter type is allowed")
    ((name, value),) = given.items()
    if name in _SMART or (name == "updatedAt" and not call.switches["bulk_updated_at"]):
        raise VendorError("1035")
    if name in ("createdAt", "updatedAt"):
        return {"span": [name, *_span(name, value)]}
    return {"list": lists.need(call.world.db, str(value), "id" if name == "staticListId" else "name")["id"]}


def _filter(document: dict[str, Any], known: Collection[str]) -> dict[str, Any]:
    given = document.get("filter")
    if not given:
        raise VendorError("1002", "filter")
    if not isinstance(given, dict):
        raise VendorError("1001", given, "object")
    for name in given:
        if name not in known:
            raise VendorError("1003", f"Invalid filter type '{name}'")
    return given


def _span(name: str, value: object) -> tuple[int, int]:
    if not isinstance(value, dict):
        raise VendorError("1001", value, "object")
    first, last = (_moment(f"{name}.{end}", value.get(end)) for end in ("startAt", "endAt"))
    if last < first:
        raise VendorError("1003", f"{name}: endAt is before startAt")
    if last - first > timedelta(days=MOST_DAYS):
        raise VendorError("1003", f"{name}: the range is longer than {MOST_DAYS} days")
    return int(first.timestamp()), int(last.timestamp())


def _moment(name: str, value: object) -> datetime:
    if not value:
        raise VendorError("1002", name)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise VendorError("1001", value, "datetime") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _listed(given: dict[str, Any], name: str, kind: type[_Item]) -> list[_Item] | None:
    """Answer a member that is a list, none when it is empty or not there; raises `VendorError` 1001."""
    found = given.get(name)
    if not found:
        return None
    if not isinstance(found, list) or not all(isinstance(item, kind) for item in found):
        raise VendorError("1001", found, "array")
    return found
