"""The columns of what a bulk query selects: their names, and the SQL that reads them as texts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from syncline_sim.salesforce.soql.scope import Column
from syncline_sim.salesforce.soql.selection import Shape

if TYPE_CHECKING:
    from syncline_sim.salesforce.soql.plan import Plan

_AT_ONCE = 100
_AS_TEXT = {
    "boolean": "CASE {0} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END",
    # Quicker than strftime, and moments are what takes the longest.
    "datetime": "replace(datetime({0}, 'unixepoch'), ' ', 'T') || '.000Z'",
}


def named(shape: Shape, path: str = "") -> Iterator[tuple[str, Column]]:
    """Answer the columns with their names; those of parents carry the way to them."""
    for name, member in shape.members.items():
        if isinstance(member, Shape):
            yield from named(member, f"{path}{name}.")
        elif isinstance(member, Column):
            yield path + name, member


def rows(plan: "Plan") -> str:
    """Answer the SQL that reads what is selected of the records in a list of row numbers."""
    return selecting(plan, [as_text(column) for _, column in named(plan.shape)])


def lines(plan: "Plan", delimiter: str) -> str:
    """Answer the SQL that reads the same as a line of CSV each, which is quicker than any CSV writer."""
    texts = [f"coalesce({as_text(column)}, '')" for _, column in named(plan.shape)]
    # %w doubles quotes; SQLite's functions take 127 arguments.
    groups = [texts[start : start + _AT_ONCE] for start in range(0, len(texts), _AT_ONCE)]
    forms = [delimiter.join(['"%w"'] * len(group)) for group in groups]
    written = [f"printf('{form}', {', '.join(group)})" for form, group in zip(forms, groups, strict=True)]
    return selecting(plan, [f" || '{delimiter}' || ".join(written)])


def selecting(plan: "Plan", expressions: list[str]) -> str:
    """Answer the SQL that reads expressions of the records in a list of row numbers."""
    # As for JSON: the CROSS JOIN keeps SQLite from turning the loops round, so the order of the list stays.
    return f"""
        SELECT {", ".join(expressions)} FROM json_each(?) AS wanted CROSS JOIN {plan.scope.source}
        WHERE t.number = wanted.value
    """  # noqa: S608 - built from our own declarations


def as_text(column: Column) -> str:
    """Answer the SQL expression of a value as a bulk result writes it."""
    return _AS_TEXT.get(column.field.type, "{0}").format(column.sql)
