"""Record ids: a prefix for the object, a number in base 62, and three letters that make case unimportant."""

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
#: What stands between prefix and number, in life the pod on which a record was made.
_POD = "Hs0"
_SHORT, _LONG, _PREFIX = 15, 18, 3
_PAIR = 62**2
#: So many numbers `sql` knows, those of four digits.
MOST = _PAIR**2


def make(prefix: str, number: int) -> str:
    """Answer the 18-character id of the record with this number, such as `make("00D", 1)`."""
    text = ""
    while number:
        number, digit = divmod(number, 62)
        text = _DIGITS[digit] + text
    return full(prefix + _POD + text.rjust(_SHORT - len(prefix) - len(_POD), "0"))


def sql(prefix: str, number: str) -> str:
    """Answer the SQL expression of the same id, for a number up to `MOST`; `prepare_sql` has to come first."""
    first = make(prefix, 0)
    head, letters = first[: _SHORT - 4], first[_SHORT : _LONG - 1]
    pair = "(SELECT {0} FROM temp.salesforce_pairs WHERE value = {1})"
    high, low = f"{number} / {_PAIR}", f"{number} % {_PAIR}"
    digits = f"{pair.format('text', high)} || {pair.format('text', low)}"
    capitals = f"{pair.format('capitals', high)} * 2 + {pair.format('capitals', low)} * 8"
    return f"'{head}' || {digits} || '{letters}' || substr('{_SUFFIX}', 1 + {capitals}, 1)"


def prepare_sql(db: "sqlite3.Connection") -> None:
    """Let SQLite know all pairs of digits, and which of the two are capitals."""
    db.execute(
        "CREATE TEMP TABLE IF NOT EXISTS salesforce_pairs (value INTEGER PRIMARY KEY, text TEXT, capitals INTEGER)"
    )
    pairs = ((a + b, a.isupper() + 2 * b.isupper()) for a, b in product(_DIGITS, repeat=2))
    db.executemany(
        "INSERT OR IGNORE INTO temp.salesforce_pairs VALUES (?, ?, ?)", ((n, *p) for n, p in enumerate(pairs))
    )


def after(record_id: str, steps: int) -> str:
    """Answer the id that follows so many steps after another of the same object."""
    short, number = record_id[:_SHORT], 0
    for letter in short[_PREFIX:]:
        number = number * len(_DIGITS) + _DIGITS.index(letter)
    number, text = number + steps, ""
    for _ in short[_PREFIX:]:
        number, digit = divmod(number, len(_DIGITS))
        text = _DIGITS[digit] + text
    return full(short[:_PREFIX] + text)


def full(short: str) -> str:
    """Answer the 18-character id for a 15-character one: a letter per five characters says which are capitals."""
    if len(short) != _SHORT:
        return short
    return f"{short}{_letter(short[:5])}{_letter(short[5:10])}{_letter(short[10:])}"


def number(text: str) -> int:
    """Answer the number from which `make` has made an id; raises `ValueError`."""
    found = 0
    for digit in text[len("000") + len(_POD) : _SHORT]:
        found = found * len(_DIGITS) + _DIGITS.index(digit)
    return found


def meant(text: str) -> str:
    """Answer the 18-character id that a text means, nothing when it is none; in 18 characters case is unimportant."""
    if len(text) not in (_SHORT, _LONG) or not text.isascii() or not text.isalnum():
        return ""
    if len(text) == _SHORT:
        return full(text)
    capitals = [_SUFFIX.find(letter) for letter in text[_SHORT:].upper()]
    letters = (c.upper() if capitals[n // 5] >> n % 5 & 1 else c.lower() for n, c in enumerate(text[:_SHORT]))
    long = full("".join(letters))
    return long if long[_SHORT:] == text[_SHORT:].upper() else ""


@lru_cache(maxsize=4096)  # The first two thirds of an id are those of many others.
def _letter(chunk: str) -> str:
    return _SUFFIX[sum(1 << i for i, c in enumerate(chunk) if "A" <= c <= "Z")]
