"""A query that has been understood: which records it finds, in which order, and what of them is written."""

import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syncline_sim.salesforce import objects
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.field_types import FieldSpec
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.soql import selection, to_sql
from syncline_sim.salesforce.soql.finding import Asker, Finding
from syncline_sim.salesforce.soql.scope import RELATIONSHIP_ADVICE, Scope
from syncline_sim.salesforce.soql.syntax import Query
from syncline_sim.salesforce.soql.to_sql import Sql
from syncline_sim.salesforce.soql.tokens import malformed, refusal
from syncline_sim.salesforce.visibility import visible_children

NUMBER_TYPE = "I"
_LARGEST_OFFSET = 2000
_SMALL_PAGE, _LONG_TEXTS = 200, 2


class Plan:
    """Raises `SalesforceError` where a query makes no sense."""

    def __init__(self, asker: Asker, spec: ObjectSpec, query: Query) -> None:
        check_paging(query)
        self.spec = spec
        self._query = query
        self._asker = asker
        self._finding = Finding(asker, spec, query)
        self._order = to_sql.order_by(query.order, self._finding.meaning) or "t.number"
        # A scope of its own, so that finding records does not join what only writing them needs.
        self.scope = Scope(asker.user, spec, asker.text, query.alias)
        self.shape = selection.shape(self.scope, query, self._children)

    def numbers(self, db: sqlite3.Connection) -> "array[int]":
        """Answer the row numbers of the records that are found, in order."""
        sql = f"""
            SELECT t.number FROM {self._finding.scope.source} WHERE {self._finding.where.text}
            ORDER BY {self._order} LIMIT ? OFFSET ?
        """  # noqa: S608 - built from our own declarations; what the caller wrote is bound
        limit = -1 if self._query.limit is None else self._query.limit
        values = (*self._finding.where.values, limit, self._query.offset)
        # One by one: there may be a million of them.
        return array(NUMBER_TYPE, (row[0] for row in _rows(db, Sql(sql, values))))

    def numbers_by_parent(
        self, db: sqlite3.Connection, field: FieldSpec, parents: Sequence[str]
    ) -> Mapping[str, list[int]]:
        """Answer the row numbers of what is found for each of these parents, which a field names by their ids."""
        # Only a query for children needs this index, so nobody waits for it before there is one.
        index = f'CREATE INDEX IF NOT EXISTS {self.spec.table}_{field.name} ON {self.spec.table} ("{field.name}")'
        db.execute(index)
        sql = f"""
            SELECT t."{field.name}", t.number FROM {self._finding.scope.source}
            WHERE t."{field.name}" IN (SELECT value FROM json_each(?)) AND {self._finding.where.text}
            ORDER BY {self._order}
        """  # noqa: S608 - as above
        listed = "[" + ",".join(f'"{parent}"' for parent in parents) + "]"
        found: dict[str, list[int]] = defaultdict(list)
        for parent, number in _rows(db, Sql(sql, (listed, *self._finding.where.values))):
            found[parent].append(number)
        end = None if self._query.limit is None else self._query.offset + self._query.limit
        return {parent: numbers[self._query.offset : end] for parent, numbers in found.items()}

    def page(self, batch: int) -> int:
        """Answer how many records a page has when so many were asked for."""
        return min(batch, _SMALL_PAGE) if self.shape.long_texts >= _LONG_TEXTS else batch

    def _children(self, query: Query) -> "Children":
        text, at = self._asker.text, query.object.at
        name = self.scope.path(query.object)[-1]
        for each in visible_children(self._asker.user, self.spec):
            if each.name.lower() == name.lower():
                if query.grouped or not query.fields:
                    raise malformed(text, at, "Aggregate functions are not supported in nested queries")
                spec = objects.find(each.child)
                return Children(each.name, spec.by_name[each.field.lower()], Plan(self._asker, spec, query))
        message = f"Didn't understand relationship '{name}' in FROM part of query call.{RELATIONSHIP_ADVICE}"
        raise refusal(text, at, "INVALID_TYPE", message)


@dataclass(frozen=True, slots=True)
class Children:
    """The records that name a record in a field, under the name that it has for them."""

    name: str
    field: FieldSpec
    plan: Plan


def check_paging(query: Query) -> None:
    """Raise `SalesforceError` NUMBER_OUTSIDE_VALID_RANGE when a query skips too much."""
    if query.offset > _LARGEST_OFFSET:
        text = f"Maximum SOQL offset allowed is {_LARGEST_OFFSET}"
        raise SalesforceError(400, "NUMBER_OUTSIDE_VALID_RANGE", text)


def count(db: sqlite3.Connection, asker: Asker, spec: ObjectSpec, query: Query) -> int:
    """Answer what `SELECT COUNT()` counts; raises `SalesforceError`."""
    check_paging(query)
    if query.order or query.group or query.having:
        raise malformed(asker.text, query.object.at, "COUNT() takes no ORDER BY, GROUP BY or HAVING")
    finding = Finding(asker, spec, query)
    sql = f"""
        SELECT count(*) FROM (SELECT 1 FROM {finding.scope.source} WHERE {finding.where.text} LIMIT ? OFFSET ?)
    """  # noqa: S608 - as above
    limit = -1 if query.limit is None else query.limit
    ((number,),) = _rows(db, Sql(sql, (*finding.where.values, limit, query.offset)))
    return int(number)


def _rows(db: sqlite3.Connection, sql: Sql) -> Iterator[tuple[Any, ...]]:
    cursor = db.cursor()
    cursor.row_factory = None
    return cursor.execute(sql.text, sql.values)
