"""SOQL: what is written is read back, and a filter lets through what the same filter in Python does."""

import contextlib
import functools
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline_sim.salesforce import changes, orgs, seeding, times
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.soql.parser import parse
from syncline_sim.salesforce.soql.syntax import Comparison, Condition, Constant, Group, Name, Not, Order, Query
from syncline_sim.world import World
from tests.sim.salesforce.conftest import ask

COUNT = 40
KINDS = {
    "FirstName": "string",
    "Region__c": "string",
    "Score__c": "number",
    "NumberOfEmployees": "number",
    "Newsletter__c": "boolean",
    "SystemModstamp": "datetime",
    "Contract_End__c": "date",
}
ESCAPES = {"'": r"\'", "\\": r"\\", "\n": r"\n", "%": "%", "_": "_"}
ORDERING: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@functools.cache
def small_world() -> tuple[World, list[dict[str, Any]]]:
    """Answer a world with a few leads, which nobody changes, and those leads."""
    world = World(seed=3)
    orgs.populate(world)
    seeding.seed(world, COUNT, 0)
    return world, changes.read_records(world, "Lead")


def escaped(text: str) -> str:
    """Answer a text as it stands between quotes in SOQL."""
    return "".join(ESCAPES.get(letter, letter) for letter in text)


def seen(name: str) -> st.SearchStrategy[Any]:
    """Values that stand in the records, null among them: only those make a filter interesting."""
    return st.sampled_from([record[name] for record in small_world()[1]])


def constant(name: str, value: Any) -> Constant:  # noqa: ANN401 - whatever a record holds
    """Answer a value of a record as SOQL writes it."""
    match KINDS[name]:
        case _ if value is None:
            return Constant("null", "null")
        case "string":
            return Constant("string", escaped(value))
        case "number":
            return Constant("number", str(value))
        case "boolean":
            return Constant("boolean", str(value).lower())
        case "datetime":
            return Constant("datetime", value.replace(".000+0000", "Z"))
        case _:
            return Constant("date", value)


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    """A comparison that makes sense for its field."""
    name = draw(st.sampled_from(sorted(KINDS)))
    operators = ["=", "!=", "IN", "NOT IN"]
    operators += [] if KINDS[name] == "boolean" else list(ORDERING)
    operators += ["LIKE"] if KINDS[name] == "string" else []
    operator = draw(st.sampled_from(operators))
    if operator in ("IN", "NOT IN"):
        values = draw(st.lists(seen(name), min_size=1, max_size=4))
    else:
        values = [draw(seen(name).filter(lambda v: v is not None or operator in ("=", "!=")))]
    if operator == "LIKE":
        letters = st.sampled_from([*values[0], "%", "_", "%", values[0].upper()])
        values = ["".join(draw(st.lists(letters, max_size=5))) or "%"]
    return Comparison(Name(name), operator, tuple(constant(name, value) for value in values))  # type: ignore[arg-type]


def conditions() -> st.SearchStrategy[Condition]:
    """Conditions of any depth."""
    return st.recursive(
        comparisons(),
        lambda inner: st.one_of(
            inner.map(Not),
            st.builds(Group, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3).map(tuple)),
        ),
        max_leaves=6,
    )


def write(condition: Condition) -> str:
    """Write a condition as SOQL."""
    match condition:
        case Not(inner):
            return f"NOT {write_inner(inner)}"
        case Group(word, parts):
            return f" {word} ".join(write_inner(part) for part in parts)
        case Comparison(field, operator, values):
            texts = [f"'{value.text}'" if value.kind == "string" else value.text for value in values]
            listed = f"({', '.join(texts)})" if operator in ("IN", "NOT IN") else texts[0]
            return f"{field.text} {operator} {listed}"


def write_inner(condition: Condition) -> str:
    """Write a part of a condition, in parentheses if it needs them."""
    return f"({write(condition)})" if isinstance(condition, Group) else write(condition)


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever a record holds
    """Answer what values are compared as: texts without the case of ASCII letters, by their bytes."""
    return value.encode().lower() if isinstance(value, str) else value


def meant(name: str, literal: Constant) -> Any:  # noqa: ANN401 - whatever a record holds
    """Answer what a literal is compared as."""
    match literal.kind:
        case "null":
            return None
        case "number":
            return float(literal.text)
        case "boolean":
            return literal.text == "true"
        case "datetime":
            return plain(times.stamp(times.seconds(literal.text)))
        case _:
            return plain(re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), literal.text))


def holds(condition: Condition, record: dict[str, Any]) -> bool:
    """Say whether a record passes, by nothing but Python."""
    match condition:
        case Not(inner):
            return not holds(inner, record)
        case Group("AND", parts):
            return all(holds(part, record) for part in parts)
        case Group(_, parts):
            return any(holds(part, record) for part in parts)
        case Comparison(field, operator, literals):
            return compares(operator, plain(record[field.text]), [meant(field.text, literal) for literal in literals])


def compares(operator: str, value: Any, values: list[Any]) -> bool:  # noqa: ANN401 - whatever a record holds
    """Say whether one value passes."""
    if operator in ("=", "IN", "!=", "NOT IN"):
        return (value in values) == (operator in ("=", "IN"))
    if value is None:
        return False
    if operator == "LIKE":
        pattern = re.escape(values[0].decode()).replace("%", ".*").replace("_", ".")
        return re.fullmatch(pattern, value.decode(), re.DOTALL) is not None
    return ORDERING[operator](value, values[0])


@given(conditions())
def test_filter(condition: Condition) -> None:
    """A filter lets through what Python does."""
    world, leads = small_world()
    found = ask(world, "SELECT Id FROM Lead WHERE", write(condition))
    assert [record["Id"] for record in found] == [lead["Id"] for lead in leads if holds(condition, lead)]


names = st.sampled_from(sorted(KINDS)).map(Name)
queries = st.builds(
    Query,
    st.lists(names, max_size=4).map(tuple),
    st.just(Name("Lead")),
    st.none() | conditions(),
    st.lists(st.builds(Order, names, st.booleans(), st.booleans()), max_size=3).map(tuple),
    st.none() | st.integers(0, 10_000),
    st.integers(0, 2000),
)


def write_query(wanted: Query) -> str:
    """Write a query as SOQL."""
    fields = ", ".join(name.text for name in wanted.fields) or "COUNT()"
    text = f"SELECT {fields}"
    text += f" FROM {wanted.object.text}"
    text += f" WHERE {write(wanted.where)}" if wanted.where else ""
    sorts = [write_order(order) for order in wanted.order]
    text += f" ORDER BY {', '.join(sorts)}" if sorts else ""
    text += f" LIMIT {wanted.limit}" if wanted.limit is not None else ""
    return text + (f" OFFSET {wanted.offset}" if wanted.offset else "")


def write_order(order: Order) -> str:
    """Write one field to sort by."""
    return f"{order.field.text} {'DESC' if order.descending else 'ASC'} NULLS {'LAST' if order.nulls_last else 'FIRST'}"


@given(queries)
def test_round_trip(wanted: Query) -> None:
    """What is written is read back."""
    assert parse(write_query(wanted)) == wanted


@given(st.text(alphabet=st.sampled_from("SELECTFROMWHEREidLead(),='<>!&\\ \n019.:-_%é"), max_size=60))
def test_any_text(text: str) -> None:
    """Any text is read or refused."""
    with contextlib.suppress(SalesforceError):
        assert parse(text).object.text


@pytest.mark.parametrize("depth", [40, 60, 5000])
def test_nesting(depth: int) -> None:
    """Very deep nesting is refused instead of breaking the parser."""
    text = " ".join(["SELECT Id FROM Lead WHERE", "(" * depth, "Id = null", ")" * depth])
    if depth == 40:
        assert parse(text).where
        return
    with pytest.raises(SalesforceError, match="MALFORMED_QUERY"):
        parse(text)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("Title", [None, "a", "B"]),
        ("Title DESC", [None, "B", "a"]),
        ("Title NULLS LAST", ["a", "B", None]),
        ("Title DESC NULLS LAST", ["B", "a", None]),
    ],
)
def test_order(world: World, order: str, expected: list[str | None]) -> None:
    """Nulls come first and case does not matter."""
    for title in ("B", None, "a"):
        changes.create_record(world, "Lead", {"LastName": "X", "Company": "Y", "Title": title})
    assert [record["Title"] for record in ask(world, "SELECT Title FROM Lead ORDER BY", order)] == expected


def test_protected_jokers(world: World) -> None:
    """Protected jokers are plain letters."""
    for title in ("100%", "1000", "a_b", "axb", "it's"):
        changes.create_record(world, "Lead", {"LastName": "X", "Company": "Y", "Title": title})
    expected = {r"100\%": ["100%"], "100_": ["100%", "1000"], r"A\_B": ["a_b"], r"it\'%": ["it's"]}
    for pattern, titles in expected.items():
        found = ask(world, "SELECT Title FROM Lead WHERE Title LIKE", f"'{pattern}'")
        assert [record["Title"] for record in found] == titles
