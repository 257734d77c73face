"""A query's tree as SQL. Law: the text of a query never becomes SQL; names come from the object, values are bound."""

from collections.abc import Callable
from dataclasses import dataclass

from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.field_types import FieldSpec
from syncline_sim.salesforce.soql import literals
from syncline_sim.salesforce.soql.literals import Value
from syncline_sim.salesforce.soql.syntax import Comparison, Condition, Constant, Group, Name, Not, Order

#: Answers the field that a name means, or raises the vendor's INVALID_FIELD.
Resolve = Callable[[Name], FieldSpec]


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL and what is bound in it."""

    text: str
    values: tuple[Value, ...] = ()


def where(condition: Condition, resolve: Resolve) -> Sql:
    """Answer a condition; raises `SalesforceError`."""
    match condition:
        case Comparison():
            return _comparison(condition, _filterable(condition.field, resolve))
        case Not(inner):
            sql = where(inner, resolve)
            # For SOQL a comparison with null is false and its opposite true; SQL knows a third value.
            return Sql(f"NOT coalesce({sql.text}, 0)", sql.values)
        case Group(word, conditions):
            parts = [where(part, resolve) for part in conditions]
            text = f" {word} ".join(part.text for part in parts)
            return Sql(f"({text})", tuple(value for part in parts for value in part.values))


def order_by(orders: tuple[Order, ...], resolve: Resolve) -> str:
    """Answer the ORDER BY list, nulls first unless it says otherwise; raises `SalesforceError`."""
    return ", ".join(_sorted(order, _filterable(order.field, resolve)) for order in orders)


def _comparison(comparison: Comparison, field: FieldSpec) -> Sql:
    column, operator, given = f'"{field.name}"', comparison.operator, comparison.values
    match operator:
        case "LIKE":
            return Sql(f"{column} LIKE ? ESCAPE '\\'", (literals.pattern(field, given[0]),))
        case "IN" | "NOT IN":
            return _membership(column, [literals.value(field, literal) for literal in given], operator)
        case "=":
            return Sql(f"{column} IS ?", (literals.value(field, given[0]),))
        case "!=":
            return Sql(f"{column} IS NOT ?", (literals.value(field, given[0]),))
        case _:
            return Sql(f"{column} {operator} ?", (_ordered(field, given[0]),))


def _membership(column: str, values: list[Value], operator: str) -> Sql:
    known = tuple(value for value in values if value is not None)
    marks = ", ".join("?" * len(known))
    if operator == "IN":
        null = f" OR {column} IS NULL" if len(known) < len(values) else ""
        return Sql(f"({column} IN ({marks}){null})", known)
    null = f"{column} IS NOT NULL AND" if len(known) < len(values) else f"{column} IS NULL OR"
    return Sql(f"({null} {column} NOT IN ({marks}))", known)


def _ordered(field: FieldSpec, literal: Constant) -> Value:
    if field.type == "boolean" or literal.kind == "null":
        raise SalesforceError(
            400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {field.type} field '{field.name}'"
        )
    return literals.value(field, literal)


def _sorted(order: Order, field: FieldSpec) -> str:
    direction = "DESC" if order.descending else "ASC"
    if field.required:  # Without the words about nulls SQLite can take an index.
        return f'"{field.name}" {direction}'
    return f'"{field.name}" {direction} NULLS {"LAST" if order.nulls_last else "FIRST"}'


def _filterable(name: Name, resolve: Resolve) -> FieldSpec:
    field = resolve(name)
    if not field.filterable:
        text = f"field '{field.name}' can not be filtered in a query call"
        raise SalesforceError(400, "INVALID_FIELD", text)
    return field
