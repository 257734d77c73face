"""Queries that group records and make one value of many."""

import sqlite3

from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.records import concatenated
from syncline_sim.salesforce.soql import functions, to_sql
from syncline_sim.salesforce.soql.finding import Asker, Finding
from syncline_sim.salesforce.soql.plan import check_paging
from syncline_sim.salesforce.soql.scope import Column
from syncline_sim.salesforce.soql.syntax import Aliased, Call, Expression, Fields, Name, Query, SemiJoin
from syncline_sim.salesforce.soql.to_sql import Meaning, Sql
from syncline_sim.salesforce.soql.tokens import malformed, refusal


def rows(db: sqlite3.Connection, asker: Asker, spec: ObjectSpec, query: Query, most: int) -> list[str]:
    """Answer the groups that a query finds, at most so many, each a JSON object; raises `SalesforceError`."""
    check_paging(query)
    grouping = _Grouping(Finding(asker, spec, query), query, asker.text)
    finding, meaning = grouping.finding, grouping.meaning
    groups = ", ".join(column.sql for column in grouping.columns)
    written = concatenated(
        [f"""',"' || ? || '":' || {column.field.as_json(column.sql)}""" for column in grouping.selected.values()]
    )
    having = to_sql.where(query.having, meaning) if query.having else Sql("1")
    order = to_sql.order_by(query.order, meaning) or groups or "1"
    sql = f"""
        SELECT '{{"attributes":{{"type":"AggregateResult"}}' || {written} || '}}'
        FROM {finding.scope.source} WHERE {finding.where.text}
        {f"GROUP BY {groups}" if groups else ""} HAVING {having.text} ORDER BY {order} LIMIT ? OFFSET ?
    """  # noqa: S608 - built from our own declarations; what the caller wrote is bound
    limit = most if query.limit is None else min(query.limit, most)
    return [
        row[0]
        for row in db.execute(sql, (*grouping.selected, *finding.where.values, *having.values, limit, query.offset))
    ]


class _Grouping:
    """What is selected of groups, and what HAVING and ORDER BY may speak of."""

    def __init__(self, finding: Finding, query: Query, text: str) -> None:
        self.finding = finding
        self._text = text
        self.columns = [self._grouped_by(expression) for expression in query.group]
        self.meaning = Meaning(text, self._column, self._no_semi_join, finding.meaning.now)
        self.selected = self._selected(query)

    def _grouped_by(self, expression: Expression) -> Column:
        column = self.finding.column(expression)
        if not column.field.groupable:
            message = f"field '{column.field.name}' can not be grouped in a query call"
            raise refusal(self._text, expression.at, "INVALID_FIELD", message)
        return column

    def _selected(self, query: Query) -> dict[str, Column]:
        selected: dict[str, Column] = {}
        unnamed = 0
        for item in query.fields:
            if isinstance(item, Fields):
                raise malformed(self._text, item.at, "The SOQL FIELDS function is not supported with GROUP BY")
            if isinstance(item, Query):
                raise malformed(self._text, item.object.at, "Grouped query cannot use child relationships in SELECT")
            expression = item.expression if isinstance(item, Aliased) else item
            column = self._column(expression)
            key = item.alias if isinstance(item, Aliased) else column.field.name
            if isinstance(item, Call):
                key, unnamed = f"expr{unnamed}", unnamed + 1
            if key in selected:
                raise malformed(self._text, expression.at, f"duplicate alias: {key}")
            selected[key] = column
        return selected

    def _column(self, expression: Expression) -> Column:
        if isinstance(expression, Call) and functions.is_aggregate(expression):
            return functions.column(expression, self.finding.scope)
        column = self.finding.column(expression)
        if column.sql not in [each.sql for each in self.columns]:
            name = expression.text if isinstance(expression, Name) else expression.argument.text
            raise malformed(self._text, expression.at, f"Field must be grouped or aggregated: {name}")
        return column

    def _no_semi_join(self, join: SemiJoin, _: Column) -> Sql:
        raise malformed(self._text, join.field.at, "Semi-joins are only supported in WHERE clauses")
