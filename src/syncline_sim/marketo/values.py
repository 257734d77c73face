"""What a value becomes when it is written to a field of some type, or why it is refused (page "Field Types")."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.fields import PersonField

Value = str | int | float | bool | None

#: Only ASCII is taken in an address (page "Leads").
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_INTEGER_LIMIT = 2**31
_BOOLEANS: dict[object, bool] = {"true": True, "1": True, 1: True, "false": False, "0": False, 0: False}


class UnfitError(VendorError):
    """A value that a field of this type can not hold."""


def coerce_of_person(field: PersonField, sent: object) -> Value:
    """Answer the value to store, as for any object; raises `VendorError` 1003, worded as recorded traffic has it."""
    try:
        return coerce(field, sent)
    except UnfitError:
        text = str(sent).lower() if isinstance(sent, bool) else str(sent)
        raise VendorError("1003", f"Invalid value for field '{field.name}' and value '{text}'") from None


def coerce(field: PersonField, sent: object) -> Value:
    """Answer the value to store; null and the empty string are null. Raises `VendorError` 1001 or 1003."""
    if sent is None or sent == "":
        return None
    if isinstance(sent, (dict, list)):
        raise UnfitError("1001", sent, field.data_type)
    try:
        return _COERCIONS[field.data_type](field, sent)
    except (TypeError, ValueError, KeyError, OverflowError):
        raise UnfitError("1001", sent, field.data_type) from None


@lru_cache(maxsize=1024)  # Who writes many people or activities writes the same seconds again and again.
def stamp(seconds: float) -> str:
    """Write a moment as the vendor does."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _string(field: PersonField, sent: object) -> str:
    text = str(sent).lower() if isinstance(sent, bool) else str(sent)
    # The limit of a text area is in bytes, that of all others in characters.
    size = len(text.encode()) if field.data_type == "text" else len(text)
    if field.length is not None and size > field.length:
        raise VendorError("1003", f"Invalid data: field '{field.name}' is longer than {field.length}")
    return text


def _email(field: PersonField, sent: object) -> str:
    text = _string(field, sent).strip()
    if not _EMAIL.fullmatch(text):
        raise UnfitError("1003", f"Invalid data: field '{field.name}' is not an email address")
    return text


def _boolean(_: PersonField, sent: object) -> bool:
    return _BOOLEANS[sent.strip().lower() if isinstance(sent, str) else sent]


def _integer(field: PersonField, sent: object) -> int:
    number = _float(field, sent)
    if not number.is_integer() or not -_INTEGER_LIMIT <= number < _INTEGER_LIMIT:
        raise ValueError
    return int(number)


def _float(_: PersonField, sent: object) -> float:
    if isinstance(sent, bool) or not isinstance(sent, (str, int, float)):
        raise TypeError
    number = float(sent)
    if not math.isfinite(number):
        raise ValueError
    return number


def _date(_: PersonField, sent: object) -> str:
    return _moment(sent).date().isoformat()


def _datetime(_: PersonField, sent: object) -> str:
    return stamp(_moment(sent).timestamp())


def _moment(sent: object) -> datetime:
    if not isinstance(sent, str):
        raise TypeError
    moment = datetime.fromisoformat(sent)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_COERCIONS: dict[str, Callable[[PersonField, object], Value]] = {
    "boolean": _boolean,
    "currency": _float,
    "date": _date,
    "datetime": _datetime,
    "email": _email,
    "float": _float,
    "integer": _integer,
    "percent": _integer,
    "phone": _string,
    "score": _integer,
    "string": _string,
    "text": _string,
    "url": _string,
}
