"""Records as JSON texts, written by SQLite itself: that is what makes pages of thousands quick."""

import sqlite3
from collections.abc import Iterable, Sequence

from syncline_sim.salesforce.field_types import FieldSpec
from syncline_sim.salesforce.objects import ObjectSpec

_AT_ONCE = 100


def org_number(db: sqlite3.Connection, org_id: str) -> int:
    """Answer the row number by which records name their org; raises `KeyError`."""
    row = db.execute("SELECT rowid FROM salesforce_orgs WHERE id = ?", (org_id,)).fetchone()
    if row is None:
        raise KeyError(org_id)
    return int(row[0])


def written(
    db: sqlite3.Connection, spec: ObjectSpec, fields: Iterable[FieldSpec], numbers: Sequence[int], version: str
) -> list[str]:
    """Answer records by their row numbers, in that order, each a JSON object with these fields."""
    listed = f"[{','.join(map(str, numbers))}]"
    # The CROSS JOIN keeps SQLite from turning the loops round, so the order of the list stays.
    query = f"""
        SELECT {_expression(spec, fields, version)}
        FROM json_each(?) AS wanted CROSS JOIN {spec.table} ON {spec.table}.number = wanted.value
    """  # noqa: S608 - built from our own declarations
    return [row[0] for row in db.execute(query, (listed,))]


def head(spec: ObjectSpec, alias: str, version: str) -> str:
    """Answer the SQL expression that opens a record's JSON object: its type, and where it is."""
    address = f"/services/data/v{version}/sobjects/{spec.name}/"
    return f"""'{{"attributes":{{"type":"{spec.name}","url":"{address}' || {alias}."Id" || '"}}'"""


def concatenated(parts: Sequence[str]) -> str:
    """Answer the SQL expression that joins texts, in groups, because SQLite refuses a chain of a thousand."""
    groups = (parts[start : start + _AT_ONCE] for start in range(0, len(parts), _AT_ONCE))
    return " || ".join(f"({' || '.join(group)})" for group in groups)


def _expression(spec: ObjectSpec, fields: Iterable[FieldSpec], version: str) -> str:
    parts = (f"""',"{field.name}":' || {field.as_json(field.sql(spec.table))}""" for field in fields)
    return concatenated((head(spec, spec.table, version), *parts, "'}'"))
