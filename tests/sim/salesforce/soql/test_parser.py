"""SOQL is read: what is written is read back, and anything else is refused."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.soql.parser import parse
from syncline_sim.salesforce.soql.syntax import (
    Aliased,
    Call,
    Comparison,
    Constant,
    Fields,
    Group,
    Name,
    Order,
    Query,
    SemiJoin,
)
from tests.sim.salesforce.conftest import ask
from tests.sim.salesforce.soql import sense, written

WORDS = (
    *("SELECT", "Id", "(", ")", ",", "FROM", "Lead", "l", "WHERE", "=", "'x'", "5", "AND", "OR", "NOT", "IN", "LIKE"),
    *("COUNT", "MAX", "FIELDS", "ALL", "ROWS", "FOR", "VIEW", "null", "TODAY", "LAST_N_DAYS:3", "2026-01-01"),
    *("GROUP", "BY", "HAVING", "ORDER", "DESC", "NULLS", "LAST", "LIMIT", "OFFSET"),
)

names = st.sampled_from(["Id", "Name", "Owner.Name", "Account.Parent.Type", "Score__c"]).map(Name)
calls = st.builds(Call, st.sampled_from(["COUNT", "MAX", "AVG", "COUNT_DISTINCT", "CALENDAR_YEAR"]), names)
expressions = names | calls
aliased = st.builds(Aliased, expressions, st.sampled_from(["n", "total", "Standard"]))
fields = st.builds(Fields, st.sampled_from(["ALL", "STANDARD", "CUSTOM"]))
orders = st.lists(st.builds(Order, expressions, st.booleans(), st.booleans()), max_size=3).map(tuple)
having = st.builds(Comparison, calls, st.just(">"), st.just((Constant("number", "1"),)))


def queries(inner: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    """Queries that may hold others, among what they select and among their conditions."""
    joins = st.builds(SemiJoin, names, inner, st.booleans())
    conditions = sense.conditions("Lead")
    grouped = st.lists(expressions, min_size=1, max_size=2).map(tuple)
    return st.builds(
        Query,
        st.lists(expressions | aliased | fields | inner, max_size=3).map(tuple),
        st.just(Name("Lead")),
        st.none() | conditions | joins | st.builds(Group, st.just("AND"), st.tuples(conditions, joins)),
        orders,
        st.none() | st.integers(0, 10_000),
        st.integers(0, 2000),
        st.sampled_from(["", "l", "Lead2"]),
        all_rows=st.booleans(),
    ).flatmap(
        lambda query: st.just(query) | st.builds(replace, st.just(query), group=grouped, having=st.none() | having)
    )


@pytest.mark.parametrize("examples", [15, pytest.param(300, marks=pytest.mark.slow)])
def test_round_trip(examples: int) -> None:
    """What is written is read back."""

    @settings(max_examples=examples, deadline=None)
    @given(st.recursive(st.just(Query((Name("Id"),), Name("Contacts"))), queries, max_leaves=3))
    def same(wanted: Query) -> None:
        assert parse(written.query(wanted)) == wanted

    same()


@given(st.text(alphabet=st.sampled_from("SELECTFROMWHEREidLead(),='<>!&\\ \n019.:-_%é"), max_size=60))
def test_any_text(text: str) -> None:
    """Any text is read or refused."""
    with contextlib.suppress(SalesforceError):
        assert parse(text).object.text


@given(
    st.lists(
        st.sampled_from(WORDS),
        max_size=14,
    )
)
def test_any_words(words: list[str]) -> None:
    """Any words of SOQL are read, or even answered, or refused."""
    with contextlib.suppress(SalesforceError):
        ask(sense.small_world()[0], "SELECT Id FROM Lead", *words)


@pytest.mark.parametrize("depth", [40, 60, 5000])
@pytest.mark.parametrize(
    ("opening", "closing"), [("(", ")"), ("NOT (", ")"), ("Id IN (SELECT Id FROM Lead WHERE ", ")")]
)
def test_nesting(depth: int, opening: str, closing: str) -> None:
    """Very deep nesting is refused instead of breaking the parser."""
    depth = depth // 2 if "SELECT" in opening else depth  # Each of those is two levels.
    text = " ".join(["SELECT Id FROM Lead WHERE", opening * depth, "Id = null", closing * depth])
    if depth in (20, 40):
        assert parse(text).where
        return
    with pytest.raises(SalesforceError, match="MALFORMED_QUERY"):
        parse(text)


def test_longest() -> None:
    """A hundred thousand characters are a query, one more are not."""
    text = "SELECT Id FROM Lead".ljust(100_000)
    assert parse(text).object == Name("Lead")
    with pytest.raises(SalesforceError, match="MALFORMED_QUERY"):
        parse(f"{text} ")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT Id FROM Lead USING SCOPE everything WHERE Id = null",
        "SELECT Id FROM Lead WHERE Id = null FOR VIEW",
        "select Id from Lead where Id = NULL for reference",
    ],
)
def test_clauses_without_effect(text: str) -> None:
    """Some clauses change nothing about an answer, and case changes nothing about words."""
    assert parse(text) == parse("SELECT Id FROM Lead WHERE Id = null")
