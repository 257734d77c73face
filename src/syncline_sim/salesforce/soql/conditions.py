"""The conditions of WHERE and HAVING, read.

Law: SOQL does not mix AND with OR without parentheses, nor NOT with either of them.
"""

from collections.abc import Callable
from typing import Literal

from syncline_sim.salesforce.soql import spans
from syncline_sim.salesforce.soql.cursor import Cursor
from syncline_sim.salesforce.soql.syntax import (
    Comparison,
    Condition,
    Constant,
    Expression,
    Group,
    Not,
    Operator,
    Query,
    SemiJoin,
)

#: Reads a query within the query.
ReadQuery = Callable[[Cursor], Query]

_LONGEST_TEXT = 4000
_COMPARING: dict[str, Operator] = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def read(tokens: Cursor, inner: ReadQuery) -> Condition:
    """Read conditions up to what cannot be one; raises `SalesforceError` MALFORMED_QUERY."""
    conditions: list[Condition] = []
    word: Literal["AND", "OR"] = "OR"
    if tokens.took("NOT"):
        conditions.append(Not(_part(tokens, inner)))
    else:
        conditions.append(_part(tokens, inner))
        word = "AND" if tokens.next.is_word("AND") else "OR"
        while tokens.took(word):
            conditions.append(_part(tokens, inner))
    if tokens.next.is_word("AND", "OR"):
        raise tokens.refusal()
    return Group(word, tuple(conditions)) if len(conditions) > 1 else conditions[0]


def _part(tokens: Cursor, inner: ReadQuery) -> Condition:
    with tokens.deeper():
        if tokens.took_sign("("):
            condition = read(tokens, inner)
            tokens.sign(")")
            return condition
        return _comparison(tokens, inner)


def _comparison(tokens: Cursor, inner: ReadQuery) -> Condition:
    field, token = tokens.expression(), tokens.next
    if token.kind == "sign" and token.text in _COMPARING:
        return Comparison(field, _COMPARING[tokens.take().text], (_literal(tokens),))
    if tokens.took("LIKE"):
        return Comparison(field, "LIKE", (_literal(tokens),))
    if tokens.took("INCLUDES"):
        return Comparison(field, "INCLUDES", _literals(tokens))
    if tokens.took("EXCLUDES"):
        return Comparison(field, "EXCLUDES", _literals(tokens))
    negated = tokens.took("NOT", "IN")
    if negated or tokens.took("IN"):
        return _membership(tokens, inner, field, negated=negated)
    raise tokens.refusal()


def _membership(tokens: Cursor, inner: ReadQuery, field: Expression, *, negated: bool) -> Condition:
    if tokens.after.is_word("SELECT"):
        tokens.sign("(")
        with tokens.deeper():
            query = inner(tokens)
        tokens.sign(")")
        return SemiJoin(field, query, negated)
    return Comparison(field, "NOT IN" if negated else "IN", _literals(tokens))


def _literals(tokens: Cursor) -> tuple[Constant, ...]:
    tokens.sign("(")
    literals = [_literal(tokens)]
    while tokens.took_sign(","):
        literals.append(_literal(tokens))
    tokens.sign(")")
    return tuple(literals)


def _literal(tokens: Cursor) -> Constant:
    token = tokens.next
    match token.kind:
        case "string":
            if len(token.text) > _LONGEST_TEXT:
                raise tokens.refusal(f"a text in a condition is longer than {_LONGEST_TEXT} characters")
            return Constant("string", tokens.take().text[1:-1])
        case "number" | "date" | "datetime" as kind:
            return Constant(kind, tokens.take().text)
    if token.is_word("TRUE", "FALSE"):
        return Constant("boolean", tokens.take().text.lower())
    if token.is_word("NULL"):
        tokens.take()
        return Constant("null", "null")
    if token.kind in ("span", "word") and spans.known(token.text):
        return Constant("span", tokens.take().text.upper())
    raise tokens.refusal()
