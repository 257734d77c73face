"""Custom kinds of objects: a draft that is worked on, and the approved version that has records."""

import json
import re
import sqlite3
from dataclasses import dataclass, replace
from typing import Any

from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.fields import LENGTHS
from syncline_sim.marketo.fields import PersonField as Field
from syncline_sim.marketo.objects.types import GUID, ObjectType
from syncline_sim.marketo.values import stamp

DATA_TYPES = (
    *("string", "boolean", "integer", "float", "link", "email"),
    *("currency", "date", "datetime", "phone", "text"),
)
MAX_TYPES = 10
MAX_FIELDS = 50
MAX_DEDUPE_FIELDS = 3
_NAME = re.compile(r"\w+", re.ASCII)
_TEXTS = ("displayName", "pluralName", "description", "showInLeadDetail")


@dataclass(frozen=True, slots=True)
class Custom:
    """One custom kind; a version is what was told of it, with its fields."""

    name: str
    draft: dict[str, Any] | None
    approved: dict[str, Any] | None
    created_at: int
    updated_at: int

    @property
    def state(self) -> str:
        """What there is of it."""
        if self.approved is None:
            return "draft"
        return "approvedWithDraft" if self.draft else "approved"

    @property
    def shown(self) -> dict[str, Any]:
        """The version that is shown: the approved one if there is any."""
        return self.approved or self.draft or {}

    def view(self) -> dict[str, Any]:
        """Answer the kind with all that was said about it."""
        return {
            "state": self.state,
            "version": "draft" if self.approved is None else "approved",
            "displayName": self.shown["displayName"],
            "pluralName": self.shown.get("pluralName"),
            "description": self.shown.get("description"),
            "showInLeadDetail": self.shown.get("showInLeadDetail", False),
            "apiName": self.name,
            **self._in_use(),
        }

    def kind(self) -> ObjectType:
        """Answer the approved kind, which has records; raises `VendorError` 1013."""
        if self.approved is None:
            raise VendorError("1013")
        return self._kind(self.approved)

    def _in_use(self) -> dict[str, Any]:
        kind = self._kind(self.shown)
        fields = [{**one, "crmManaged": False} for one in kind.view()["fields"]]
        if self.approved is None:
            unknown: dict[str, Any] = {"idField": None, "createdAt": None, "updatedAt": None, "searchableFields": [[]]}
            return {**unknown, "dedupeFields": list(kind.dedupe_fields), "relationships": [], "fields": fields}
        head = {
            name: value for name, value in kind.head().items() if name not in ("name", "displayName", "description")
        }
        return {"relationships": [], **head, "fields": fields}

    def _kind(self, version: dict[str, Any]) -> ObjectType:
        links = [one for one in version["fields"] if one.get("relatedTo")]
        dedupe = tuple(one["name"] for one in version["fields"] if one.get("isDedupeField"))
        keys = dict.fromkeys((dedupe, *((one["name"],) for one in links)))
        return ObjectType(
            name=self.name,
            space="custom ",
            label=version["displayName"],
            description=version.get("description"),
            id_field=GUID,
            keys=tuple(keys),
            own_fields=tuple(_field(one) for one in version["fields"]),
            created_at=stamp(self.created_at),
            updated_at=stamp(self.updated_at),
            relationships=tuple(
                {"field": one["name"], "type": "child", "relatedTo": one["relatedTo"]} for one in links
            ),
        )


def every(db: sqlite3.Connection) -> list[Custom]:
    """Answer all custom kinds."""
    return [_custom(row) for row in db.execute("SELECT * FROM marketo_object_types ORDER BY created_at, name")]


def find(db: sqlite3.Connection, name: str) -> Custom:
    """Answer the custom kind of a name; raises `VendorError` 1013."""
    row = db.execute("SELECT * FROM marketo_object_types WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise VendorError("1013")
    return _custom(row)


def sync(db: sqlite3.Connection, told: dict[str, Any], now: int) -> None:
    """Create a kind or change the draft of one; raises `VendorError`."""
    action, name = told.get("action", "createOrUpdate"), told.get("apiName")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise VendorError("1002" if not name else "1003", "apiName")
    texts = {text: told[text] for text in _TEXTS if told.get(text) is not None}
    known = {kind.name: kind for kind in every(db)}
    if action == "createOnly" and name in known:
        raise VendorError("1017")
    if action == "updateOnly" and name not in known:
        raise VendorError("1013")
    if name in known:
        _save(db, _drafted(known[name], texts), now)
        return
    if not texts.get("displayName"):
        raise VendorError("1002", "displayName")
    if len(known) >= MAX_TYPES:
        raise VendorError("1003", f"No more than {MAX_TYPES} custom object types are allowed")
    _save(db, Custom(name, {**texts, "fields": []}, None, now, now), now)


def add_fields(db: sqlite3.Connection, name: str, told: list[Any], now: int) -> None:
    """Add fields to the draft of a kind; raises `VendorError`."""
    kind = _drafted(find(db, name), {})
    fields = list((kind.draft or {})["fields"])
    for one in told:
        fields.append(_checked(one))
        names = {one["name"].lower() for one in fields}
        if len(names) < len(fields):
            raise VendorError("1017")
    if len(fields) > MAX_FIELDS:
        raise VendorError("1028")
    _save(db, replace(kind, draft={**(kind.draft or {}), "fields": fields}), now)


def approve(db: sqlite3.Connection, name: str, now: int) -> None:
    """Let the draft be the approved version; raises `VendorError`."""
    kind = find(db, name)
    if kind.draft is None:
        raise VendorError("709", f"Custom object '{name}' has no draft")
    dedupe = sum(bool(one.get("isDedupeField")) for one in kind.draft["fields"])
    if not 1 <= dedupe <= MAX_DEDUPE_FIELDS:
        raise VendorError("709", f"Custom object '{name}' needs 1 to {MAX_DEDUPE_FIELDS} dedupe fields")
    _save(db, replace(kind, draft=None, approved=kind.draft), now)


def discard(db: sqlite3.Connection, name: str, now: int) -> None:
    """Throw the draft away; raises `VendorError`."""
    kind = find(db, name)
    if kind.draft is None:
        raise VendorError("709", f"Custom object '{name}' has no draft")
    if kind.approved is None:
        db.execute("DELETE FROM marketo_object_types WHERE name = ?", (name,))
        return
    _save(db, replace(kind, draft=None), now)


def delete(db: sqlite3.Connection, name: str) -> None:
    """Delete a kind with all its records; raises `VendorError`."""
    kind = find(db, name).kind()
    place = (kind.space + kind.name,)
    db.execute("DELETE FROM marketo_object_keys WHERE kind = ?", place)
    db.execute("DELETE FROM marketo_objects WHERE kind = ?", place)
    db.execute("DELETE FROM marketo_object_types WHERE name = ?", (name,))


def _checked(one: object) -> dict[str, Any]:
    if not isinstance(one, dict):
        raise VendorError("1001", one, "CustomObjectTypeField")
    for part in ("name", "displayName", "dataType"):
        if not one.get(part):
            raise VendorError("1002", part)
    if one["dataType"] not in DATA_TYPES:
        raise VendorError("1001", one["dataType"], "dataType")
    if not isinstance(one["name"], str) or not _NAME.fullmatch(one["name"]):
        raise VendorError("1003", "Invalid name: letters, numbers and underscore only")
    if (one["dataType"] == "link") != isinstance(one.get("relatedTo"), dict):
        raise VendorError("1003", "A link needs relatedTo, and nothing else does")
    return one


def _field(one: dict[str, Any]) -> Field:
    # People and companies are linked to by their numbers, all others by a text.
    linked = "integer" if str(one.get("relatedTo", {}).get("field", "")).lower() == "id" else "string"
    data_type = linked if one["dataType"] == "link" else one["dataType"]
    return Field(one["name"], one["displayName"], data_type, LENGTHS.get(data_type))


def _drafted(kind: Custom, texts: dict[str, Any]) -> Custom:
    return replace(kind, draft={**(kind.draft or kind.approved or {}), **texts})


def _save(db: sqlite3.Connection, kind: Custom, now: int) -> None:
    versions = [None if version is None else json.dumps(version) for version in (kind.draft, kind.approved)]
    row = (kind.name, *versions, kind.created_at, now)
    db.execute("INSERT OR REPLACE INTO marketo_object_types VALUES (?, ?, ?, ?, ?)", row)


def _custom(row: sqlite3.Row) -> Custom:
    draft, approved = (None if row[part] is None else json.loads(row[part]) for part in ("draft", "approved"))
    return Custom(row["name"], draft, approved, row["created_at"], row["updated_at"])
