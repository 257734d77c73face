"""A query answers the rows that the same condition lets through in Python, in the order that it asks for."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline_sim.salesforce import changes
from syncline_sim.salesforce.soql.syntax import Name, Order, Query
from syncline_sim.world import World
from tests.sim.salesforce.conftest import ask
from tests.sim.salesforce.soql import sense, written


@st.composite
def queries(draw: st.DrawFn, name: str) -> Query:
    """A query for some fields of records, or of their parents, that it filters, sorts and cuts."""
    paths = sorted(sense.KINDS[name])
    selected = draw(st.lists(st.sampled_from(paths), unique=True, max_size=4))
    sortable = [path for path in paths if sense.KINDS[name][path] != "choices"]
    orders = st.builds(Order, st.sampled_from(sortable).map(Name), st.booleans(), st.booleans())
    return Query(
        fields=(Name("Id"), *map(Name, selected)),
        object=Name(name),
        where=draw(st.none() | sense.conditions(name)),
        order=(*draw(st.lists(orders, max_size=2)), Order(Name("Id"))),  # So that equal ones have one order.
        limit=draw(st.none() | st.integers(0, sense.COUNT)),
        offset=draw(st.integers(0, sense.COUNT)),
    )


def expected(query: Query, records: list[sense.Record]) -> list[list[Any]]:
    """Answer the rows that a query should have."""
    passing = [record for record in records if query.where is None or sense.holds(query.where, record)]
    for order in reversed(query.order):
        path = order.field.text if isinstance(order.field, Name) else ""
        known = [record for record in passing if record[path] is not None]
        unknown = [record for record in passing if record[path] is None]
        # Ids are compared with their case, all other texts without.
        known.sort(
            key=lambda record: record[path] if path == "Id" else sense.plain(record[path]), reverse=order.descending
        )
        passing = known + unknown if order.nulls_last else unknown + known
    end = None if query.limit is None else query.offset + query.limit
    paths = [field.text for field in query.fields if isinstance(field, Name)]
    return [[record[path] for path in paths] for record in passing[query.offset : end]]


def row(record: sense.Record, query: Query) -> list[Any]:
    """Answer what a record holds at the paths that were selected."""
    found = []
    for field in query.fields:
        value: Any = record
        for step in field.text.split(".") if isinstance(field, Name) else ():
            value = value[step] if value else None
        found.append(value)
    return found


@pytest.mark.parametrize("examples", [15, pytest.param(400, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", sorted(sense.KINDS))
def test_rows(name: str, examples: int) -> None:
    """Random queries find what Python finds."""
    world, records = sense.small_world()

    @settings(max_examples=examples, deadline=None)
    @given(queries(name))
    def same(query: Query) -> None:
        found = ask(world, written.query(query))
        assert [row(record, query) for record in found] == expected(query, records[name])

    same()


@pytest.mark.parametrize(
    ("order", "titles"),
    [
        ("Title", [None, "a", "B"]),
        ("Title DESC", [None, "B", "a"]),
        ("Title NULLS LAST", ["a", "B", None]),
        ("Title DESC NULLS LAST", ["B", "a", None]),
    ],
)
def test_order(world: World, order: str, titles: list[str | None]) -> None:
    """Nulls come first and case does not matter."""
    for title in ("B", None, "a"):
        changes.create_record(world, "Lead", {"LastName": "X", "Company": "Y", "Title": title})
    assert [record["Title"] for record in ask(world, "SELECT Title FROM Lead ORDER BY", order)] == titles


@pytest.mark.parametrize(
    ("condition", "titles"),
    [
        (r"Title LIKE '100\%'", ["100%"]),
        (r"Title LIKE '100_'", ["100%", "1000"]),
        (r"Title LIKE 'A\_B'", ["a_b"]),
        (r"Title LIKE 'it\'%'", ["it's"]),
        (r"Title = '\u0061\u005fb'", ["a_b"]),
        ("Title = ''", [None]),
        ("Title != ''", ["100%", "1000", "a_b", "axb", "it's"]),
        ("Title IN ('', 'AXB')", ["axb", None]),
        ("NOT Title LIKE '%'", [None]),
        ("Title > 'a' AND (NOT Title = 'axb')", ["a_b", "it's"]),
    ],
)
def test_texts(world: World, condition: str, titles: list[str | None]) -> None:
    """Protected jokers are plain letters, escapes are what they stand for, and the empty text is null."""
    for title in ("100%", "1000", "a_b", "axb", "it's", None):
        changes.create_record(world, "Lead", {"LastName": "X", "Company": "Y", "Title": title})
    assert [record["Title"] for record in ask(world, "SELECT Title FROM Lead WHERE", condition)] == titles


@pytest.mark.slow
@pytest.mark.parametrize("word", ["OR", "AND"])
def test_long_condition(world: World, word: str) -> None:
    """A condition may have thousands of parts, and a list thousands of values."""
    changes.create_record(world, "Lead", {"LastName": "X", "Company": "Y", "NumberOfEmployees": 7})
    sign = "=" if word == "OR" else "!="
    parts = f" {word} ".join(f"NumberOfEmployees {sign} {number}" for number in range(2, 2000) if number != 7)
    last = f" {word} NumberOfEmployees = 7" if word == "OR" else ""
    assert len(ask(world, "SELECT Id FROM Lead WHERE", parts + last)) == 1
    values = ",".join(map(str, range(17_000)))
    assert len(ask(world, "SELECT Id FROM Lead WHERE NumberOfEmployees IN (", values, ")")) == 1
