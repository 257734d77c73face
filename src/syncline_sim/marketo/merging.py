"""Merging people, tying web visitors to them, and the partitions that they are in (page "Leads")."""

import re
from collections.abc import Iterable
from typing import Any

from syncline_sim.marketo import activity_types as kinds
from syncline_sim.marketo.call import Call, Endpoint
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.people import People, Person
from syncline_sim.marketo.tables import transaction
from syncline_sim.marketo.values import Value

MAX_LOSERS = 25
PARTITION = "Default"
_COOKIE = re.compile(r"id:[\w-]+&token:_mch-[\w.-]+")
_READ = ("Read-Only Lead", "Read-Write Lead")
_WRITE = ("Read-Write Lead",)


def merge(call: Call) -> dict[str, Any]:
    """Let some people become one."""
    named = call.listed("leadIds") or [call.required("leadId")]
    if len(named) > MAX_LOSERS:
        raise VendorError("1080", MAX_LOSERS)
    now = int(call.world.now())
    with transaction(call.world.db):
        people = People(call.world.db)
        winner = people.need(call.path["id"])
        losers = [people.need(number) for number in dict.fromkeys(named)]
        if winner.id in {loser.id for loser in losers}:
            raise VendorError("1003", "The winning lead can not be among the losing leads")
        for loser in losers:
            _absorb(people, winner.id, loser)
        people.change(winner, _merged(people, winner, losers), now)
        told = {"Merge IDs": ",".join(str(loser.id) for loser in losers), "Merge Source": people.history.source}
        people.history.tell(kinds.MERGE_LEADS, winner.id, now, value_id=winner.id, value=winner.name, attributes=told)
    return {}


def associate(call: Call) -> dict[str, Any]:
    """Tie a visitor to a person; there are no visitors here, so that only the question is judged."""
    cookie = call.required("cookie")
    People(call.world.db).need(call.path["id"])
    if not _COOKIE.fullmatch(cookie):
        raise VendorError("1012", cookie)
    return {}


def partitions(_: Call) -> dict[str, Any]:
    """Answer the partitions."""
    return {"result": [{"id": 1, "name": PARTITION, "description": "Initial system lead partition"}]}


def move(call: Call) -> dict[str, Any]:
    """Move people to a partition, of which there is one."""
    people, results = People(call.world.db), []
    for record in call.records():
        number, name = (record.get("id"), record.get("partitionName")) if isinstance(record, dict) else (record, None)
        try:
            results.append({"id": _moved(people, number, name), "status": "updated"})
        except VendorError as error:
            results.append({"id": number, **error.skipped})
    return {"result": results}


def _absorb(people: People, winner: int, loser: Person) -> None:
    people.history.move(loser.id, winner)
    for table in ("marketo_members", "marketo_program_members"):
        people.db.execute(f"UPDATE OR IGNORE {table} SET person = ? WHERE person = ?", (winner, loser.id))  # noqa: S608
    people.take_away(loser)


def _merged(people: People, winner: Person, losers: Iterable[Person]) -> dict[str, Value]:
    """Answer what the winner gets: values where it has none, and the scores of all together."""
    gained: dict[str, Value] = {}
    for loser in losers:
        for name, value in loser.document.items():
            mine = gained.get(name, winner.document.get(name))
            if mine is None:
                gained[name] = value
            elif people.fields[name].data_type == "score":
                gained[name] = mine + value
    return gained


def _moved(people: People, number: object, name: object) -> int:
    person = people.need(number).id
    if name != PARTITION:
        raise VendorError("1008", name)
    return person


ENDPOINTS = (
    Endpoint("POST", r"/rest/v1/leads/{id:[^/]+}/merge.json", merge, _WRITE),
    Endpoint("POST", r"/rest/v1/leads/{id:[^/]+}/associate.json", associate, _WRITE),
    Endpoint("GET", "/rest/v1/leads/partitions.json", partitions, _READ),
    Endpoint("POST", "/rest/v1/leads/partitions.json", move, _WRITE),
)
