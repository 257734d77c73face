"""Converting a lead: an account and a contact come of it, or it goes into ones that there are.

Facts: standard fields go where the vendor's help says, and in records that were there only empty fields are filled;
the lead stays, says what has become of it, and is read-only from then on
(https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_convertlead.htm). This org has no
opportunities, so none is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from syncline_sim.salesforce import changes, kept, objects
from syncline_sim.salesforce.changes import Stamp
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.savepoints import Savepoint
from syncline_sim.salesforce.soql.literals import TIME_ZONE

if TYPE_CHECKING:
    import sqlite3

    from syncline_sim.salesforce.orgs import User
    from syncline_sim.world import World

#: The only status of this org that converted leads have.
CONVERTED_STATUS = "Closed - Converted"
#: "View and Edit Converted Leads".
EDIT_PERMISSION = "AllowViewEditConvertedLeads"
_PLACES = ("Street", "City", "State", "PostalCode", "Country")
_TO_ACCOUNT: Mapping[str, str] = {
    "Company": "Name",
    **{place: f"Billing{place}" for place in _PLACES},
    **{name: name for name in ("Phone", "Website", "Industry", "Rating", "AnnualRevenue", "NumberOfEmployees")},
    "Region__c": "Region__c",
}
_SAME_IN_CONTACT = (
    *("LastName", "FirstName", "Salutation", "Title", "Phone", "MobilePhone", "Fax", "Email", "Description"),
    *("LeadSource", "HasOptedOutOfEmail", "DoNotCall", "Score__c", "Region__c", "Newsletter__c"),
)
_TO_CONTACT: Mapping[str, str] = {
    **{name: name for name in _SAME_IN_CONTACT},
    **{place: f"Mailing{place}" for place in _PLACES},
}


@dataclass(frozen=True, slots=True)
class Order:
    """What a conversion is asked to do; an id that is empty is one of a record that is to be made."""

    lead_id: str
    converted_status: str = CONVERTED_STATUS
    account_id: str = ""
    contact_id: str = ""
    owner_id: str = ""
    overwrite_lead_source: bool = False


@dataclass(frozen=True, slots=True)
class Converted:
    """What has become of a lead."""

    lead_id: str
    account_id: str
    contact_id: str


def convert(world: "World", order: Order, stamp: Stamp = None, *, user_id: str = "", org_id: str = "") -> Converted:
    """Convert a lead, of any org unless one is named; raises `SalesforceError`."""
    lead = kept.find(world, objects.find("Lead"), order.lead_id, org_id=org_id)
    if lead["IsConverted"]:
        raise refusal()
    if order.converted_status != CONVERTED_STATUS:
        message = f"invalid convertedStatus: {order.converted_status}"
        raise SalesforceError(400, "INVALID_STATUS", message, ("Status",))
    if order.contact_id and not order.account_id:
        raise SalesforceError(
            400, "REQUIRED_FIELD_MISSING", "A contact needs the account that it is in", ("AccountId",)
        )
    with Savepoint(world.db):
        work = _Work(world, lead, order, stamp, user_id)
        account_id = work.account()
        contact_id = work.contact(account_id)
        work.close(account_id, contact_id)
    return Converted(lead["Id"], account_id, contact_id)


def check_writable(world: "World", user: "User", lead_id: str) -> None:
    """Refuse to let a user change a lead that has been converted; raises `SalesforceError`."""
    query = 'SELECT "IsConverted" FROM salesforce_record_lead WHERE "Id" = ?'
    row = world.db.execute(query, (lead_id,)).fetchone()
    if row and row[0] and not user.may(EDIT_PERMISSION):
        raise refusal()


def refusal() -> SalesforceError:
    """Answer how a converted lead is refused."""
    return SalesforceError(400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", ())


class _Work:
    """The writes of one conversion."""

    def __init__(self, world: "World", lead: "sqlite3.Row", order: Order, stamp: Stamp, user_id: str) -> None:
        self._world, self._lead, self._order = world, lead, order
        self._stamp, self._user_id = stamp, user_id
        self._owner = {"OwnerId": order.owner_id or lead["OwnerId"]}

    def account(self) -> str:
        """Make the account, or fill in the one that there is, and answer its id."""
        values = self._mapped("Account", _TO_ACCOUNT)
        if not self._order.account_id:
            return self._make("Account", {**values, **self._owner})
        return self._fill("Account", self._find("Account", self._order.account_id), values)

    def contact(self, account_id: str) -> str:
        """Make the contact, or fill in the one that there is, and answer its id."""
        values = self._mapped("Contact", _TO_CONTACT)
        if not self._order.contact_id:
            return self._make("Contact", {**values, **self._owner, "AccountId": account_id})
        found = self._find("Contact", self._order.contact_id)
        if found["AccountId"] != account_id:
            raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ("AccountId",))
        forced = {"LeadSource": self._lead["LeadSource"]} if self._order.overwrite_lead_source else {}
        return self._fill("Contact", found, values, forced)

    def close(self, account_id: str, contact_id: str) -> None:
        """Let the lead say what has become of it."""
        moment = changes.moment_of(self._world, self._stamp)
        outcome = {
            "Status": self._order.converted_status,
            "IsConverted": True,
            "ConvertedDate": str(datetime.fromtimestamp(moment, ZoneInfo(TIME_ZONE)).date()),
            "ConvertedAccountId": account_id,
            "ConvertedContactId": contact_id,
        }
        changes.change_record(self._world, "Lead", self._lead["Id"], outcome, self._stamp, user_id=self._user_id)

    def _mapped(self, name: str, fields: Mapping[str, str]) -> dict[str, Any]:
        """Answer what the lead has to give, under the names of the other object."""
        spec = objects.find(name)
        given = {to: self._lead[of] for of, to in fields.items() if self._lead[of] is not None}
        return {to: bool(v) if spec.by_name[to.lower()].type == "boolean" else v for to, v in given.items()}

    def _find(self, name: str, record_id: str) -> "sqlite3.Row":
        return kept.find(self._world, objects.find(name), record_id, org_id=self._lead["org_id"])

    def _make(self, name: str, values: Mapping[str, Any]) -> str:
        who = {"org_id": self._lead["org_id"], "user_id": self._user_id}
        return changes.create_record(self._world, name, values, self._stamp, **who)

    def _fill(
        self, name: str, found: "sqlite3.Row", values: Mapping[str, Any], forced: Mapping[str, Any] | None = None
    ) -> str:
        record_id = str(found["Id"])
        new = {**{to: value for to, value in values.items() if found[to] is None}, **(forced or {})}
        if new:
            changes.change_record(self._world, name, record_id, new, self._stamp, user_id=self._user_id)
        return record_id
