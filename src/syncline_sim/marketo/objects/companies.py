"""What a company gives to its people: whoever has its external id has the values of its fields as their own."""

import sqlite3

from syncline_sim.marketo.objects.records import Record, Records
from syncline_sim.marketo.objects.types import COMPANY
from syncline_sim.marketo.people import People
from syncline_sim.marketo.values import Value

LINK = "externalCompanyId"


def values_for(db: sqlite3.Connection, external_id: Value) -> dict[str, Value]:
    """Answer what somebody gets who is put into a company: nothing if there is no such company."""
    found = Records(db, COMPANY).find((LINK,), [{LINK: external_id}])
    return _inherited(found[0]) if found else {}


def spread(records: Records, company: Record, now: int) -> None:
    """Give the values of a company to all its people."""
    people = People(records.db)
    inherited = _inherited(company)
    for person in people.find(people.fields[LINK], company.document[LINK]):
        if any(person.document.get(name) != value for name, value in inherited.items()):
            people.change(person, inherited, now)


def _inherited(company: Record) -> dict[str, Value]:
    names = [one.name for one in COMPANY.own_fields if one.name not in (LINK, "externalSalesPersonId")]
    return {name: company.document.get(name) for name in names}
