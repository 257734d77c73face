"""Static lists as assets: making, naming, finding and deleting them (page "Static Lists")."""

import sqlite3
from typing import Any

from syncline_sim.marketo import assets
from syncline_sim.marketo.call import Call, Endpoint
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.tables import transaction

#: As in life, numbers begin above those of what an instance has from the first day.
_NEXT = "SELECT coalesce(max(id), 1000) + 1 FROM marketo_lists"
_ONE = "SELECT * FROM marketo_lists WHERE id = ?"


def browse(call: Call) -> dict[str, Any]:
    """Answer the lists, page by page."""
    rows = call.world.db.execute("SELECT * FROM marketo_lists ORDER BY id")
    return assets.answer(assets.browse(call, rows, _view))


def get(call: Call) -> dict[str, Any]:
    """Answer one list."""
    return _found(call.world.db.execute(_ONE, (call.path["id"],)).fetchone())


def get_by_name(call: Call) -> dict[str, Any]:
    """Answer the list of a name."""
    return _found(_named(call.world.db, assets.filled(call, "name")))


def create(call: Call) -> dict[str, Any]:
    """Make a list."""
    db, name, now = call.world.db, assets.filled(call, "name"), int(call.world.now())
    with transaction(db):
        folder, kind = assets.folder(call)
        if _named(db, name):
            raise VendorError("709", f"Static List with name '{name}' already exists")
        number = db.execute(_NEXT).fetchone()[0]
        row = (number, name, call.parameters.get("description"), folder, kind, now, now)
        db.execute("INSERT INTO marketo_lists VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return assets.answer([_view(db.execute(_ONE, (number,)).fetchone())])


def update(call: Call) -> dict[str, Any]:
    """Change the name or the description of a list."""
    db = call.world.db
    with transaction(db):
        row = _need(call)
        name = call.parameters.get("name") or row["name"]
        other = _named(db, name)
        if other is not None and other["id"] != row["id"]:
            raise VendorError("709", f"Static List with name '{name}' already exists")
        values = (name, call.parameters.get("description", row["description"]), int(call.world.now()), row["id"])
        db.execute("UPDATE marketo_lists SET name = ?, description = ?, updated_at = ? WHERE id = ?", values)
        return assets.answer([_view(_need(call))])


def delete(call: Call) -> dict[str, Any]:
    """Delete a list; who was on it stays."""
    db = call.world.db
    with transaction(db):
        number = _need(call)["id"]
        db.execute("DELETE FROM marketo_lists WHERE id = ?", (number,))
        db.execute("DELETE FROM marketo_members WHERE list = ?", (number,))
    return assets.answer([{"id": number}])


def _found(row: sqlite3.Row | None) -> dict[str, Any]:
    return assets.answer([] if row is None else [_view(row)])


def _need(call: Call) -> sqlite3.Row:
    row: sqlite3.Row | None = call.world.db.execute(_ONE, (call.path["id"],)).fetchone()
    if row is None:
        raise VendorError("702")
    return row


def _named(db: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute("SELECT * FROM marketo_lists WHERE name = ?", (name,)).fetchone()
    return row


def _view(row: sqlite3.Row) -> dict[str, Any]:
    description = {} if row["description"] is None else {"description": row["description"]}
    return {
        "id": row["id"],
        "name": row["name"],
        **description,
        "createdAt": assets.stamp(row["created_at"]),
        "updatedAt": assets.stamp(row["updated_at"]),
        "folder": {"id": row["folder"], "type": row["folder_type"]},
        "computedUrl": f"https://app.marketo.example/#ST{row['id']}A1",
        "workspace": "Default",
    }


_ASSET = "/rest/asset/v1/staticList"
ENDPOINTS = (
    Endpoint("GET", f"{_ASSET}s.json", browse, assets.READ),
    Endpoint("POST", f"{_ASSET}s.json", create, assets.WRITE),
    Endpoint("GET", f"{_ASSET}/byName.json", get_by_name, assets.READ),
    Endpoint("GET", _ASSET + r"/{id:\d+}.json", get, assets.READ),
    Endpoint("POST", _ASSET + r"/{id:\d+}.json", update, assets.WRITE),
    Endpoint("POST", _ASSET + r"/{id:\d+}/delete.json", delete, assets.WRITE),
)
