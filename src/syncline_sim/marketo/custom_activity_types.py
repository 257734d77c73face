"""Custom kinds of activities: a draft that is worked on, and the approved version that there can be activities of."""

import json
import re
import sqlite3
from dataclasses import dataclass, replace
from typing import Any

from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.values import stamp

DATA_TYPES = (
    *("string", "boolean", "integer", "float", "link", "email"),
    *("currency", "date", "datetime", "phone", "text"),
)
MAX_TYPES = 10
MAX_ATTRIBUTES = 20
#: The numbers of the vendor's own kinds are lower.
_NEXT = "SELECT coalesce(max(id), 100000) + 1 FROM marketo_activity_types"
_NAME = re.compile(r"[A-Za-z0-9_]{1,255}")
_REQUIRED = ("apiName", "name", "triggerName", "filterName", "primaryAttribute")
_TEXTS = ("name", "description", "triggerName", "filterName")


@dataclass(frozen=True, slots=True)
class CustomKind:
    """One custom kind; a version is what was told of it, with its attributes."""

    id: int
    name: str
    draft: dict[str, Any] | None
    approved: dict[str, Any] | None
    created_at: int
    updated_at: int

    def head(self, *, draft: bool = False) -> dict[str, Any]:
        """Answer what the kind is called."""
        version = self.version(draft=draft)
        status = "draft" if self.approved is None else "approved with draft" if self.draft else "approved"
        return {
            "id": self.id,
            "apiName": self.name,
            **{text: version[text] for text in _TEXTS if text in version},
            "createdAt": stamp(self.created_at),
            "updatedAt": stamp(self.updated_at),
            "status": status,
        }

    def view(self, *, draft: bool = False) -> dict[str, Any]:
        """Answer the kind with its attributes."""
        version = self.version(draft=draft)
        attributes = {"primaryAttribute": version["primaryAttribute"], "attributes": version["attributes"]}
        return {**self.head(draft=draft), **attributes}

    def version(self, *, draft: bool = False) -> dict[str, Any]:
        """Answer the approved version, or the draft if that is wanted or all there is."""
        return (self.draft if draft else None) or self.approved or self.draft or {}


def every(db: sqlite3.Connection) -> list[CustomKind]:
    """Answer all custom kinds."""
    return [_kind(row) for row in db.execute("SELECT * FROM marketo_activity_types ORDER BY id")]


def approved(db: sqlite3.Connection) -> dict[int, CustomKind]:
    """Answer by number the kinds that there can be activities of."""
    return {kind.id: kind for kind in every(db) if kind.approved}


def find(db: sqlite3.Connection, name: str) -> CustomKind:
    """Answer the kind of a name; raises `VendorError` 1013."""
    row = db.execute("SELECT * FROM marketo_activity_types WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise VendorError("1013")
    return _kind(row)


def create(db: sqlite3.Connection, told: dict[str, Any], now: int) -> CustomKind:
    """Make the draft of a kind; raises `VendorError`."""
    for part in _REQUIRED:
        if not told.get(part):
            raise VendorError("1002", part)
    known = every(db)
    if not isinstance(told["apiName"], str) or not _NAME.fullmatch(told["apiName"]):
        raise VendorError("1003", "Invalid apiName: letters, numbers and underscore only")
    if any(told["apiName"] == kind.name or told["name"] == kind.version().get("name") for kind in known):
        raise VendorError("1017")
    if len(known) >= MAX_TYPES:
        raise VendorError("1027")
    primary = _attribute({"dataType": "string", **told["primaryAttribute"]})
    texts = {text: told[text] for text in _TEXTS if told.get(text)}
    draft = {**texts, "primaryAttribute": primary, "attributes": []}
    return _save(db, CustomKind(db.execute(_NEXT).fetchone()[0], told["apiName"], draft, None, now, now), now)


def add_attributes(db: sqlite3.Connection, name: str, told: list[Any], now: int) -> CustomKind:
    """Add attributes to the draft of a kind; raises `VendorError`."""
    kind = find(db, name)
    version = kind.version(draft=True)
    attributes = [*version["attributes"], *(_attribute(one) for one in told)]
    if len({one["apiName"] for one in attributes}) < len(attributes):
        raise VendorError("1017")
    if len(attributes) > MAX_ATTRIBUTES:
        raise VendorError("1028")
    return _save(db, replace(kind, draft={**version, "attributes": attributes}), now)


def approve(db: sqlite3.Connection, name: str, now: int) -> CustomKind:
    """Let the draft be the approved version; raises `VendorError`."""
    kind = find(db, name)
    if kind.draft is None:
        raise VendorError("709", f"Custom activity type '{name}' has no draft")
    return _save(db, replace(kind, draft=None, approved=kind.draft), now)


def delete(db: sqlite3.Connection, name: str) -> CustomKind:
    """Delete a kind; what has happened stays; raises `VendorError`."""
    kind = find(db, name)
    db.execute("DELETE FROM marketo_activity_types WHERE id = ?", (kind.id,))
    return kind


def _attribute(told: object) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise VendorError("1001", told, "attribute")
    for part in ("apiName", "name", "dataType"):
        if not told.get(part):
            raise VendorError("1002", part)
    if told["dataType"] not in DATA_TYPES:
        raise VendorError("1001", told["dataType"], "dataType")
    return {part: told[part] for part in ("apiName", "name", "description", "dataType") if part in told}


def _save(db: sqlite3.Connection, kind: CustomKind, now: int) -> CustomKind:
    versions = [None if version is None else json.dumps(version) for version in (kind.draft, kind.approved)]
    row = (kind.id, kind.name, *versions, kind.created_at, now)
    db.execute("INSERT OR REPLACE INTO marketo_activity_types VALUES (?, ?, ?, ?, ?, ?)", row)
    return replace(kind, updated_at=now)


def _kind(row: sqlite3.Row) -> CustomKind:
    draft, done = (None if row[part] is None else json.loads(row[part]) for part in ("draft", "approved"))
    return CustomKind(row["id"], row["name"], draft, done, row["created_at"], row["updated_at"])
