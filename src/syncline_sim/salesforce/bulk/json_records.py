"""The JSON that Bulk API 1.0 writes of a record, as an expression for SQLite to work out.

Law: moments and days are numbers of milliseconds here, other than in REST and in Bulk API 2.0.
"""

from syncline_sim.salesforce.records import concatenated, head
from syncline_sim.salesforce.soql.scope import Column
from syncline_sim.salesforce.soql.selection import Shape

_MILLISECONDS = {
    "datetime": "coalesce({0} * 1000, 'null')",
    "date": "coalesce(strftime('%s', {0}) * 1000, 'null')",
}


def expression(shape: Shape, version: str) -> str:
    """Answer the expression that writes a record."""
    parts = [head(shape.place.spec, shape.place.alias, version)]
    for key, member in shape.members.items():
        if isinstance(member, Shape):
            inner = expression(member, version)
            parts.append(f"""',"{key}":' || iif({member.place.alias}."Id" IS NULL, 'null', {inner})""")
        elif isinstance(member, Column):
            number = _MILLISECONDS.get(member.field.type)
            value = number.format(member.sql) if number else member.field.as_json(member.sql)
            parts.append(f"""',"{key}":' || {value}""")
    return concatenated([*parts, "'}'"])
