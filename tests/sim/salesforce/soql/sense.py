"""What SOQL means, once more and in nothing but Python: conditions, how they are written, and whom they let through."""

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from syncline_sim.salesforce import changes, orgs, seeding, times
from syncline_sim.salesforce.soql.syntax import Comparison, Condition, Constant, Group, Name, Not
from syncline_sim.world import World

COUNT = 40
#: The moment at which all queries of the small world are asked, in the middle of its records.
NOW = 1_718_452_800.0
ZONE = ZoneInfo("America/Los_Angeles")
Record = dict[str, Any]

KINDS: Mapping[str, Mapping[str, str]] = {
    "Lead": {
        "FirstName": "string",
        "Region__c": "string",
        "Owner.Name": "string",
        "Score__c": "number",
        "NumberOfEmployees": "number",
        "Newsletter__c": "boolean",
        "SystemModstamp": "datetime",
        "Last_Demo__c": "datetime",
        "Contract_End__c": "date",
        "Product_Interest__c": "choices",
    },
    "Contact": {
        "LastName": "string",
        "Account.Industry": "string",
        "Account.Owner.Username": "string",
        "ReportsTo.Title": "string",
        "Account.NumberOfEmployees": "number",
        "Account.CreatedDate": "datetime",
        "Birthdate": "date",
    },
}
ESCAPES = {"'": r"\'", "\\": r"\\", "\n": r"\n", "%": "%", "_": "_"}
ORDERING: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
#: Which number a day's unit has, so that two days lie in the same one if they have the same.
UNITS: dict[str, Callable[[date], int]] = {
    "DAY": lambda day: day.toordinal(),
    "WEEK": lambda day: day.toordinal() // 7,  # The first day of all was a Monday.
    "MONTH": lambda day: day.year * 12 + day.month,
    "QUARTER": lambda day: day.year * 4 + (day.month - 1) // 3,
    "YEAR": lambda day: day.year,
}


@functools.cache
def small_world() -> tuple[World, dict[str, list[Record]]]:
    """Answer a world with a few records, which nobody changes and where time stands still, and those records."""
    world = World(seed=3)
    world.now = lambda: NOW  # type: ignore[method-assign]
    orgs.populate(world)
    seeding.seed(world, COUNT, COUNT)
    return world, {name: list(whole(world, name)) for name in KINDS}


def whole(world: World, name: str) -> Iterator[Record]:
    """Answer records with the fields of their parents among their own, under the paths that lead there."""
    known = {
        record["Id"]: record
        for each in ("Account", "Contact", "User")
        for record in changes.read_records(world, each, limit=COUNT)
    }
    for record in changes.read_records(world, name, limit=COUNT):
        yield {**record, **{path: found(record, path, known) for path in KINDS[name] if "." in path}}


def found(record: Record, path: str, known: Mapping[str, Record]) -> Any:  # noqa: ANN401 - whatever a record holds
    """Follow a path from a record; it ends in nothing where a step leads nowhere."""
    *steps, last = path.split(".")
    at: Record | None = record
    for step in steps:
        at = known.get(at[f"{step}Id"]) if at else None
    return at[last] if at else None


@functools.cache
def seen(name: str, path: str) -> st.SearchStrategy[Any]:
    """Values that stand in the records, null among them: only those make a filter interesting."""
    return st.sampled_from([record[path] for record in small_world()[1][name]])


def constant(kind: str, value: Any) -> Constant:  # noqa: ANN401 - whatever a record holds
    """Answer a value of a record as SOQL writes it."""
    match kind:
        case _ if value is None:
            return Constant("null", "null")
        case "string" | "choices":
            return Constant("string", "".join(ESCAPES.get(letter, letter) for letter in value))
        case "number":
            return Constant("number", str(value))
        case "boolean":
            return Constant("boolean", str(value).lower())
        case "datetime":
            return Constant("datetime", value.replace(".000+0000", "Z"))
        case _:
            return Constant("date", value)


@functools.cache
def spans() -> st.SearchStrategy[Constant]:
    """Date literals of every kind."""
    far = st.builds(
        "{}_N_{}S:{}".format, st.sampled_from(["LAST", "NEXT"]), st.sampled_from(sorted(UNITS)), st.integers(0, 40)
    )
    ago = st.builds("N_{}S_AGO:{}".format, st.sampled_from(sorted(UNITS)), st.integers(0, 40))
    near = st.builds(
        "{}_{}".format, st.sampled_from(["LAST", "THIS", "NEXT"]), st.sampled_from(["WEEK", "MONTH", "QUARTER", "YEAR"])
    )
    words = st.sampled_from(["TODAY", "YESTERDAY", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS", "LAST_N_DAYS:900"])
    return st.one_of(far, ago, near, words).map(lambda text: Constant("span", text))


@st.composite
def comparisons(draw: st.DrawFn, name: str) -> Comparison:
    """A comparison that makes sense for its field."""
    path = draw(st.sampled_from(sorted(KINDS[name])))
    kind = KINDS[name][path]
    if kind in ("date", "datetime") and draw(st.booleans()):
        return Comparison(Name(path), draw(st.sampled_from(["=", "!=", *ORDERING])), (draw(spans()),))
    operators = ["=", "!=", "IN", "NOT IN"]
    operators += [] if kind in ("boolean", "choices") else list(ORDERING)
    operators += {"string": ["LIKE"], "choices": ["INCLUDES", "EXCLUDES"]}.get(kind, [])
    operator = draw(st.sampled_from(operators))
    values = seen(name, path)
    if operator not in ("=", "!=", "IN", "NOT IN"):
        values = values.filter(lambda value: value is not None)
    several = operator in ("IN", "NOT IN", "INCLUDES", "EXCLUDES")
    chosen = draw(st.lists(values, min_size=1, max_size=4 if several else 1))
    if operator == "LIKE":
        letters = st.sampled_from([*chosen[0], "%", "_", "%", chosen[0].upper()])
        chosen = ["".join(draw(st.lists(letters, max_size=5))) or "%"]
    return Comparison(Name(path), operator, tuple(constant(kind, value) for value in chosen))  # type: ignore[arg-type]


@functools.cache  # A strategy that is made anew for each example costs more than the example does.
def conditions(name: str) -> st.SearchStrategy[Condition]:
    """Conditions of any depth."""
    return st.recursive(
        comparisons(name),
        lambda inner: st.one_of(
            inner.map(Not),
            st.builds(Group, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3).map(tuple)),
        ),
        max_leaves=6,
    )


def holds(condition: Condition, record: Record) -> bool:
    """Say whether a record passes."""
    match condition:
        case Not(inner):
            return not holds(inner, record)
        case Group("AND", parts):
            return all(holds(part, record) for part in parts)
        case Group(_, parts):
            return any(holds(part, record) for part in parts)
        case Comparison(Name(path), operator, literals):
            if literals[0].kind == "span":
                return lies(operator, record[path], literals[0].text)
            return compares(operator, plain(record[path]), [meant(literal) for literal in literals])
    raise TypeError(condition)


def compares(operator: str, value: Any, values: list[Any]) -> bool:  # noqa: ANN401 - whatever a record holds
    """Say whether one value passes."""
    if operator in ("=", "IN", "!=", "NOT IN"):
        return (value in values) == (operator in ("=", "IN"))
    if operator in ("INCLUDES", "EXCLUDES"):
        chosen = set(value.split(b";")) if value else set()
        return any(chosen.issuperset(each.split(b";")) for each in values) == (operator == "INCLUDES")
    if value is None:
        return False
    if operator == "LIKE":
        pattern = re.escape(values[0].decode()).replace("%", ".*").replace("_", ".")
        return re.fullmatch(pattern, value.decode(), re.DOTALL) is not None
    return ORDERING[operator](value, values[0])


def lies(operator: str, value: str | None, literal: str) -> bool:
    """Say whether a day or a moment lies as it should to a date literal."""
    if value is None:
        return operator == "!="
    unit, low, high = stretch(literal)
    number = UNITS[unit]
    day = datetime.fromisoformat(value).astimezone(ZONE).date() if "T" in value else date.fromisoformat(value)
    distance = number(day) - number(datetime.fromtimestamp(NOW, ZONE).date())
    if operator in ("=", "!="):
        return (low <= distance <= high) == (operator == "=")
    return ORDERING[operator](distance, high if operator in ("<=", ">") else low)


def stretch(literal: str) -> tuple[str, int, int]:
    """Answer the unit of a date literal, and from which to which distance from today's it goes."""
    days = {
        "TODAY": (0, 0),
        "YESTERDAY": (-1, -1),
        "TOMORROW": (1, 1),
        "LAST_90_DAYS": (-90, 0),
        "NEXT_90_DAYS": (1, 90),
    }
    if literal in days:
        return ("DAY", *days[literal])
    words, _, digits = literal.partition(":")
    count, unit = int(digits or 1), next(unit for unit in UNITS if unit in words)
    if words.endswith("_AGO"):
        return unit, -count, -count
    if words.startswith("THIS"):
        return unit, 0, 0
    if words.startswith("NEXT"):
        return unit, 1, count
    return unit, -count, 0 if unit == "DAY" else -1


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever a record holds
    """Answer what values are compared as: texts without the case of ASCII letters, by their bytes."""
    return value.encode().lower() if isinstance(value, str) else value


def meant(literal: Constant) -> Any:  # noqa: ANN401 - whatever a record holds
    """Answer what a literal is compared as."""
    match literal.kind:
        case "null":
            return None
        case "number":
            return float(literal.text)
        case "boolean":
            return literal.text == "true"
        case "datetime":
            return plain(times.stamp(times.seconds(literal.text)))
        case _:
            return plain(re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), literal.text))
