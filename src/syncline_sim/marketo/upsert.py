"""Sync Leads: what happens to each record of one call (vendor page "Leads", "Create and Update")."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from syncline_sim.marketo import values
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.fields import PersonField
from syncline_sim.marketo.objects import companies
from syncline_sim.marketo.people import People, Person
from syncline_sim.marketo.values import Value

Action = Literal["createOrUpdate", "createOnly", "updateOnly", "createDuplicate"]
ACTIONS: tuple[Action, ...] = get_args(Action)


@dataclass(frozen=True, slots=True)
class Upsert:
    """One call; `race_window` is how long a new person stays invisible to other calls (0: not at all)."""

    people: People
    action: Action
    lookup: PersonField
    now: int
    company_closed: bool = False
    race_window: float = 0
    coerce: Callable[[PersonField, object], Value] = values.coerce_of_person

    def apply(self, records: list[Any]) -> list[dict[str, Any]]:
        """Write the records and answer their results in the same order."""
        mine: set[int] = set()  # What this very call created is seen by it at once, even inside the race window.
        results = []
        for record in records:
            try:
                results.append(self._write(record, mine))
            except VendorError as error:
                results.append(error.skipped)
        return results

    def _write(self, record: object, mine: set[int]) -> dict[str, Any]:
        document = self._document(record)
        found = [] if self.action == "createDuplicate" else self._find(document, mine)
        if self.action == "createOnly" and found:
            raise VendorError("1005")
        if len(found) > 1:
            raise VendorError("1007")
        if found:
            written = {name: value for name, value in document.items() if name != "id"}
            self.people.change(found[0], written, self.now)
            return {"id": found[0].id, "status": "updated"}
        if self.action == "updateOnly":
            raise VendorError("1004")
        person = self.people.add(document, self.now)
        mine.add(person)
        return {"id": person, "status": "created"}

    def _document(self, record: object) -> dict[str, Value]:
        if not isinstance(record, dict) or not record:
            raise VendorError("1003", "Invalid data")
        document = {name: self._value(name, sent) for name, sent in record.items()}
        company = document.get(companies.LINK)
        return document if company is None else {**document, **companies.values_for(self.people.db, company)}

    def _value(self, name: str, sent: object) -> Value:
        field = self.people.fields.get(name)
        if field is None:
            raise VendorError("1006", name)
        if name == "id":
            if self.action != "updateOnly" or self.lookup.name != "id":
                raise VendorError("1003", f"Field 'id' is not allowed with action '{self.action}'")
        elif field.read_only:
            raise VendorError("1003", f"Field '{name}' is read-only")
        if field.company and self.company_closed:
            raise VendorError("1021")
        return self.coerce(field, sent)

    def _find(self, document: Mapping[str, Value], mine: set[int]) -> list[Person]:
        value = document.get(self.lookup.name)
        if value is None and self.action == "createOnly":
            return []
        if value is None:
            raise VendorError("1003", f"Value for lookup field '{self.lookup.name}' not found")
        found = self.people.find(self.lookup, value)
        if not self.race_window:
            return found
        return [p for p in found if p.id in mine or p.created_at <= self.now - self.race_window]
