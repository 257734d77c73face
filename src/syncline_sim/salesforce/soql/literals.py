"""Literals of a query as the values that SQLite compares, refused where they do not fit the field."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from math import isfinite
from zoneinfo import ZoneInfo

from syncline_sim.salesforce import ids, times
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.field_types import NUMBERS, TEXTS, FieldSpec
from syncline_sim.salesforce.soql import spans
from syncline_sim.salesforce.soql.syntax import Constant

Value = str | int | float | None

#: The time zone of every user, whose days are meant by TODAY; the view of User says it too.
TIME_ZONE = "America/Los_Angeles"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_PROTECTED = "%_\\"
_WORDS = {"datetime": "dateTime"}
_ID = re.compile(r"(\w{15}|\w{18})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a date literal begins and what comes after it."""

    start: Value
    end: Value


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
            return _number(field, literal)
        case "datetime":
            return _moment(field, literal)
        case _:
            return _day(field, literal)


def pattern(field: FieldSpec, literal: Constant) -> str:
    r"""Answer the pattern of LIKE for SQLite; there as here \ protects the jokers. Raises `SalesforceError`."""
    if literal.kind != "string":
        raise _unfit(field, literal)
    return _whole(_ESCAPE.sub(lambda m: m[0] if m[2] and m[2] in _PROTECTED else _unescaped(m), literal.text))


def bounds(field: FieldSpec, literal: Constant, now: float) -> Bounds:
    """Answer the stretch that a date literal means to the users; raises `SalesforceError` INVALID_FIELD."""
    if field.type not in ("date", "datetime"):
        raise _unfit(field, literal)
    try:
        first, after = spans.span(literal.text, datetime.fromtimestamp(now, UTC).astimezone(_zone()).date())
        if field.type == "date":
            return Bounds(first.isoformat(), after.isoformat())
        return Bounds(_midnight(first), _midnight(after))
    except (OverflowError, ValueError):
        raise _unfit(field, literal) from None


def _text(field: FieldSpec, literal: Constant) -> str | None:
    if literal.kind != "string":
        raise _unfit(field, literal)
    text = _whole(_ESCAPE.sub(_unescaped, literal.text))
    if field.type in ("id", "reference"):
        if not _ID.fullmatch(text):
            raise SalesforceError(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
        text = ids.full(text)
    return text or None  # The vendor keeps no empty texts, and so means null by them.


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _ESCAPES.get(match[2], match[2])


def _whole(text: str) -> str:
    """Join what was escaped as two halves of one letter."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _number(field: FieldSpec, literal: Constant) -> float:
    number = float(literal.text)
    if not isfinite(number):
        raise _unfit(field, literal)
    return number


def _moment(field: FieldSpec, literal: Constant) -> float:
    try:
        return times.seconds(literal.text)
    except ValueError:
        raise _unfit(field, literal) from None


def _day(field: FieldSpec, literal: Constant) -> str:
    try:
        return date.fromisoformat(literal.text).isoformat()
    except ValueError:
        raise _unfit(field, literal) from None


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=_zone()).timestamp()


@cache
def _zone() -> ZoneInfo:
    return ZoneInfo(TIME_ZONE)


def _kinds(field: FieldSpec) -> tuple[str, ...]:
    if field.type in NUMBERS:
        return ("number",)
    return {"boolean": ("boolean",), "datetime": ("datetime",), "date": ("date",)}.get(field.type, ())


def _unfit(field: FieldSpec, literal: Constant) -> SalesforceError:
    quoted = "should be enclosed in quotes" if field.type in TEXTS else "should not be enclosed in quotes"
    wrong = field.type in TEXTS or literal.kind == "string"
    text = f"value of filter criterion for field '{field.name}' must be of type {word(field)}"
    return SalesforceError(400, "INVALID_FIELD", f"{text} and {quoted}" if wrong else text)


def word(field: FieldSpec) -> str:
    """Answer how errors name the type of a field."""
    if field.type in TEXTS and field.type not in ("id", "reference", "multipicklist"):
        return "string"
    return _WORDS.get(field.type, field.type)
