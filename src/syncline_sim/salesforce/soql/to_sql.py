"""A query's tree as SQL. Law: the text of a query never becomes SQL; names come from the object, values are bound."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.soql import literals
from syncline_sim.salesforce.soql.literals import Value
from syncline_sim.salesforce.soql.scope import Column
from syncline_sim.salesforce.soql.syntax import (
    Comparison,
    Condition,
    Constant,
    Expression,
    Group,
    Not,
    Order,
    SemiJoin,
)
from syncline_sim.salesforce.soql.tokens import pointer

_UNORDERED = ("boolean", "multipicklist")


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL and what is bound in it."""

    text: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a query's text, its fields, the queries within it and the present moment are; the first two may refuse."""

    text: str
    column: Callable[[Expression], Column]
    semi_join: Callable[[SemiJoin, Column], Sql]
    now: float


def where(condition: Condition, meaning: Meaning) -> Sql:
    """Answer a condition; raises `SalesforceError`."""
    match condition:
        case Comparison():
            return _placed(condition, meaning)
        case SemiJoin():
            return meaning.semi_join(condition, meaning.column(condition.field))
        case Not(inner):
            sql = where(inner, meaning)
            # For SOQL a comparison with null is false and its opposite true; SQL knows a third value.
            return Sql(f"NOT coalesce({sql.text}, 0)", sql.values)
        case Group(word, conditions):
            parts = [where(part, meaning) for part in conditions]
            text = _balanced([part.text for part in parts], word)
            return Sql(text, tuple(value for part in parts for value in part.values))


def order_by(orders: tuple[Order, ...], meaning: Meaning) -> str:
    """Answer the ORDER BY list, nulls first unless it says otherwise; raises `SalesforceError`."""
    return ", ".join(_sorted(order, meaning) for order in orders)


def _balanced(parts: Sequence[str], word: str) -> str:
    """Join parts so that the tree of a thousand of them is low: SQLite refuses a tall one."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_balanced(parts[:middle], word)} {word} {_balanced(parts[middle:], word)})"


def _placed(comparison: Comparison, meaning: Meaning) -> Sql:
    column = meaning.column(comparison.field)
    try:
        return _comparison(comparison, column, meaning.now)
    except SalesforceError as error:
        raise SalesforceError(
            error.status, error.code, pointer(meaning.text, comparison.field.at) + error.message
        ) from None


def _comparison(comparison: Comparison, column: Column, now: float) -> Sql:
    field, operator, given = column.field, comparison.operator, comparison.values
    if not field.filterable:
        raise SalesforceError(400, "INVALID_FIELD", f"field '{field.name}' can not be filtered in a query call")
    if not _allowed(column, comparison):
        message = f"invalid operator on {literals.word(field)} field '{field.name}'"
        raise SalesforceError(400, "INVALID_QUERY_FILTER_OPERATOR", message)
    if given[0].kind == "span" and operator not in ("IN", "NOT IN"):
        return _span(column, operator, literals.bounds(field, given[0], now))
    match operator:
        case "LIKE":
            return Sql(f"{column.sql} LIKE ? ESCAPE '\\'", (literals.pattern(field, given[0]),))
        case "IN" | "NOT IN":
            return _membership(column.sql, [literals.value(field, literal) for literal in given], operator)
        case "INCLUDES" | "EXCLUDES":
            return _choices(column, given, operator)
        case "=" | "!=":
            return _equality(column.sql, literals.value(field, given[0]), operator)
        case _:
            return Sql(f"{column.sql} {operator} ?", (literals.value(field, given[0]) or "",))


def _allowed(column: Column, comparison: Comparison) -> bool:
    kind, operator = column.field.type, comparison.operator
    if operator in ("INCLUDES", "EXCLUDES"):
        return kind == "multipicklist"
    if operator == "LIKE":
        return literals.word(column.field) == "string"
    if operator in ("<", "<=", ">", ">="):
        return kind not in _UNORDERED and comparison.values[0].kind != "null"
    return True


def _span(column: Column, operator: str, bounds: literals.Bounds) -> Sql:
    match operator:
        case "=":
            return Sql(f"({column.sql} >= ? AND {column.sql} < ?)", (bounds.start, bounds.end))
        case "!=":
            text = f"({column.sql} IS NULL OR {column.sql} < ? OR {column.sql} >= ?)"
            return Sql(text, (bounds.start, bounds.end))
        case "<" | ">=":
            return Sql(f"{column.sql} {operator} ?", (bounds.start,))
        case _:
            return Sql(f"{column.sql} {'<' if operator == '<=' else '>='} ?", (bounds.end,))


def _equality(column: str, value: Value, operator: str) -> Sql:
    if value is None:
        return Sql(f"{column} IS {'NOT ' if operator == '!=' else ''}NULL")
    return Sql(f"{column} {'=' if operator == '=' else 'IS NOT'} ?", (value,))


def _membership(column: str, values: list[Value], operator: str) -> Sql:
    known = [value for value in values if value is not None]
    # As one value: there may be more of them than SQLite has places for.
    listed = f"{column} {operator} (SELECT value FROM json_each(?))"  # noqa: S608 - a column of ours
    if operator == "IN":
        null = f" OR {column} IS NULL" if len(known) < len(values) else ""
        return Sql(f"({listed}{null})", (json.dumps(known),))
    null = f"{column} IS NOT NULL AND" if len(known) < len(values) else f"{column} IS NULL OR"
    return Sql(f"({null} {listed})", (json.dumps(known),))


def _choices(column: Column, given: tuple[Constant, ...], operator: str) -> Sql:
    """Any of the values; one such as 'A;B' asks for both."""
    choices = [str(literals.value(column.field, literal) or "").split(";") for literal in given]
    chosen = f"instr(';' || lower({column.sql}) || ';', ';' || lower(?) || ';') > 0"
    alternatives = [_balanced([chosen] * len(parts), "AND") for parts in choices]
    text = f"coalesce({_balanced(alternatives, 'OR')}, 0)"
    values = tuple(part for parts in choices for part in parts)
    return Sql(text if operator == "INCLUDES" else f"NOT {text}", values)


def _sorted(order: Order, meaning: Meaning) -> str:
    column, direction = meaning.column(order.field), "DESC" if order.descending else "ASC"
    if not column.field.sortable:
        message = f"field '{column.field.name}' can not be sorted in a query call"
        raise SalesforceError(400, "INVALID_FIELD", pointer(meaning.text, order.field.at) + message)
    if column.never_null:  # Without the words about nulls SQLite can take an index.
        return f"{column.sql} {direction}"
    return f"{column.sql} {direction} NULLS {'LAST' if order.nulls_last else 'FIRST'}"
