"""Literals of a query as the values that SQLite compares, refused where they do not fit the field."""

import re

from syncline_sim.salesforce import ids, times
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.field_types import NUMBERS, TEXTS, FieldSpec
from syncline_sim.salesforce.soql.syntax import Constant

Value = str | int | float | None

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PROTECTED = "%_\\"
_WORDS = {"datetime": "dateTime"}


def value(field: FieldSpec, literal: Constant) -> Value:
    """Answer what to compare a column with; raises `SalesforceError` INVALID_FIELD."""
    if literal.kind == "null":
        return None
    if field.type in TEXTS:
        return _text(field, literal)
    if literal.kind == "string" or literal.kind not in _kinds(field):
        raise _unfit(field, literal)
    match literal.kind:
        case "boolean":
            return int(literal.text == "true")
        case "number":
            return float(literal.text)
        case "datetime":
            return _moment(field, literal)
        case _:
            return literal.text


def pattern(field: FieldSpec, literal: Constant) -> str:
    r"""Answer the pattern of LIKE for SQLite; there as here \ protects the jokers. Raises `SalesforceError`."""
    if field.type not in TEXTS or field.type in ("id", "reference"):
        raise SalesforceError(
            400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {_word(field)} field '{field.name}'"
        )
    if literal.kind != "string":
        raise _unfit(field, literal)
    return _ESCAPE.sub(lambda m: m[0] if m[1] in _PROTECTED else _ESCAPES.get(m[1], m[1]), literal.text)


def _text(field: FieldSpec, literal: Constant) -> str:
    if literal.kind != "string":
        raise _unfit(field, literal)
    text = _ESCAPE.sub(lambda m: _ESCAPES.get(m[1], m[1]), literal.text)
    return ids.full(text) if field.type in ("id", "reference") else text


def _moment(field: FieldSpec, literal: Constant) -> float:
    try:
        return times.seconds(literal.text)
    except ValueError:
        raise _unfit(field, literal) from None


def _kinds(field: FieldSpec) -> tuple[str, ...]:
    if field.type in NUMBERS:
        return ("number",)
    return {"boolean": ("boolean",), "datetime": ("datetime",), "date": ("date",)}.get(field.type, ())


def _unfit(field: FieldSpec, literal: Constant) -> SalesforceError:
    quoted = "should be enclosed in quotes" if field.type in TEXTS else "should not be enclosed in quotes"
    wrong = field.type in TEXTS or literal.kind == "string"
    text = f"value of filter criterion for field '{field.name}' must be of type {_word(field)}"
    return SalesforceError(400, "INVALID_FIELD", f"{text} and {quoted}" if wrong else text)


def _word(field: FieldSpec) -> str:
    if field.type in TEXTS and field.type not in ("id", "reference"):
        return "string"
    return _WORDS.get(field.type, field.type)
