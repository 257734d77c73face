"""Writing and deleting records of any kind, up to 300 in one call (page "Lead Database")."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from syncline_sim.marketo import values
from syncline_sim.marketo.call import Call
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.objects.records import Record, Records
from syncline_sim.marketo.tables import transaction
from syncline_sim.marketo.values import Value

ACTIONS = ("createOrUpdate", "createOnly", "updateOnly")
BY = ("dedupeFields", "idField")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a kind adds to the rules of all: what must hold of a record, what follows, and what may not be deleted."""

    check: Callable[[Records, dict[str, Value]], None] = lambda _, __: None
    follow: Callable[[Records, Record, int], None] = lambda _, __, ___: None
    release: Callable[[Records, Record], None] = lambda _, __: None


@dataclass(frozen=True, slots=True)
class Sync:
    """One call that writes."""

    records: Records
    rules: Rules
    action: str
    by: str
    now: int
    chance: random.Random
    _seen: set[tuple[str, ...]] = field(default_factory=set)

    def write(self, sent: object) -> dict[str, Any]:
        """Write one record and say what was done; raises `VendorError`."""
        document = self._document(sent)
        key = key_of(self.records, self.by)
        named = {name: document.get(name) for name in key}
        for name, value in named.items():
            if value is None:
                raise VendorError("1002", name)
        same = tuple(str(value).lower() for value in named.values())
        if same in self._seen:
            raise VendorError("1036")
        self._seen.add(same)
        found = self.records.find(key, [named])
        if found and self.action == "createOnly":
            raise VendorError("1017")
        if not found and self.action == "updateOnly":
            raise VendorError("1013")
        record, status = (self._change(found[0], document), "updated") if found else (self._add(document), "created")
        self.rules.follow(self.records, record, self.now)
        return {**record.view([self.records.kind.id_field]), "status": status}

    def _document(self, sent: object) -> dict[str, Value]:
        if not isinstance(sent, dict) or not sent:
            raise VendorError("1003", "Invalid data")
        document = {}
        for name, value in sent.items():
            one = self.records.kind.field(name)
            if one.read_only and not (one.name == self.records.kind.id_field and self.by == "idField"):
                raise VendorError("1003", f"Field '{one.name}' is read-only")
            document[one.name] = values.coerce(one, value)
        return document

    def _change(self, record: Record, document: dict[str, Value]) -> Record:
        kept = {name: value for name, value in document.items() if name != self.records.kind.id_field}
        for name in self.records.kind.required:
            if name in kept and kept[name] is None:
                raise VendorError("1002", name)
        self.rules.check(self.records, {**record.document, **kept})
        return self.records.change(record, kept, self.now)

    def _add(self, document: dict[str, Value]) -> Record:
        for name in self.records.kind.required:
            if document.get(name) is None:
                raise VendorError("1002", name)
        self.rules.check(self.records, document)
        return self.records.add(document, self.now, self.chance)


def write(call: Call, records: Records, rules: Rules) -> dict[str, Any]:
    """Create or update records; one that is refused does not hinder the others."""
    document = call.document()
    action, by = _choice(document, "action", ACTIONS), _choice(document, "dedupeBy", BY)
    if by == "idField" and action != "updateOnly":
        raise VendorError("1003", f"dedupeBy 'idField' is not allowed with action '{action}'")
    sync = Sync(records, rules, action, by, int(call.world.now()), call.world.random)
    return _each(call, records, sync.write)


def delete(call: Call, records: Records, rules: Rules) -> dict[str, Any]:
    """Delete records; one that is not there or in use does not hinder the others."""
    key = key_of(records, _choice(call.document(), "deleteBy", BY))

    def remove(sent: object) -> dict[str, Any]:
        found = records.find(key, [named(records, key, sent)])
        if not found:
            raise VendorError("1013")
        rules.release(records, found[0])
        records.remove(found[0])
        return {**found[0].view([records.kind.id_field]), "status": "deleted"}

    return _each(call, records, remove)


def key_of(records: Records, by: str) -> tuple[str, ...]:
    """Answer the fields that a way of naming records means."""
    return records.kind.dedupe_fields if by == "dedupeFields" else (records.kind.id_field,)


def named(records: Records, key: tuple[str, ...], sent: object) -> dict[str, Value]:
    """Answer the values of a key in what was sent; raises `VendorError` 1001, 1002 or 1003."""
    if not isinstance(sent, dict):
        raise VendorError("1003", "Invalid data")
    lower = {str(name).lower(): value for name, value in sent.items()}
    for name in key:
        if lower.get(name.lower()) in (None, ""):
            raise VendorError("1002", name)
    return {name: values.coerce(records.kind.field(name), lower[name.lower()]) for name in key}


def _each(call: Call, records: Records, do: Callable[[object], dict[str, Any]]) -> dict[str, Any]:
    results: list[dict[str, Any]] = []
    with transaction(records.db):
        for seq, sent in enumerate(call.records()):
            try:
                results.append({"seq": seq, **do(sent)})
            except VendorError as error:
                results.append({"seq": seq, **error.skipped})
    return {"result": results}


def _choice(document: dict[str, Any], name: str, choices: tuple[str, ...]) -> str:
    choice = document.get(name) or choices[0]
    if choice not in choices:
        raise VendorError("1001", choice, name)
    return str(choice)
