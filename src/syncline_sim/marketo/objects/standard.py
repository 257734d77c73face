"""The endpoints of companies, opportunities, roles and sales persons, which a native CRM sync closes."""

from collections.abc import Iterator

from syncline_sim.marketo.call import Call, Endpoint
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.objects import companies, doors
from syncline_sim.marketo.objects.records import Record, Records
from syncline_sim.marketo.objects.sync import Rules
from syncline_sim.marketo.objects.types import COMPANY, OPPORTUNITY, ROLE, SALES_PERSON, ObjectType
from syncline_sim.marketo.people import People
from syncline_sim.marketo.values import Value

_OWNER = "externalSalesPersonId"


def _need_owner(records: Records, document: dict[str, Value]) -> None:
    owner = document.get(_OWNER)
    if owner is not None and not Records(records.db, SALES_PERSON).find((_OWNER,), [{_OWNER: owner}]):
        raise VendorError("718")


def _need_both_ends(records: Records, document: dict[str, Value]) -> None:
    People(records.db).need(document["leadId"])
    key = OPPORTUNITY.dedupe_fields
    if not Records(records.db, OPPORTUNITY).find(key, [{key[0]: document[key[0]]}]):
        raise VendorError("1013")


def _need_no_leads(records: Records, owner: Record) -> None:
    people = People(records.db)
    if people.find(people.fields[_OWNER], owner.document[_OWNER]):
        raise VendorError("1022")


#: Path, what a role calls it, the kind, and what it adds to the rules of all.
_KINDS = (
    ("companies", "Company", COMPANY, Rules(check=_need_owner, follow=companies.spread)),
    ("opportunities", "Opportunity", OPPORTUNITY, Rules(check=_need_owner)),
    ("opportunities/roles", "Opportunity", ROLE, Rules(check=_need_both_ends)),
    ("salespersons", "Sales Person", SALES_PERSON, Rules(release=_need_no_leads)),
)


def _endpoints(path: str, noun: str, kind: ObjectType, rules: Rules) -> Iterator[Endpoint]:
    def records(call: Call) -> Records:
        return Records(call.world.db, kind)

    return doors.of(f"/rest/v1/{path}", noun, records, rules, closed_by_crm=True)


ENDPOINTS = tuple(endpoint for row in _KINDS for endpoint in _endpoints(*row))
