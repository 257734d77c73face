"""The records of a large org: dealt out by SQLite from a deck of those that were made one by one.

Law: a record follows from the deck and its number alone, in whatever slices and order records are dealt. It is put
together from two cards, a person with its phones and an address with the rest; what carries a number carries its own.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from syncline_sim.salesforce import ids, stamps

if TYPE_CHECKING:
    import sqlite3

    from syncline_sim.salesforce.objects import ObjectSpec
    from syncline_sim.salesforce.seeded_records import Seeds

#: How many records are made one by one.
DECK = 5000
#: Primes, so that the same two cards meet again only after 24 million records.
_ONES, _OTHERS = 4999, 4993
_SLICE = 2000

_PERSON = (
    *("LastName", "FirstName", "Salutation", "Title", "Phone", "MobilePhone", "Fax", "Description", "LeadSource"),
    *("OwnerId", "HasOptedOutOfEmail", "DoNotCall", "LastActivityDate", "Score__c", "Region__c", "Newsletter__c"),
)
_OF_ONE = {"Account": ("Name", "Website", "Phone"), "Contact": _PERSON, "Lead": _PERSON}
_COMMON = {
    "CreatedDate": "n.created",
    "LastModifiedDate": stamps.CHANGED_SQL,
    "SystemModstamp": stamps.CHANGED_SQL,
    "Legacy_Id__c": """substr(one."Legacy_Id__c", 1, 2) || printf('%08d', n.number)""",
}
_EMAIL = """replace(one."Email", '.' || one.number || '@', '.' || n.number || '@')"""
_OWN: Mapping[str, Mapping[str, str]] = {
    "Account": {"AccountNumber": "printf('%07d', n.number)"},
    "Contact": {
        "Email": _EMAIL,
        "AccountId": f"""iif(other."AccountId" IS NULL, NULL, {ids.sql("001", "n.account")})""",
        "ReportsToId": f"""iif(other."ReportsToId" IS NULL, NULL, {ids.sql("003", "n.boss")})""",
    },
    "Lead": {
        "Email": _EMAIL,
        "Profile__c": """replace(other."Profile__c", '/l/' || other.number, '/l/' || n.number)""",
    },
}


def deal(db: "sqlite3.Connection", spec: "ObjectSpec", numbers: range, seeds: "Seeds") -> Iterator[int]:
    """Write the records that follow those of the deck, bit by bit, and answer how many each bit has written."""
    deck, rest = numbers[:DECK], numbers[DECK:]
    if not rest:
        return
    # In a table of its own, since SQLite first sets aside all that is read from the table into which it writes.
    db.execute("DROP TABLE IF EXISTS temp.salesforce_deck")
    db.execute("CREATE TEMP TABLE salesforce_deck (number INTEGER PRIMARY KEY, " + _columns(spec, "") + ")")
    named = _columns(spec, '"number", ')
    query = f"INSERT INTO temp.salesforce_deck ({named}) SELECT {named} FROM {spec.table} WHERE number BETWEEN ? AND ?"  # noqa: S608 - ours
    db.execute(query, (deck.start, deck.stop - 1))
    ids.prepare_sql(db)
    given: dict[str, Any] = {
        **stamps.spread(len(numbers)),
        "org": seeds.org,
        "first": numbers.start,
        "accounts": len(seeds.accounts),
        "account": seeds.accounts.start,
        "one": seeds.number(0, _ONES),
        "other": seeds.number(0, _OTHERS),
    }
    sql = _statement(spec)
    for begin in range(rest.start, rest.stop, _SLICE):
        end = min(begin + _SLICE, rest.stop)
        db.execute(sql, {**given, "begin": begin, "last": end - 1})
        yield end - begin
    db.execute("DROP TABLE temp.salesforce_deck")


def _columns(spec: "ObjectSpec", head: str) -> str:
    return head + ", ".join(f'"{field.name}"' for field in spec.fields if not field.computed)


def _statement(spec: "ObjectSpec") -> str:
    own = {"Id": ids.sql(spec.key_prefix, "n.number"), **_COMMON, **_OWN[spec.name]}
    values = ", ".join(
        own.get(field.name) or f'{"one" if field.name in _OF_ONE[spec.name] else "other"}."{field.name}"'
        for field in spec.fields
        if not field.computed
    )
    return f"""
    WITH RECURSIVE counted (number) AS (
        SELECT :begin UNION ALL SELECT number + 1 FROM counted WHERE number < :last
    ),
    drawn AS MATERIALIZED (
        SELECT number, number - :first AS place,
               :first + (number * 7919 + :one) % {_ONES} AS one,
               :first + (number * 104729 + :other) % {_OTHERS} AS other,
               :account + number * 31337 % :accounts AS account,
               :first + number * 15485863 % (number - :first) AS boss
        FROM counted
    ),
    n AS MATERIALIZED (SELECT *, {stamps.CREATED_SQL} AS created FROM drawn)
    INSERT INTO {spec.table} ("number", "org", {_columns(spec, "")})
    SELECT n.number, :org, {values}
    FROM n
    CROSS JOIN temp.salesforce_deck AS one ON one.number = n.one
    CROSS JOIN temp.salesforce_deck AS other ON other.number = n.other
    """  # noqa: S608 - built from our own declarations
