"""What has happened to people, second by second: a row per activity, read forwards from a moment or a position.

Law: it is written in the transaction that makes it happen, and never changed but by a merge.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from syncline_sim.marketo import activity_types as kinds
from syncline_sim.marketo.values import Value, stamp

API = "Web service API"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode
#: `kinds`, `people`, `assets` and `changed` are JSON arrays, or null where anything fits.
_PAGE = """
SELECT * FROM marketo_activities
WHERE at >= :at AND (at > :at OR id > :id)
  AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds)))
  AND (:people IS NULL OR person IN (SELECT value FROM json_each(:people)))
  AND (:list IS NULL OR person IN (SELECT person FROM marketo_members WHERE list = :list))
  AND (:assets IS NULL OR value_id IN (SELECT value FROM json_each(:assets)))
  AND (:changed IS NULL OR kind <> 13 OR value_id IN (SELECT value FROM json_each(:changed)))
  AND (kind <> 13 OR at >= :kept_since)
ORDER BY at, id LIMIT :limit
"""
_INSERT = """
INSERT INTO marketo_activities (at, kind, person, value_id, value, attributes) VALUES (?, ?, ?, ?, ?, ?)
"""


class Position(NamedTuple):
    """Up to where somebody has read: what comes after it is later, or of the same second with a higher number."""

    at: int
    id: int = 0


@dataclass(frozen=True, slots=True)
class Filter:
    """Which activities are wanted; None is any."""

    kinds: list[int] | None = None
    people: list[int] | None = None
    on_list: int | None = None
    assets: list[int] | None = None
    changed: list[int] | None = None  #: the numbers of the fields whose changes are wanted
    kept_since: int = 0  #: the second from which on changes of fields are still kept


@dataclass(frozen=True, slots=True)
class Activity:
    """One row."""

    id: int
    at: int
    kind: int
    person: int
    value_id: int | None
    value: str | None
    attributes: dict[str, Any]

    def view(self) -> dict[str, Any]:
        """Answer the activity as the vendor does; attributes that hold nothing are left out."""
        primary = {"primaryAttributeValueId": self.value_id, "primaryAttributeValue": self.value}
        return {
            **self.head(),
            **{name: value for name, value in primary.items() if value is not None},
            "attributes": self.named_attributes(),
        }

    def head(self) -> dict[str, Any]:
        """Answer the members that all views of an activity have."""
        return {
            "id": self.id,
            "marketoGUID": str(self.id),
            "leadId": self.person,
            "activityDate": stamp(self.at),
            "activityTypeId": self.kind,
        }

    def named_attributes(self) -> list[dict[str, Any]]:
        """Answer the attributes as pairs."""
        return [{"name": name, "value": value} for name, value in self.attributes.items()]


class History:
    """The activities of one instance; `source` says by what way people are changed at the moment."""

    def __init__(self, db: sqlite3.Connection, source: str = API) -> None:
        self._db = db
        self.source = source

    def tell(
        self,
        kind: int,
        person: int,
        now: int,
        *,
        value_id: int | None = None,
        value: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> int:
        """Write down one activity and answer its number."""
        return int(self._db.execute(_INSERT, (now, kind, person, value_id, value, _pack(attributes))).lastrowid or 0)

    def begin(self, person: int, now: int) -> None:
        """Write down that a person was created."""
        self.tell(kinds.NEW_LEAD, person, now, attributes=self._by("Source Type"))

    def change(self, person: int, changes: Iterable[tuple[int, str, Value, Value]], now: int) -> None:
        """Write down changes, each the number and label of a field and its values before and after."""
        by = self._by("Reason", "Source")
        for number, label, old, new in changes:
            row = (now, kinds.CHANGE_DATA_VALUE, person, number, label, _pack({**_values(old, new), **by}))
            self._db.execute(_INSERT, row)

    def end(self, person: int, name: str, now: int) -> None:
        """Write down that a person was deleted."""
        self.tell(kinds.DELETE_LEAD, person, now, value_id=person, value=name)

    def move(self, loser: int, winner: int) -> None:
        """Give what happened to one person to another, whom the first has become."""
        self._db.execute("UPDATE marketo_activities SET person = ? WHERE person = ?", (winner, loser))

    def page(self, after: Position, wanted: Filter, limit: int) -> list[Activity]:
        """Answer the next activities in the order of their happening."""
        parameters = {
            "at": after.at,
            "id": after.id,
            "kinds": _array(wanted.kinds),
            "people": _array(wanted.people),
            "list": wanted.on_list,
            "assets": _array(wanted.assets),
            "changed": _array(wanted.changed),
            "kept_since": wanted.kept_since,
            "limit": limit,
        }
        return [_activity(row) for row in self._db.execute(_PAGE, parameters)]

    def _by(self, *names: str) -> dict[str, str]:
        # What is told of nearly all is not stored but added when it is read: there can be millions.
        return {} if self.source == API else dict.fromkeys(names, self.source)


def _values(old: Value, new: Value) -> dict[str, str]:
    values = {} if new is None else {"New Value": _text(new)}
    return values if old is None else {**values, "Old Value": _text(old)}


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pack(attributes: Mapping[str, Any] | None) -> str:
    return _encode(attributes).decode() if attributes else "{}"


def _array(numbers: list[int] | None) -> str | None:
    return None if numbers is None else _encode(numbers).decode()


def _activity(row: sqlite3.Row) -> Activity:
    columns = (row["id"], row["at"], row["kind"], row["person"], row["value_id"], row["value"])
    return Activity(*columns, {**_understood(row), **_decode(row["attributes"])})


def _understood(row: sqlite3.Row) -> dict[str, str]:
    if row["kind"] == kinds.NEW_LEAD:
        return {"Created Date": stamp(row["at"])[:10], "Source Type": API}
    return {"Reason": API, "Source": API} if row["kind"] == kinds.CHANGE_DATA_VALUE else {}
