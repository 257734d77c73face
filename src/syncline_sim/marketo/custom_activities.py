"""The endpoints of custom activities: their kinds, and telling what happened elsewhere (page "Activities")."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from syncline_sim.marketo import custom_activity_types as kinds
from syncline_sim.marketo import values
from syncline_sim.marketo.call import Call, Endpoint
from syncline_sim.marketo.custom_activity_types import CustomKind
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.fields import PersonField
from syncline_sim.marketo.people import People
from syncline_sim.marketo.tables import transaction

_READ = ("Read-Only Activity Metadata", "Read-Write Activity Metadata")
_WRITE = ("Read-Write Activity Metadata",)


def find(call: Call) -> dict[str, Any]:
    """Answer the custom kinds."""
    return {"result": [kind.head() for kind in kinds.every(call.world.db)]}


def describe(call: Call) -> dict[str, Any]:
    """Answer one custom kind, as approved or as drafted."""
    kind = kinds.find(call.world.db, call.path["name"])
    return {"result": [kind.view(draft=call.parameters.get("draft", "").lower() == "true")]}


def add(call: Call) -> dict[str, Any]:
    """Write down what happened to people elsewhere; what is refused does not hinder the rest."""
    results: list[dict[str, Any]] = []
    with transaction(call.world.db):
        people, known = People(call.world.db), kinds.approved(call.world.db)
        for told in call.records():
            try:
                number = _tell(people, known, told)
                results.append({"id": number, "marketoGUID": str(number), "status": "added"})
            except VendorError as error:
                results.append({"status": "skipped", "errors": [error.reason]})  # Only here it is not `reasons`.
    return {"result": results}


def _tell(people: People, known: Mapping[int, CustomKind], told: object) -> int:
    if not isinstance(told, dict):
        raise VendorError("1001", told, "activity")
    for part in ("leadId", "activityDate", "activityTypeId", "primaryAttributeValue"):
        if told.get(part) in (None, ""):
            raise VendorError("1002", part)
    kind = known.get(told["activityTypeId"])
    if kind is None:
        raise VendorError("1013")
    try:
        moment = datetime.fromisoformat(str(told["activityDate"]))
    except ValueError:
        raise VendorError("1001", told["activityDate"], "datetime") from None
    at = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    attributes = _attributes(kind.version(), told.get("attributes") or [])
    person = people.need(told["leadId"]).id
    return people.history.tell(kind.id, person, at, value=str(told["primaryAttributeValue"]), attributes=attributes)


def _attributes(version: dict[str, Any], told: list[dict[str, Any]]) -> dict[str, Any]:
    known = {one[part]: one for one in version["attributes"] for part in ("name", "apiName")}
    found = {}
    for pair in told:
        name = pair.get("apiName") or pair.get("name")
        one = known.get(name)
        if one is None:
            raise VendorError("1006", name)
        data_type = "url" if one["dataType"] == "link" else one["dataType"]
        found[one["name"]] = values.coerce(PersonField(one["apiName"], one["name"], data_type), pair.get("value"))
    return {name: value for name, value in found.items() if value is not None}


def _change(do: Callable[[Call, int], CustomKind]) -> Callable[[Call], dict[str, Any]]:
    def answer(call: Call) -> dict[str, Any]:
        with transaction(call.world.db):
            return {"result": [do(call, int(call.world.now())).view(draft=True)]}

    return answer


def _told_attributes(call: Call) -> list[Any]:
    told = call.document().get("attributes")
    if not isinstance(told, list) or not told:
        raise VendorError("1002", "attributes")
    return told


_ROOT = "/rest/v1/activities/external"
_KIND = _ROOT + "/type/{name:[^/]+}"
_CHANGES: dict[str, Callable[[Call, int], CustomKind]] = {
    f"{_ROOT}/type": lambda call, now: kinds.create(call.world.db, call.document(), now),
    f"{_KIND}/attributes/create": lambda call, now: kinds.add_attributes(
        call.world.db, call.path["name"], _told_attributes(call), now
    ),
    f"{_KIND}/approve": lambda call, now: kinds.approve(call.world.db, call.path["name"], now),
    f"{_KIND}/delete": lambda call, _: kinds.delete(call.world.db, call.path["name"]),
}
ENDPOINTS = (
    Endpoint("POST", f"{_ROOT}.json", add, ("Read-Write Activity",)),
    Endpoint("GET", f"{_ROOT}/types.json", find, _READ),
    Endpoint("GET", f"{_KIND}/describe.json", describe, _READ),
    *(Endpoint("POST", f"{path}.json", _change(do), _WRITE) for path, do in _CHANGES.items()),
)
