"""Values made of many records: counts, sums and the like, in groups or of all."""

from typing import Any

import pytest

from syncline_sim.salesforce import changes, seeding
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.world import World
from tests.sim.salesforce.conftest import ask


def rows(world: World, *soql: str) -> list[dict[str, Any]]:
    """Answer the groups, of which each says that it is one."""
    found = ask(world, *soql)
    assert [row.pop("attributes") for row in found] == [{"type": "AggregateResult"}] * len(found)
    return found


def test_all(world: World, acme: dict[str, str]) -> None:
    """Without GROUP BY all records are one group, even if there is none; unnamed values are numbered."""
    soql = "SELECT COUNT(Id), MAX(Name) last, SUM(NumberOfEmployees), AVG(NumberOfEmployees) a, MIN(CreatedDate),"
    soql += " COUNT(Parent.Id), COUNT_DISTINCT(Industry), SUM(AnnualRevenue) FROM Account"
    assert rows(world, soql) == [
        {
            "expr0": 3,
            "last": "Empty",
            "expr1": 7,
            "a": 3.5,
            "expr2": "2026-02-01T00:00:00.000+0000",
            "expr3": 1,
            "expr4": 2,
            "expr5": 1000.5,
        }
    ]
    assert rows(world, "SELECT COUNT(Id) n, MAX(Name) m FROM Lead") == [{"n": 0, "m": None}]


def test_groups(world: World, acme: dict[str, str]) -> None:
    """Groups are filtered by HAVING and sorted by what they have in common or by values made of them."""
    soql = "SELECT Industry, COUNT(Id) n FROM Account GROUP BY Industry"
    energy, media = {"Industry": "Energy", "n": 2}, {"Industry": "Media", "n": 1}
    assert rows(world, soql, "ORDER BY COUNT(Id)") == [media, energy]
    assert rows(world, soql, "ORDER BY Industry DESC LIMIT 1 OFFSET 1") == [energy]
    assert rows(world, soql, "HAVING COUNT(Id) > 1 AND Industry LIKE 'e%'") == [energy]
    assert rows(world, soql, "HAVING NOT (MAX(Name) >= 'Empty' OR Industry IN ('x'))") == [energy]
    soql = "SELECT Account.Name who, Account.Industry FROM Contact WHERE Title != 'CEO'"
    assert rows(world, soql, "GROUP BY Account.Name, Account.Industry ORDER BY Account.Name NULLS LAST") == [
        {"who": "Acme", "Industry": "Energy"},
        {"who": "Branch", "Industry": "Energy"},
        {"who": None, "Industry": None},
    ]


def test_parts_of_dates(world: World, acme: dict[str, str]) -> None:
    """Parts of a date are those of UTC, and records are grouped and found by them."""
    parts = {
        "CALENDAR_YEAR": 2026,
        "CALENDAR_QUARTER": 2,
        "CALENDAR_MONTH": 4,
        "DAY_IN_MONTH": 1,
        "DAY_IN_WEEK": 4,
        "DAY_IN_YEAR": 91,
        "WEEK_IN_MONTH": 1,
        "WEEK_IN_YEAR": 13,
        "HOUR_IN_DAY": 7,
        "FISCAL_YEAR": 2026,
        "FISCAL_QUARTER": 2,
        "FISCAL_MONTH": 4,
    }
    calls = [f"{name}(CreatedDate)" for name in parts]
    selected = ", ".join(f"{call} v{number}" for number, call in enumerate(calls))
    soql = f"SELECT {selected}, DAY_ONLY(CreatedDate) d, COUNT(Id) n FROM Contact"  # noqa: S608 - SOQL
    soql += f" GROUP BY {', '.join(calls)}, DAY_ONLY(CreatedDate)"
    values = {f"v{number}": value for number, value in enumerate(parts.values())}
    assert rows(world, soql) == [{**values, "d": "2026-04-01", "n": 4}]
    assert len(ask(world, "SELECT Id FROM Contact WHERE DAY_ONLY(CreatedDate) = 2026-04-01")) == 4
    assert not ask(world, "SELECT Id FROM Contact WHERE CALENDAR_MONTH(CreatedDate) = 3")
    changes.create_record(world, "Contact", {"LastName": "Eve", "Birthdate": "2001-12-31"})
    assert rows(world, "SELECT CALENDAR_YEAR(Birthdate) y FROM Contact GROUP BY CALENDAR_YEAR(Birthdate)") == [
        {"y": None},
        {"y": 2001},
    ]


def test_too_many_groups(world: World) -> None:
    """Groups come on one page or not at all."""
    seeding.seed(world, 2001, 0)
    with pytest.raises(SalesforceError, match="EXCEEDED_ID_LIMIT"):
        ask(world, "SELECT Id, COUNT(Name) FROM Lead GROUP BY Id")
    assert len(ask(world, "SELECT Id, COUNT(Name) FROM Lead GROUP BY Id LIMIT 2000")) == 2000


@pytest.mark.parametrize(
    ("soql", "code", "words"),
    [
        ("SELECT Name FROM Lead GROUP BY Title", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
        ("SELECT Id, COUNT(Name) FROM Lead", "MALFORMED_QUERY", "Field must be grouped or aggregated: Id"),
        ("SELECT COUNT(Id) FROM Lead ORDER BY Name", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
        ("SELECT COUNT(Id) FROM Lead WHERE COUNT(Id) > 1", "MALFORMED_QUERY", "Aggregate functions are not allowed"),
        ("SELECT COUNT(Id) FROM Lead HAVING COUNT(Id) > 1", "MALFORMED_QUERY", "unexpected token: 'HAVING'"),
        ("SELECT COUNT(Id) n, MAX(Id) n FROM Lead", "MALFORMED_QUERY", "duplicate alias: n"),
        ("SELECT COUNT(), Id FROM Lead", "MALFORMED_QUERY", "expecting 'FROM', found ','"),
        ("SELECT COUNT() FROM Lead ORDER BY Id", "MALFORMED_QUERY", "COUNT() takes no ORDER BY"),
        ("SELECT COUNT(DoNotCall) FROM Lead", "MALFORMED_QUERY", "field DoNotCall does not support aggregate operator"),
        ("SELECT SUM(Name) FROM Lead", "MALFORMED_QUERY", "field Name does not support aggregate operator SUM"),
        ("SELECT MAX(Nope) FROM Lead", "INVALID_FIELD", "No such column 'Nope'"),
        ("SELECT MEDIAN(Score__c) FROM Lead", "MALFORMED_QUERY", "unexpected token: 'MEDIAN'"),
        ("SELECT COUNT(Id) FROM Lead GROUP BY Score__c", "INVALID_FIELD", "field 'Score__c' can not be grouped"),
        ("SELECT HOUR_IN_DAY(Contract_End__c) FROM Lead GROUP BY Id", "MALFORMED_QUERY", "HOUR_IN_DAY"),
        ("SELECT FIELDS(ALL) FROM Lead GROUP BY Id LIMIT 1", "MALFORMED_QUERY", "not supported with GROUP BY"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account GROUP BY Id", "MALFORMED_QUERY", "child relationships"),
        ("SELECT (SELECT COUNT(Id) FROM Contacts) FROM Account", "MALFORMED_QUERY", "not supported in nested queries"),
        (
            "SELECT COUNT(Id) FROM Contact GROUP BY AccountId HAVING AccountId IN (SELECT Id FROM Account)",
            "MALFORMED_QUERY",
            "only supported in WHERE",
        ),
    ],
)
def test_errors(world: World, soql: str, code: str, words: str) -> None:
    """A wrong query is refused in the vendor's words, and shown where it is wrong."""
    with pytest.raises(SalesforceError, match=code) as caught:
        ask(world, soql)
    assert words in caught.value.message
    assert "\nERROR at Row:1:Column:" in caught.value.message
