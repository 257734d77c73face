"""The endpoints of static lists and of who is on them (page "List Membership")."""

import sqlite3
from collections.abc import Callable
from typing import Any, Literal

from syncline_sim.marketo import activity_types as kinds
from syncline_sim.marketo.call import Call, Endpoint, next_page
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.people import People, Person
from syncline_sim.marketo.tables import transaction
from syncline_sim.marketo.values import stamp

_READ = ("Read-Only Lead", "Read-Write Lead")
_WRITE = ("Read-Write Lead",)
_PROGRAM = "SELECT name FROM marketo_programs WHERE id = ?"


def need(db: sqlite3.Connection, wanted: object, by: Literal["id", "name"] = "id") -> sqlite3.Row:
    """Answer the list with this id or name; raises `VendorError` 1013."""
    query = f"SELECT * FROM marketo_lists WHERE {by} = ?"  # noqa: S608 - one of two
    row: sqlite3.Row | None = db.execute(query, (wanted,)).fetchone()
    if row is None:
        raise VendorError("1013")
    return row


def size(db: sqlite3.Connection, number: int) -> int:
    """Answer how many people are on a list."""
    return int(db.execute("SELECT count(*) FROM marketo_members WHERE list = ?", (number,)).fetchone()[0])


def put(people: People, person: int, number: int, now: int) -> None:
    """Put a person on a list, unless there already."""
    if not _is_on(people.db, number, person):
        people.db.execute("INSERT INTO marketo_members VALUES (?, ?, ?)", (number, person, now))
        _tell(people, kinds.ADD_TO_LIST, person, number, now)


def find(call: Call) -> dict[str, Any]:
    """Answer the lists, or those with some ids, names or programs, page by page."""
    db, after, most = call.world.db, call.position(), call.batch_size()
    wanted = {
        "id": call.listed("id"),
        "name": call.listed("name"),
        "programName": call.listed("programName"),
        "workspaceName": call.listed("workspaceName"),
    }
    views = [_view(db, row) for row in db.execute("SELECT * FROM marketo_lists WHERE id > ? ORDER BY id", (after,))]
    found = [view for view in views if all(not ok or str(view.get(name)) in ok for name, ok in wanted.items())]
    page = found[:most]
    return {"result": page, **(next_page(page[-1]["id"]) if len(found) > most else {})}


def get(call: Call) -> dict[str, Any]:
    """Answer one list."""
    return {"result": [_view(call.world.db, need(call.world.db, call.path["id"]))]}


def members(call: Call) -> dict[str, Any]:
    """Answer who is on a list, page by page."""
    db, after, most = call.world.db, call.position(), call.batch_size()
    number = need(db, call.path["id"])["id"]
    people = People(db)
    names = people.names(call.listed("fields"))
    query = "SELECT person FROM marketo_members WHERE list = ? AND person > ? ORDER BY person LIMIT ?"
    found = [row["person"] for row in db.execute(query, (number, after, most + 1))]
    page = found[:most]
    more = next_page(page[-1]) if len(found) > most else {}
    return {"result": [people.show(people.need(person), names) for person in page], **more}


def add(call: Call) -> dict[str, Any]:
    """Put people on a list."""

    def add_one(people: People, person: Person, number: int) -> str:
        put(people, person.id, number, int(call.world.now()))
        return "added"

    return _each(call, add_one)


def remove(call: Call) -> dict[str, Any]:
    """Take people off a list."""

    def take(people: People, person: Person, number: int) -> str:
        if not _is_on(people.db, number, person.id):
            raise VendorError("1015")
        people.db.execute("DELETE FROM marketo_members WHERE list = ? AND person = ?", (number, person.id))
        _tell(people, kinds.REMOVE_FROM_LIST, person.id, number, int(call.world.now()))
        return "removed"

    return _each(call, take)


def are_members(call: Call) -> dict[str, Any]:
    """Answer whether people are on a list."""
    return _each(
        call, lambda people, person, number: "memberof" if _is_on(people.db, number, person.id) else "notmemberof"
    )


def lists_of(call: Call) -> dict[str, Any]:
    """Answer on which lists a person is, page by page."""
    db, after, most = call.world.db, call.position(), call.batch_size()
    person = People(db).need(call.path["id"])
    query = "SELECT * FROM marketo_members WHERE person = ? AND list > ? ORDER BY list LIMIT ?"
    found = db.execute(query, (person.id, after, most + 1)).fetchall()
    page = [{"listId": r["list"], "createdAt": stamp(r["at"]), "updatedAt": stamp(r["at"])} for r in found[:most]]
    return {"result": page, **(next_page(found[most - 1]["list"]) if len(found) > most else {})}


def _each(call: Call, do: Callable[[People, Person, int], str]) -> dict[str, Any]:
    named, results = call.named(), []
    with transaction(call.world.db):
        number = need(call.world.db, call.path["id"])["id"]
        people = People(call.world.db)
        for sent in named:
            try:
                person = people.need(sent)
                results.append({"id": person.id, "status": do(people, person, number)})
            except VendorError as error:
                results.append({"id": int(sent) if str(sent).isdecimal() else sent, **error.skipped})
    return {"result": results}


def _is_on(db: sqlite3.Connection, number: int, person: int) -> bool:
    query = "SELECT 1 FROM marketo_members WHERE list = ? AND person = ?"
    return db.execute(query, (number, person)).fetchone() is not None


def _tell(people: People, kind: int, person: int, number: int, now: int) -> None:
    name = need(people.db, number)["name"]
    people.history.tell(kind, person, now, value_id=number, value=name, attributes={"Source": people.history.source})


def _view(db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    program = db.execute(_PROGRAM, (row["folder"],)).fetchone() if row["folder_type"] == "Program" else None
    view = {
        "id": row["id"],
        "name": row["name"],
        "description": row["description"],
        "programName": program["name"] if program else None,
        "workspaceName": "Default",
        "createdAt": stamp(row["created_at"]),
        "updatedAt": stamp(row["updated_at"]),
    }
    return {name: value for name, value in view.items() if value is not None}


_MEMBERS = tuple(f"/rest/v1/{word}/{{id:[^/]+}}/leads.json" for word in ("lists", "list"))
ENDPOINTS = (
    Endpoint("GET", "/rest/v1/lists.json", find, _READ),
    Endpoint("GET", r"/rest/v1/lists/{id:[^/]+}.json", get, _READ),
    *(Endpoint("GET", path, members, _READ) for path in _MEMBERS),
    Endpoint("POST", _MEMBERS[0], add, _WRITE),
    Endpoint("DELETE", _MEMBERS[0], remove, _WRITE),
    Endpoint("GET", r"/rest/v1/lists/{id:[^/]+}/leads/ismember.json", are_members, _READ),
    Endpoint("GET", r"/rest/v1/leads/{id:[^/]+}/listMembership.json", lists_of, _READ),
)
