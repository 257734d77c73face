"""The people of the instance: one JSON document each, indexed by the fields they have been looked up by."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from syncline_sim.marketo import fields, values
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.fields import PersonField
from syncline_sim.marketo.history import API, History
from syncline_sim.marketo.values import Value
from syncline_sim.marketo.webhooks.campaigns import Campaigns

#: In the order in which recorded traffic has them.
_DEFAULT_FIELDS = ("id", "firstName", "lastName", "email", "updatedAt", "createdAt")
#: Sorted, so that equal people are equal text: the digest and `changed nothing` depend on it.
_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class Person:
    """One person; `document` holds every field that is not null."""

    id: int
    created_at: int
    updated_at: int
    document: dict[str, Any]

    @property
    def name(self) -> str:
        """How a person is called where only a name is shown."""
        names = (self.document.get("firstName"), self.document.get("lastName"))
        return " ".join(str(name) for name in names if name) or str(self.document.get("email", ""))

    def view(self, names: Iterable[str], unset: Mapping[str, Value] | None = None) -> dict[str, Value]:
        """Answer the named fields; where there is nothing, what `unset` has for it, else null."""
        empty = unset or {}
        own: dict[str, Value] = {
            "id": self.id,
            "createdAt": values.stamp(self.created_at),
            "updatedAt": values.stamp(self.updated_at),
        }
        return {name: own[name] if name in own else self.document.get(name, empty.get(name)) for name in names}


class People:
    """The table of people, with the fields as they are at the moment; `source` says by what way they are changed."""

    def __init__(self, db: sqlite3.Connection, source: str = API) -> None:
        self.fields = fields.load(db)
        self.db = db
        self.history = History(db, source)
        self._campaigns = Campaigns(db)
        self._keys = [name for name, field in self.fields.items() if field.keyed]
        #: What was never set to true is false, and what is set to null is false again: recorded traffic.
        self._unset: dict[str, Value] = {
            name: False for name, field in self.fields.items() if field.data_type == "boolean"
        }

    def find(self, field: PersonField, value: Value) -> list[Person]:
        """Answer who has this value in this field, oldest first; letter case does not matter."""
        if field.name == "id":
            return self._people("SELECT * FROM marketo_people WHERE id = ?", (value,))
        if field.name not in self._keys:
            fields.key(self.db, field)
            self._keys.append(field.name)
        return self._people(
            """
            SELECT p.* FROM marketo_keys k JOIN marketo_people p ON p.id = k.person
            WHERE k.field = ? AND k.value = ? ORDER BY p.id
            """,
            (field.name, value),
        )

    def need(self, number: object) -> Person:
        """Answer the person with this id; raises `VendorError` 1001 or 1004."""
        if isinstance(number, bool) or not str(number).isdecimal():
            raise VendorError("1001", number, "integer")
        found = self.find(self.fields["id"], int(str(number)))
        if not found:
            raise VendorError("1004")
        return found[0]

    def names(self, wanted: Sequence[str]) -> list[str]:
        """Answer the names of the fields that are shown: `id` and what is wanted; raises `VendorError` 1006."""
        # Recorded traffic has the id also where it was not asked for, so clients rely on it.
        names = list(dict.fromkeys(("id", *(wanted or _DEFAULT_FIELDS))))
        for name in names:
            if name not in self.fields:
                raise VendorError("1006", name)
        return names

    def show(self, person: Person, names: Iterable[str]) -> dict[str, Value]:
        """Answer the named fields of a person as clients are told them."""
        return person.view(names, self._unset)

    def page(self, *, limit: int, offset: int) -> list[Person]:
        """Answer some people in the order of their arrival."""
        return self._people("SELECT * FROM marketo_people ORDER BY id LIMIT ? OFFSET ?", (limit, offset))

    def within(
        self, moment: Literal["createdAt", "updatedAt"], first: int, last: int, *, after: int = 0
    ) -> Iterator[Person]:
        """Answer one by one who was created, or last changed, in a span of time, by id after some id."""
        column = {"createdAt": "created_at", "updatedAt": "updated_at"}[moment]
        query = f"SELECT * FROM marketo_people WHERE id > ? AND {column} BETWEEN ? AND ? ORDER BY id"  # noqa: S608
        return map(_person, self.db.execute(query, (after, first, last)))

    def on_list(self, number: int, *, after: int = 0) -> Iterator[Person]:
        """Answer one by one who is on a static list, by id after some id."""
        query = """
        SELECT p.* FROM marketo_members m JOIN marketo_people p ON p.id = m.person
        WHERE m.list = ? AND m.person > ? ORDER BY m.person
        """
        return map(_person, self.db.execute(query, (number, after)))

    def add(self, document: Mapping[str, Value], now: int) -> int:
        """Store a new person and answer the id."""
        kept = {name: value for name, value in document.items() if value is not None}
        cursor = self.db.execute(
            "INSERT INTO marketo_people (created_at, updated_at, fields) VALUES (?, ?, ?)",
            (now, now, _encode(kept).decode()),
        )
        person = int(cursor.lastrowid or 0)
        self._index(person, {}, kept)
        self.history.begin(person, now)
        self._campaigns.created(person, now)
        return person

    def change(self, person: Person, document: Mapping[str, Value], now: int) -> None:
        """Write some fields of a person; null empties a field."""
        merged = {**person.document, **document}
        kept = {name: value for name, value in merged.items() if value is not None}
        self.db.execute(
            "UPDATE marketo_people SET updated_at = ?, fields = ? WHERE id = ?",
            (now, _encode(kept).decode(), person.id),
        )
        self._index(person.id, person.document, kept)
        self.history.change(person.id, self._changes(document, person.document, kept), now)
        changed = [name for name in document if person.document.get(name) != kept.get(name)]
        self._campaigns.changed(person.id, changed, now)

    def remove(self, person: Person, now: int) -> None:
        """Delete a person; the id is never used again."""
        self.take_away(person)
        self.history.end(person.id, person.name, now)

    def take_away(self, person: Person) -> None:
        """Take a person out of everything that there are people in, without a word about it."""
        self.db.execute("DELETE FROM marketo_people WHERE id = ?", (person.id,))
        self.db.execute("DELETE FROM marketo_members WHERE person = ?", (person.id,))
        self.db.execute("DELETE FROM marketo_program_members WHERE person = ?", (person.id,))
        self._index(person.id, person.document, {})

    def _changes(
        self, names: Iterable[str], before: Mapping[str, Value], after: Mapping[str, Value]
    ) -> Iterator[tuple[int, str, Value, Value]]:
        for name in names:
            old, new = before.get(name), after.get(name)
            if old != new:
                yield self.fields[name].number, self.fields[name].label, old, new

    def _people(self, query: str, parameters: tuple[Value, ...]) -> list[Person]:
        return [_person(row) for row in self.db.execute(query, parameters)]

    def _index(self, person: int, before: Mapping[str, Value], after: Mapping[str, Value]) -> None:
        for name in self._keys:
            old, new = before.get(name), after.get(name)
            if old == new:
                continue
            if old is not None:
                key = (name, old, person)
                self.db.execute("DELETE FROM marketo_keys WHERE field = ? AND value = ? AND person = ?", key)
            if new is not None:
                key = (name, new, person)
                self.db.execute("INSERT INTO marketo_keys (field, value, person) VALUES (?, ?, ?)", key)


def _person(row: sqlite3.Row) -> Person:
    return Person(row["id"], row["created_at"], row["updated_at"], _decode(row["fields"]))


def count(db: sqlite3.Connection) -> int:
    """Answer how many people there are."""
    return int(db.execute("SELECT count(*) FROM marketo_people").fetchone()[0])


def digest(db: sqlite3.Connection) -> str:
    """Answer a SHA-256 over what is known of all people, whatever the order and the time of their arrival."""
    total = hashlib.sha256()
    for line in _lines(db):
        total.update(line)
    return total.hexdigest()


def _lines(db: sqlite3.Connection) -> Iterator[bytes]:
    for row in db.execute("SELECT fields FROM marketo_people ORDER BY fields"):
        yield row["fields"].encode() + b"\n"
