"""The functions of SOQL: aggregates of many records, and parts of dates, which the vendor takes in UTC."""

from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.field_types import NUMBERS, FieldSpec
from syncline_sim.salesforce.soql.scope import Column, Scope
from syncline_sim.salesforce.soql.syntax import Call

_AGGREGATES = {
    "COUNT": "count({})",
    "COUNT_DISTINCT": "count(DISTINCT {})",
    "MIN": "min({})",
    "MAX": "max({})",
    "SUM": "sum({})",
    "AVG": "avg({})",
}
_COUNTING = ("COUNT", "COUNT_DISTINCT")
_ADDING = ("SUM", "AVG")
_MONTH, _DAY, _DAY_OF_YEAR = "strftime('%m', {})", "strftime('%d', {})", "strftime('%j', {})"
_YEAR = "CAST(strftime('%Y', {}) AS INTEGER)"
_DATES = {
    "CALENDAR_YEAR": _YEAR,
    "CALENDAR_QUARTER": f"({_MONTH} + 2) / 3",
    "CALENDAR_MONTH": f"CAST({_MONTH} AS INTEGER)",
    "FISCAL_YEAR": _YEAR,
    "FISCAL_QUARTER": f"({_MONTH} + 2) / 3",
    "FISCAL_MONTH": f"CAST({_MONTH} AS INTEGER)",
    "DAY_IN_MONTH": f"CAST({_DAY} AS INTEGER)",
    "DAY_IN_WEEK": "strftime('%w', {}) + 1",
    "DAY_IN_YEAR": f"CAST({_DAY_OF_YEAR} AS INTEGER)",
    "WEEK_IN_MONTH": f"({_DAY} - 1) / 7 + 1",
    "WEEK_IN_YEAR": f"({_DAY_OF_YEAR} - 1) / 7 + 1",
    "DAY_ONLY": "strftime('%Y-%m-%d', {})",
    "HOUR_IN_DAY": "CAST(strftime('%H', {}) AS INTEGER)",
}
_OF_MOMENTS = ("DAY_ONLY", "HOUR_IN_DAY")


def is_aggregate(call: Call) -> bool:
    """Whether it makes one value of many records."""
    return call.function in _AGGREGATES


def column(call: Call, scope: Scope) -> Column:
    """Answer what a function answers, as SQL; raises `SalesforceError`."""
    if call.function in _AGGREGATES:
        return _aggregate(call, scope)
    if call.function in _DATES:
        return _part_of_date(call, scope)
    raise scope.refusal(call.at, "MALFORMED_QUERY", f"unexpected token: '{call.function}'")


def _aggregate(call: Call, scope: Scope) -> Column:
    of, function = scope.column(call.argument), call.function
    if not of.field.aggregatable or (function in _ADDING and of.field.type not in NUMBERS):
        raise _unfit(call, scope, f"field {of.field.name} does not support aggregate operator {function}")
    kind = of.field.type
    if function in _COUNTING:
        kind = "int"
    elif function == "AVG":
        kind = "double"
    return Column(FieldSpec(function, function, kind), _AGGREGATES[function].format(of.sql), of.owner)


def _part_of_date(call: Call, scope: Scope) -> Column:
    of, function = scope.column(call.argument), call.function
    if of.field.type not in (("datetime",) if function in _OF_MOMENTS else ("date", "datetime")):
        raise _unfit(call, scope, f"field {of.field.name} does not support function {function}")
    moment = f"{of.sql}, 'unixepoch'" if of.field.type == "datetime" else of.sql
    kind = "date" if function == "DAY_ONLY" else "int"
    return Column(FieldSpec(function, function, kind), f"({_DATES[function].format(moment)})", of.owner)


def _unfit(call: Call, scope: Scope, message: str) -> SalesforceError:
    return scope.refusal(call.at, "MALFORMED_QUERY", message)
