"""Programs, as far as clients read them, and who is in them with which status (pages "Programs", "Leads")."""

import sqlite3
from typing import Any

from syncline_sim.marketo import activity_types as kinds
from syncline_sim.marketo import assets
from syncline_sim.marketo.call import Call, Endpoint, next_page
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.people import People
from syncline_sim.marketo.tables import transaction
from syncline_sim.marketo.values import stamp

#: The channels of the instance: the type of program that each is for, and the statuses, of which the last is success.
CHANNELS = {
    "Content": ("Default", ("Not in Program", "Member", "Downloaded")),
    "Webinar": ("Event", ("Not in Program", "Invited", "Registered", "Attended")),
    "Nurture": ("Engagement", ("Not in Program", "Member", "Engaged")),
    "Email Send": ("Email", ("Not in Program", "Member", "Clicked")),
}
_READ = ("Read-Only Lead", "Read-Write Lead")
_WRITE = ("Read-Write Lead",)
_NEXT = "SELECT coalesce(max(id), 1000) + 1 FROM marketo_programs"
_ONE = "SELECT *, 'Folder' AS folder_type FROM marketo_programs WHERE id = ?"
_NAMED = "SELECT *, 'Folder' AS folder_type FROM marketo_programs WHERE name = ?"
_ALL = "SELECT *, 'Folder' AS folder_type FROM marketo_programs ORDER BY id"
_MEMBERSHIP = "SELECT * FROM marketo_program_members WHERE program = ? AND person = ?"


def browse(call: Call) -> dict[str, Any]:
    """Answer the programs, page by page."""
    status = call.parameters.get("status")
    wanted = {"id": call.listed("filterValues")} if call.parameters.get("filterType") == "id" else {}
    rows = [row for row in call.world.db.execute(_ALL) if not wanted or str(row["id"]) in wanted["id"]]
    if status:
        rows = [row for row in rows if _status(row) == status]
    return assets.answer(assets.browse(call, rows, _view))


def get(call: Call) -> dict[str, Any]:
    """Answer one program with its tags."""
    return _found(call.world.db.execute(_ONE, (call.path["id"],)).fetchone())


def get_by_name(call: Call) -> dict[str, Any]:
    """Answer the program of a name with its tags."""
    return _found(call.world.db.execute(_NAMED, (assets.filled(call, "name"),)).fetchone())


def create(call: Call) -> dict[str, Any]:
    """Make a program."""
    db, now = call.world.db, int(call.world.now())
    name, kind, channel = (assets.filled(call, part) for part in ("name", "type", "channel"))
    with transaction(db):
        folder, place = assets.folder(call)
        if place != "Folder":
            raise VendorError("711")
        if CHANNELS.get(channel, ("",))[0] != kind:
            raise VendorError("709", f"Channel '{channel}' is not one of programs of type '{kind}'")
        if db.execute(_NAMED, (name,)).fetchone():
            raise VendorError("709", f"Program with name '{name}' already exists")
        number = db.execute(_NEXT).fetchone()[0]
        row = (number, name, call.parameters.get("description", ""), kind, channel, folder, now, now)
        db.execute("INSERT INTO marketo_programs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return _found(db.execute(_ONE, (number,)).fetchone())


def members(call: Call) -> dict[str, Any]:
    """Answer who is in a program and how, page by page."""
    db, after, most = call.world.db, call.position(), call.batch_size()
    program = _need(call)
    people = People(db)
    names = people.names(call.listed("fields"))
    query = "SELECT * FROM marketo_program_members WHERE program = ? AND person > ? ORDER BY person LIMIT ?"
    found = db.execute(query, (program["id"], after, most + 1)).fetchall()
    page = [
        {**people.show(people.need(row["person"]), names), "membership": _membership(program, row)}
        for row in found[:most]
    ]
    return {"result": page, **(next_page(found[most - 1]["person"]) if len(found) > most else {})}


def change_status(call: Call) -> dict[str, Any]:
    """Give people a status in a program, which puts them into it."""
    status, now, results = call.document().get("status"), int(call.world.now()), []
    with transaction(call.world.db):
        program = _need(call)
        if status not in CHANNELS[program["channel"]][1]:
            raise VendorError("1025")
        people = People(call.world.db)
        for sent in call.named():
            try:
                person = people.need(sent).id
            except VendorError as error:
                results.append({"id": sent, **error.skipped})
                continue
            _change(people, program, person, status, now)
            results.append({"id": person, "status": status})
    return {"result": results}


def channels(call: Call) -> dict[str, Any]:
    """Answer the channels, or the one of a name, with their statuses."""
    name = call.parameters.get("name")
    found = [
        {
            "id": number,
            "name": channel,
            "applicableProgramType": kind,
            "progressionStatuses": [
                {"name": status, "step": step, "success": status == statuses[-1]}
                for step, status in enumerate(statuses)
            ],
        }
        for number, (channel, (kind, statuses)) in enumerate(CHANNELS.items(), 1)
        if name in (None, channel)
    ]
    return assets.answer(found[assets.number(call, "offset", 0) :])


def _change(people: People, program: sqlite3.Row, person: int, status: str, now: int) -> None:
    before = people.db.execute(_MEMBERSHIP, (program["id"], person)).fetchone()
    statuses = CHANNELS[program["channel"]][1]
    old = before["status"] if before else statuses[0]
    if old == status:
        return
    if status == statuses[0]:
        query = "DELETE FROM marketo_program_members WHERE program = ? AND person = ?"
        people.db.execute(query, (program["id"], person))
    else:
        row = (program["id"], person, status, now)
        people.db.execute("INSERT OR REPLACE INTO marketo_program_members VALUES (?, ?, ?, ?)", row)
    told = {"New Status": status, "Old Status": old, "Reason": people.history.source, "Success": status == statuses[-1]}
    number, name = program["id"], program["name"]
    people.history.tell(kinds.CHANGE_STATUS, person, now, value_id=number, value=name, attributes=told)


def _need(call: Call) -> sqlite3.Row:
    row: sqlite3.Row | None = call.world.db.execute(_ONE, (call.path["id"],)).fetchone()
    if row is None:
        raise VendorError("1013")
    return row


def _found(row: sqlite3.Row | None) -> dict[str, Any]:
    return assets.answer([{**_view(row), "tags": [], "costs": None}] if row else [])


def _status(row: sqlite3.Row) -> str:
    return {"Engagement": "on", "Email": "unlocked"}.get(row["type"], "")


def _view(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "description": row["description"],
        "createdAt": assets.stamp(row["created_at"]),
        "updatedAt": assets.stamp(row["updated_at"]),
        "url": f"https://app.marketo.example/#PG{row['id']}A1",
        "type": row["type"],
        "channel": row["channel"],
        "folder": {"type": "Folder", "value": row["folder"], "folderName": assets.FOLDERS[row["folder"]]},
        "status": _status(row),
        "workspace": "Default",
        "headStart": False,
    }


def _membership(program: sqlite3.Row, row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["program"] * 1_000_000 + row["person"],
        "progressionStatus": row["status"],
        "progressionStatusType": row["status"],
        "isExhausted": False,
        "acquiredBy": False,
        "reachedSuccess": row["status"] == CHANNELS[program["channel"]][1][-1],
        "membershipDate": stamp(row["at"]),
        "updatedAt": stamp(row["at"]),
    }


ENDPOINTS = (
    Endpoint("GET", "/rest/asset/v1/programs.json", browse, assets.READ),
    Endpoint("POST", "/rest/asset/v1/programs.json", create, assets.WRITE),
    Endpoint("GET", "/rest/asset/v1/program/byName.json", get_by_name, assets.READ),
    Endpoint("GET", r"/rest/asset/v1/program/{id:\d+}.json", get, assets.READ),
    Endpoint("GET", "/rest/asset/v1/channels.json", channels, assets.READ),
    Endpoint("GET", "/rest/asset/v1/channel/byName.json", channels, assets.READ),
    Endpoint("GET", r"/rest/v1/leads/programs/{id:\d+}.json", members, _READ),
    Endpoint("POST", r"/rest/v1/leads/programs/{id:\d+}/status.json", change_status, _WRITE),
)
