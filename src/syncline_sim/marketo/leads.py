"""The endpoints of people, whom the API still calls leads (page "Leads")."""

from typing import Any

from syncline_sim.marketo import values
from syncline_sim.marketo.activity_types import PUSH_LEAD
from syncline_sim.marketo.call import MAX_BATCH, Call, Endpoint, next_page
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.fields import PersonField
from syncline_sim.marketo.people import People, Person
from syncline_sim.marketo.tables import transaction
from syncline_sim.marketo.upsert import ACTIONS, Action, Upsert

MAX_MATCHES = 1000
_READ = ("Read-Only Lead", "Read-Write Lead")
_WRITE = ("Read-Write Lead",)
#: What a pushed person is told besides the program, by the parameter that it is sent in.
_PUSHED = {"source": "Source", "reason": "Reason"}


def sync(call: Call) -> dict[str, Any]:
    """Create or update up to 300 people in one transaction."""
    document, records = call.document(), call.records()
    action = document.get("action", ACTIONS[0])
    if action not in ACTIONS:
        raise VendorError("1001", action, "action")
    with transaction(call.world.db):
        return {"result": _upsert(call, People(call.world.db), action).apply(records)}


def push(call: Call) -> dict[str, Any]:
    """Create or update people on behalf of a program, which each of them is told of."""
    document, records, now = call.document(), call.records(), int(call.world.now())
    name = document.get("programName")
    if not name:
        raise VendorError("1002", "programName")
    with transaction(call.world.db):
        program = call.world.db.execute("SELECT id FROM marketo_programs WHERE name = ?", (name,)).fetchone()
        if program is None:
            raise VendorError("1013")
        people = People(call.world.db)
        results = _upsert(call, people, ACTIONS[0]).apply(records)
        told = {label: document[part] for part, label in _PUSHED.items() if document.get(part)}
        for person in (result["id"] for result in results if "id" in result):
            people.history.tell(PUSH_LEAD, person, now, value_id=program["id"], value=name, attributes=told)
        return {"result": results}


def find(call: Call) -> dict[str, Any]:
    """Answer the people who have one of the values, page by page."""
    people = People(call.world.db)
    field = _filter(people, call.required("filterType"))
    wanted = call.listed("filterValues")
    if not wanted:
        raise VendorError("1002", "filterValues")
    if len(wanted) > MAX_BATCH:
        raise VendorError("1003", f"Number of filterValues exceeds the maximum of {MAX_BATCH}")
    names, size, after = people.names(call.listed("fields")), call.batch_size(), call.position()
    matches = _matches(people, field, wanted)
    if len(matches) > MAX_MATCHES:
        raise VendorError("1003", "Too many results match the filter")
    rest = [matches[number] for number in sorted(matches) if number > after]
    page = rest[:size]
    more = next_page(page[-1].id) if len(rest) > size else {}
    return {"result": [people.show(person, names) for person in page], **more}


def get(call: Call) -> dict[str, Any]:
    """Answer one person."""
    people = People(call.world.db)
    person = people.need(call.path["id"])
    return {"result": [people.show(person, people.names(call.listed("fields")))]}


def delete(call: Call) -> dict[str, Any]:
    """Delete people by id, which are in the body or in the address."""
    named, now = call.named(), int(call.world.now())
    with transaction(call.world.db):
        people = People(call.world.db)
        return {"result": [_remove(people, number, now) for number in named]}


def _upsert(call: Call, people: People, action: Action) -> Upsert:
    document, switches = call.document(), call.switches
    partition = document.get("partitionName", "Default")
    if partition != "Default":
        raise VendorError("1008", partition)
    return Upsert(
        people=people,
        action=action,
        lookup=_lookup_field(people, document.get("lookupField", "email")),
        now=int(call.world.now()),
        company_closed=switches["company_fields_closed"],
        race_window=switches["upsert_race_window"],
    )


def _filter(people: People, name: str) -> PersonField:
    field = people.fields.get(name)
    if field is None or not field.searchable:
        raise VendorError("1003", f"Invalid filterType '{name}'")
    return field


def _matches(people: People, field: PersonField, wanted: list[str]) -> dict[int, Person]:
    if field.keyed or field.name == "id":
        return _lookup(people, field, wanted)
    with transaction(people.db):  # The first search by a field indexes all people by it.
        return _lookup(people, field, wanted)


def _lookup(people: People, field: PersonField, wanted: list[str]) -> dict[int, Person]:
    matches: dict[int, Person] = {}
    for text in wanted:
        try:
            value = values.coerce(field, text)
        except VendorError:
            continue  # Nobody can have what the field cannot hold.
        matches.update((person.id, person) for person in people.find(field, value))
    return matches


def _lookup_field(people: People, name: object) -> PersonField:
    field = people.fields.get(name) if isinstance(name, str) else None
    if field is None:
        raise VendorError("1006", name)
    if not field.searchable:
        raise VendorError("1011", name)
    return field


def _remove(people: People, number: object, now: int) -> dict[str, Any]:
    try:
        person = people.need(number)
    except VendorError as error:
        return error.skipped
    people.remove(person, now)
    return {"id": person.id, "status": "deleted"}


ENDPOINTS = (
    Endpoint("POST", "/rest/v1/leads.json", sync, _WRITE),
    Endpoint("GET", "/rest/v1/leads.json", find, _READ),
    Endpoint("GET", r"/rest/v1/lead/{id:[^/]+}.json", get, _READ),
    Endpoint("POST", "/rest/v1/leads/push.json", push, _WRITE),
    Endpoint("POST", "/rest/v1/leads/delete.json", delete, _WRITE),
    Endpoint("DELETE", "/rest/v1/leads.json", delete, _WRITE),
)
