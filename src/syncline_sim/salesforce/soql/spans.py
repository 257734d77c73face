"""Date literals such as TODAY and LAST_N_DAYS:7: stretches of whole days around today.

Law: a week begins on Sunday, as in the locale en_US, and the fiscal year is the calendar's.
"""

import re
from datetime import date, timedelta
from typing import Literal

Unit = Literal["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"]

_DAY = timedelta(days=1)
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
_YEAR = 12
_NEAR = re.compile(r"(LAST|THIS|NEXT)_(?:(WEEK|MONTH|QUARTER|YEAR)|FISCAL_(QUARTER|YEAR))")
_FAR = re.compile(r"(LAST|NEXT)_N_(?:(DAY|WEEK|MONTH|QUARTER|YEAR)|FISCAL_(QUARTER|YEAR))S:(\d+)")
_AGO = re.compile(r"N_(?:(DAY|WEEK|MONTH|QUARTER|YEAR)|FISCAL_(QUARTER|YEAR))S_AGO:(\d+)")
_SAME = {
    "TODAY": "N_DAYS_AGO:0",
    "YESTERDAY": "N_DAYS_AGO:1",
    "TOMORROW": "NEXT_N_DAYS:1",
    "LAST_90_DAYS": "LAST_N_DAYS:90",
    "NEXT_90_DAYS": "NEXT_N_DAYS:90",
}


def known(text: str) -> bool:
    """Whether it is a date literal, whatever its case."""
    word = text.upper()
    return word in _SAME or any(pattern.fullmatch(word) for pattern in (_NEAR, _FAR, _AGO))


def span(text: str, today: date) -> tuple[date, date]:
    """Answer its first day and the day after its last; raises `OverflowError` or `ValueError` beyond the calendar."""
    word = _SAME.get(text.upper(), text.upper())
    if match := _AGO.fullmatch(word):
        unit, count = _unit(match[1] or match[2]), int(match[3])
        return _moved(today, unit, -count), _moved(today, unit, 1 - count)
    if match := _NEAR.fullmatch(word):
        unit = _unit(match[2] or match[3])
        which = {"LAST": -1, "THIS": 0, "NEXT": 1}[match[1]]
        return _moved(today, unit, which), _moved(today, unit, which + 1)
    match = _FAR.fullmatch(word)
    if match is None:
        raise ValueError(text)
    unit, count = _unit(match[2] or match[3]), int(match[4])
    if match[1] == "NEXT":
        return _moved(today, unit, 1), _moved(today, unit, 1 + count)
    # The last days count today too, whereas the last weeks, months, quarters and years are whole ones that are over.
    return _moved(today, unit, -count), _moved(today, unit, 1 if unit == "DAY" else 0)


def _unit(text: str) -> Unit:
    units: dict[str, Unit] = {"DAY": "DAY", "WEEK": "WEEK", "MONTH": "MONTH", "QUARTER": "QUARTER", "YEAR": "YEAR"}
    return units[text]


def _moved(today: date, unit: Unit, count: int) -> date:
    """Answer the first day of the unit that is so many after today's."""
    if unit == "DAY":
        return today + count * _DAY
    if unit == "WEEK":
        return today - (today.isoweekday() % 7) * _DAY + 7 * count * _DAY
    size = _MONTHS[unit]
    months = today.year * _YEAR + (today.month - 1) // size * size + count * size
    return date(months // _YEAR, months % _YEAR + 1, 1)
