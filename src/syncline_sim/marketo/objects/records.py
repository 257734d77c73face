"""The records of all kinds of objects: one JSON document each, indexed by every key that its kind can be found by."""

import json
import random
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from syncline_sim.marketo.objects.types import GUID, NUMBER, ObjectType
from syncline_sim.marketo.values import Value, stamp

_FOUND = """
SELECT o.* FROM marketo_object_keys k JOIN marketo_objects o ON o.number = k.number
WHERE k.kind = :kind AND k.key = :key AND k.value IN (SELECT value FROM json_each(:values))
ORDER BY o.number
"""


@dataclass(frozen=True, slots=True)
class Record:
    """One record; `document` holds every field that is not null."""

    number: int
    guid: str
    created_at: int
    updated_at: int
    document: dict[str, Any]

    def view(self, names: Iterable[str]) -> dict[str, Value]:
        """Answer the named fields, null where there is nothing."""
        own: dict[str, Value] = {
            NUMBER: self.number,
            GUID: self.guid,
            "createdAt": stamp(self.created_at),
            "updatedAt": stamp(self.updated_at),
        }
        return {name: own[name] if name in own else self.document.get(name) for name in names}


class Records:
    """The records of one kind."""

    def __init__(self, db: sqlite3.Connection, kind: ObjectType) -> None:
        self.db = db
        self.kind = kind
        self._name = kind.space + kind.name

    def find(self, key: tuple[str, ...], wanted: Iterable[Mapping[str, Value]]) -> list[Record]:
        """Answer the records that have one of some values of a key, oldest first; letter case does not matter."""
        if key == (self.kind.id_field,):
            values = [one[self.kind.id_field] for one in wanted]
            return self._numbered(values) if self.kind.id_field == NUMBER else self._guided(values)
        values = [_value(key, one) for one in wanted]
        parameters = {"kind": self._name, "key": ",".join(key), "values": json.dumps(values)}
        return [_record(row) for row in self.db.execute(_FOUND, parameters)]

    def each(self, *, after: int = 0) -> Iterator[Record]:
        """Answer all records one by one, those with a number after some number."""
        query = "SELECT * FROM marketo_objects WHERE kind = ? AND number > ? ORDER BY number"
        return map(_record, self.db.execute(query, (self._name, after)))

    def add(self, document: Mapping[str, Value], now: int, chance: random.Random) -> Record:
        """Store a new record and answer it."""
        guid = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        kept = _kept(document)
        query = "INSERT INTO marketo_objects (kind, guid, created_at, updated_at, fields) VALUES (?, ?, ?, ?, ?)"
        number = self.db.execute(query, (self._name, guid, now, now, json.dumps(kept))).lastrowid or 0
        self._index(number, kept)
        return Record(number, guid, now, now, kept)

    def change(self, record: Record, document: Mapping[str, Value], now: int) -> Record:
        """Write some fields of a record, null empties one, and answer what it has become."""
        kept = _kept({**record.document, **document})
        query = "UPDATE marketo_objects SET updated_at = ?, fields = ? WHERE number = ?"
        self.db.execute(query, (now, json.dumps(kept), record.number))
        self._index(record.number, kept)
        return Record(record.number, record.guid, record.created_at, now, kept)

    def remove(self, record: Record) -> None:
        """Delete a record."""
        self.db.execute("DELETE FROM marketo_objects WHERE number = ?", (record.number,))
        self._index(record.number, {})

    def _numbered(self, values: list[Value]) -> list[Record]:
        query = """
        SELECT * FROM marketo_objects WHERE kind = ? AND number IN (SELECT value FROM json_each(?)) ORDER BY number
        """
        return [_record(row) for row in self.db.execute(query, (self._name, json.dumps(values)))]

    def _guided(self, values: list[Value]) -> list[Record]:
        query = """
        SELECT * FROM marketo_objects WHERE kind = ? AND guid IN (SELECT value FROM json_each(?)) ORDER BY number
        """
        return [_record(row) for row in self.db.execute(query, (self._name, json.dumps(values)))]

    def _index(self, number: int, document: Mapping[str, Value]) -> None:
        self.db.execute("DELETE FROM marketo_object_keys WHERE number = ?", (number,))
        rows = [
            (self._name, ",".join(key), _value(key, document), number)
            for key in self.kind.keys
            if all(document.get(name) is not None for name in key)
        ]
        self.db.executemany("INSERT INTO marketo_object_keys VALUES (?, ?, ?, ?)", rows)


def _value(key: tuple[str, ...], document: Mapping[str, Value]) -> str:
    """Answer one text for the values of a key, the same whatever the case of the letters."""
    return "\t".join(str(document[name]).strip().lower() for name in key)


def _kept(document: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in document.items() if value is not None}


def _record(row: sqlite3.Row) -> Record:
    return Record(row["number"], row["guid"], row["created_at"], row["updated_at"], json.loads(row["fields"]))
