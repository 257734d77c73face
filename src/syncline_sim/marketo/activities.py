"""The endpoints of what happened to people: activities, changes of fields, deletions (page "Activities")."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from syncline_sim.marketo import activity_types, custom_activity_types, fields, lists
from syncline_sim.marketo.call import Call, Endpoint, page_token
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.history import Activity, Filter, History, Position

MAX_TYPES = 10
MAX_PEOPLE = 30
#: From that day on the vendor refuses lists of this size here.
MAX_MEMBERS, FROM = 10_000, datetime(2026, 12, 30, tzinfo=UTC).timestamp()
#: How long changes of fields are kept: who reads less often misses some.
KEPT = 90 * 24 * 3600
_READ = ("Read-Only Activity", "Read-Write Activity")


def types(call: Call) -> dict[str, Any]:
    """Answer the kinds of activities that there are, of custom ones what all kinds have."""
    parts = ("id", "name", "description", "primaryAttribute", "attributes")
    custom = [kind.view() for kind in custom_activity_types.approved(call.world.db).values()]
    known = [kind.view() for kind in activity_types.STANDARD_TYPES]
    return {"result": [*known, *({part: view[part] for part in parts if part in view} for view in custom)]}


def paging_token(call: Call) -> dict[str, Any]:
    """Answer a token for a moment."""
    text = call.required("sinceDatetime")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise VendorError("1001", text, "datetime") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return {"nextPageToken": page_token(int(moment.timestamp()), 0)}


def find(call: Call) -> dict[str, Any]:
    """Answer activities of some kinds."""
    call.required("activityTypeIds")
    kinds = call.numbers("activityTypeIds", MAX_TYPES)
    assets = call.numbers("assetIds", None) or None
    return _page(call, Filter(kinds, _people(call), _list(call), assets=assets), Activity.view)


def changes(call: Call) -> dict[str, Any]:
    """Answer new people and changes of some fields."""
    call.required("fields")
    known = fields.load(call.world.db)
    wanted = []
    for name in call.listed("fields"):
        if name not in known:
            raise VendorError("1006", name)
        wanted.append(known[name].number)
    names = {field.number: name for name, field in known.items()}
    kinds = [activity_types.NEW_LEAD, activity_types.CHANGE_DATA_VALUE]
    return _page(call, Filter(kinds, _people(call), _list(call), changed=wanted), lambda one: _changed(one, names))


def deleted(call: Call) -> dict[str, Any]:
    """Answer who was deleted."""
    return _page(call, Filter([activity_types.DELETE_LEAD]), Activity.view)


def _page(call: Call, wanted: Filter, view: Callable[[Activity], dict[str, Any]]) -> dict[str, Any]:
    after, size = Position(*call.place()), call.batch_size()
    history, kept = History(call.world.db), int(call.world.now()) - KEPT
    wanted, anything = replace(wanted, kept_since=kept), Filter(kept_since=kept)
    # As in life, a page may be found by looking at so many activities only, and hold few of them or none.
    sparse = call.switches["sparse_activity_pages"]
    found = history.page(after, anything if sparse else wanted, size + 1)
    looked, more = found[:size], len(found) > size
    last = Position(looked[-1].at, looked[-1].id) if looked else after
    if sparse:
        found = [] if not looked else history.page(after, wanted, size)
        looked = [one for one in found if (one.at, one.id) <= last]
    # Unlike other tokens this one is always there: it is where to look on from another day.
    return {"result": [view(one) for one in looked], "nextPageToken": page_token(*last), "moreResult": more}


def _people(call: Call) -> list[int] | None:
    return call.numbers("leadIds", MAX_PEOPLE) or None


def _list(call: Call) -> int | None:
    if not call.parameters.get("listId"):
        return None
    number = call.numbers("listId", 1)[0]
    lists.need(call.world.db, number)
    if call.world.now() >= FROM and lists.size(call.world.db, number) >= MAX_MEMBERS:
        raise VendorError("1003", f"List {number} has too many members")
    return number


def _changed(one: Activity, names: dict[int, str]) -> dict[str, Any]:
    if one.kind != activity_types.CHANGE_DATA_VALUE or one.value_id is None:
        return {**one.head(), "fields": [], "attributes": one.named_attributes()}
    values = {"newValue": one.attributes.get("New Value"), "oldValue": one.attributes.get("Old Value")}
    attributes = [pair for pair in one.named_attributes() if pair["name"] not in ("New Value", "Old Value")]
    return {
        **one.head(),
        "fields": [{"id": one.value_id, "name": names[one.value_id], **values}],
        "attributes": [*attributes, {"name": "Lead ID", "value": one.person}],
    }


ENDPOINTS = (
    Endpoint("GET", "/rest/v1/activities/types.json", types, _READ),
    Endpoint("GET", "/rest/v1/activities/pagingtoken.json", paging_token, _READ),
    Endpoint("GET", "/rest/v1/activities.json", find, _READ),
    Endpoint("GET", "/rest/v1/activities/leadchanges.json", changes, _READ),
    Endpoint("GET", "/rest/v1/activities/deletedleads.json", deleted, _READ),
)
