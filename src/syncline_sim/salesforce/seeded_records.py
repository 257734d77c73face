"""What stands in seeded records: people who could exist, with gaps as in any real org."""

import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any, TypeVar

from syncline_sim.salesforce import common_fields, ids, people_names
from syncline_sim.salesforce.account_fields import TYPES
from syncline_sim.salesforce.lead_fields import PRODUCTS, STATUSES
from syncline_sim.salesforce.stamps import SINCE, UNTIL

Row = dict[str, Any]
T = TypeVar("T")

_RARELY, _SOMETIMES, _OFTEN, _MOSTLY = 0.04, 0.3, 0.6, 0.95


@dataclass
class Seeds:
    """Where records grow from: chance, the org, its users, and the accounts that contacts belong to."""

    random: random.Random
    org: int
    users: Sequence[str]
    accounts: range = field(default=range(0))

    def one(self, choices: Sequence[T]) -> T:
        """Answer one of the choices."""
        return choices[int(self.random.random() * len(choices))]

    def maybe(self, chance: float, choices: Sequence[T]) -> T | None:
        """Answer one of the choices, or nothing."""
        return self.one(choices) if self.random.random() < chance else None

    def happens(self, chance: float) -> bool:
        """Whether something happens that has this chance."""
        return self.random.random() < chance

    def number(self, low: int, high: int) -> int:
        """Answer a number, `high` not among them; quicker than `randrange`."""
        return low + int(self.random.random() * (high - low))


def lead(seeds: Seeds, number: int) -> Row:
    """Answer the fields of a lead that are its own."""
    company = _company(seeds)
    return {
        **_person(seeds, number),
        **_address("", seeds),
        "Company": company,
        "Website": _site(company) if seeds.happens(_OFTEN) else None,
        "Status": seeds.one(STATUSES),
        "Industry": seeds.maybe(_OFTEN, common_fields.INDUSTRIES),
        "Rating": seeds.maybe(_OFTEN, common_fields.RATINGS),
        "AnnualRevenue": float(seeds.number(1, 5000) * 10_000) if seeds.happens(_OFTEN) else None,
        "NumberOfEmployees": seeds.number(1, 5000) if seeds.happens(_OFTEN) else None,
        "IsConverted": 0,
        "ConvertedDate": None,
        "ConvertedAccountId": None,
        "ConvertedContactId": None,
        "IsUnreadByOwner": int(seeds.happens(_SOMETIMES)),
        "Birth_Year__c": seeds.number(1950, 2004) if seeds.happens(_SOMETIMES) else None,
        "Product_Interest__c": ";".join(PRODUCTS[: seeds.number(1, 4)]) if seeds.happens(_SOMETIMES) else None,
        "Win_Probability__c": float(seeds.number(0, 101)) if seeds.happens(_OFTEN) else None,
        "Last_Demo__c": seeds.number(SINCE, UNTIL) if seeds.happens(_SOMETIMES) else None,
        "Contract_End__c": _day(seeds.number(9_000, 12_000)) if seeds.happens(_SOMETIMES) else None,
        "Legacy_Id__c": f"L-{number:08d}",
        "Profile__c": f"https://profiles.example.org/l/{number}" if seeds.happens(_SOMETIMES) else None,
    }


def contact(seeds: Seeds, number: int) -> Row:
    """Answer the fields of a contact that are its own."""
    boss = seeds.number(1, number) if number > 1 and seeds.happens(_SOMETIMES) else 0
    return {
        **_person(seeds, number),
        **_address("Mailing", seeds),
        "AccountId": ids.make("001", seeds.one(seeds.accounts)) if seeds.happens(_MOSTLY) else None,
        "HomePhone": _phone(seeds, _RARELY),
        "ReportsToId": ids.make("003", boss) if boss else None,
        "Department": seeds.maybe(_OFTEN, people_names.DEPARTMENTS),
        "Birthdate": _day(seeds.number(-7_000, 12_000)) if seeds.happens(_SOMETIMES) else None,
        "Preferred_Language__c": seeds.maybe(_SOMETIMES, common_fields.LANGUAGES),
        "Lifetime_Value__c": seeds.number(0, 1_000_000) / 100 if seeds.happens(_OFTEN) else None,
        "Loyalty_Points__c": seeds.number(0, 10_000) if seeds.happens(_OFTEN) else None,
        "Last_Webinar__c": seeds.number(SINCE, UNTIL) if seeds.happens(_SOMETIMES) else None,
        "Legacy_Id__c": f"C-{number:08d}",
    }


def account(seeds: Seeds, number: int) -> Row:
    """Answer the fields of an account that are its own."""
    name = _company(seeds)
    return {
        **_address("Billing", seeds),
        "Name": name,
        "Type": seeds.maybe(_OFTEN, TYPES),
        "ParentId": None,
        "Phone": _phone(seeds, _OFTEN),
        "AccountNumber": f"{number:07d}",
        "Website": _site(name) if seeds.happens(_OFTEN) else None,
        "Sic": str(seeds.number(1000, 9999)) if seeds.happens(_SOMETIMES) else None,
        "Industry": seeds.maybe(_MOSTLY, common_fields.INDUSTRIES),
        "AnnualRevenue": float(seeds.number(1, 5000) * 10_000) if seeds.happens(_OFTEN) else None,
        "NumberOfEmployees": seeds.number(1, 5000) if seeds.happens(_OFTEN) else None,
        "Description": None,
        "Rating": seeds.maybe(_OFTEN, common_fields.RATINGS),
        "OwnerId": seeds.one(seeds.users),
        "LastActivityDate": None,
        "Region__c": seeds.maybe(_OFTEN, common_fields.REGIONS),
        "Legacy_Id__c": f"A-{number:08d}",
    }


def _person(seeds: Seeds, number: int) -> Row:
    first, last = seeds.one(people_names.FIRST), seeds.one(people_names.LAST)
    address = f"{_ascii(first)}.{_ascii(last)}.{number}@{seeds.one(people_names.DOMAINS)}"
    return {
        "LastName": last,
        "FirstName": first,
        "Salutation": seeds.maybe(_SOMETIMES, common_fields.SALUTATIONS),
        "Title": seeds.maybe(_OFTEN, people_names.TITLES),
        "Phone": _phone(seeds, _OFTEN),
        "MobilePhone": _phone(seeds, _SOMETIMES),
        "Fax": _phone(seeds, _RARELY),
        "Email": address if seeds.happens(_MOSTLY) else None,
        "Description": f"Met {first} at stand {number % 90}." if seeds.happens(_RARELY) else None,
        "LeadSource": seeds.maybe(_OFTEN, common_fields.SOURCES),
        "OwnerId": seeds.one(seeds.users),
        "HasOptedOutOfEmail": int(seeds.happens(_RARELY)),
        "DoNotCall": int(seeds.happens(_RARELY)),
        "LastActivityDate": None,
        "Score__c": seeds.number(0, 1000) / 10 if seeds.happens(_OFTEN) else None,
        "Region__c": seeds.maybe(_OFTEN, common_fields.REGIONS),
        "Newsletter__c": int(seeds.happens(_SOMETIMES)),
    }


def _address(prefix: str, seeds: Seeds) -> Row:
    city, state, postal_code, country = seeds.one(people_names.PLACES)
    street = f"{seeds.number(1, 300)} {seeds.one(people_names.STREETS)}" if seeds.happens(_OFTEN) else None
    return {
        f"{prefix}Street": street,
        f"{prefix}City": city,
        f"{prefix}State": state,
        f"{prefix}PostalCode": postal_code,
        f"{prefix}Country": country,
    }


def _company(seeds: Seeds) -> str:
    words = (people_names.COMPANY_HEADS, people_names.COMPANY_TAILS, people_names.COMPANY_FORMS)
    return " ".join(seeds.one(choices) for choices in words)


def _phone(seeds: Seeds, chance: float) -> str | None:
    return f"+1 {seeds.number(200, 999)} 555 01{seeds.number(0, 100):02d}" if seeds.happens(chance) else None


@cache
def _site(company: str) -> str:
    return f"https://{_ascii(company.rsplit(' ', 1)[0]).replace(' ', '-')}.example.com"


@cache
def _ascii(text: str) -> str:
    """Answer the letters that an address may have."""
    plain = (
        unicodedata.normalize("NFKD", text.replace("ß", "ss").translate(_LETTERS)).encode("ascii", "ignore").decode()
    )
    return plain.replace("'", "").lower()


@cache
def _day(number: int) -> str:
    """Answer a date by the number of days since 1970."""
    return str(date(1970, 1, 1) + timedelta(days=number))


_LETTERS = str.maketrans("ŁłØøıŻż", "LlOoiZz")
