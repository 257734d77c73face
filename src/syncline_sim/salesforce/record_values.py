"""What a JSON value becomes when it is written to a field, or why it is refused, in the vendor's words."""

import re
from datetime import date
from math import isfinite
from typing import Any

from syncline_sim.salesforce import ids, times
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.field_types import NUMBERS, FieldSpec

Value = str | int | float | None

#: What a number has to stay below: describe promises 8 digits, or 18 of which 2 follow the point.
_BOUND, _BOUNDS = 10**16, {"int": 10**8}
_EMAIL = re.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+")


def stored(field: FieldSpec, sent: Any) -> Value:  # noqa: ANN401 - it is whatever JSON can hold
    """Answer the value to keep; the empty text is null. Raises `SalesforceError` 400."""
    if sent is None or sent == "":
        if field.type == "boolean":
            raise _unreadable(field, sent)
        return None
    if field.type == "boolean":
        if not isinstance(sent, bool):
            raise _unreadable(field, sent)
        return int(sent)
    if field.type in NUMBERS:
        return _number(field, sent)
    if not isinstance(sent, str):
        raise _unreadable(field, sent)
    return _text(field, sent)


def _number(field: FieldSpec, sent: object) -> int | float:
    if isinstance(sent, bool) or not isinstance(sent, (int, float, str)):
        raise _unreadable(field, sent)
    try:
        number = float(sent)  # A number in quotes is taken too.
    except ValueError:
        raise _unreadable(field, sent) from None
    if not isfinite(number):
        raise _unreadable(field, sent)
    if abs(number) >= _BOUNDS.get(field.type, _BOUND):
        message = f"{field.label}: value outside of valid range on numeric field: {sent}"
        raise SalesforceError(400, "NUMBER_OUTSIDE_VALID_RANGE", message, (field.name,))
    return int(number) if field.type == "int" else number


def _text(field: FieldSpec, sent: str) -> Value:
    try:
        if field.type == "datetime":
            return int(times.seconds(sent))
        if field.type == "date":
            return date.fromisoformat(sent).isoformat()
    except ValueError:
        raise _unreadable(field, sent) from None
    if len(sent) > field.size:
        message = f"{field.label}: data value too large: {sent} (max length={field.size})"
        raise SalesforceError(400, "STRING_TOO_LONG", message, (field.name,))
    if field.type == "email" and not _EMAIL.fullmatch(sent):
        message = f"{field.label}: invalid email address: {sent}"
        raise SalesforceError(400, "INVALID_EMAIL_ADDRESS", message, (field.name,))
    return ids.full(sent) if field.type in ("id", "reference") else sent


def _unreadable(field: FieldSpec, sent: object) -> SalesforceError:
    wanted = field.type if field.type in ("boolean", "date", "datetime", *NUMBERS) else "string"
    message = f"Cannot deserialize instance of {wanted} from {_met(sent)} or request may be missing a required field"
    # Where in the body it stands is not known any longer; clients look for the words before it.
    return SalesforceError(400, "JSON_PARSER_ERROR", f"{message} at [line:1, column:1]")


def _met(sent: object) -> str:
    """Say what stands there as a JSON reader does."""
    match sent:
        case str():
            return f"VALUE_STRING value {sent}"
        case bool() | None:
            word = {True: "true", False: "false", None: "null"}[sent]
            return f"VALUE_{word.upper()} value {word}"
        case int():
            return f"VALUE_NUMBER_INT value {sent}"
        case float():
            return f"VALUE_NUMBER_FLOAT value {sent}"
        case list():
            return "START_ARRAY value ["
        case _:
            return "START_OBJECT value {"
