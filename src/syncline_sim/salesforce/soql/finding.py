"""Which records a query is about: its object and its condition, as SQL."""

from collections.abc import Iterator
from dataclasses import dataclass

from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.orgs import User
from syncline_sim.salesforce.soql import functions, to_sql
from syncline_sim.salesforce.soql.scope import Column, Scope, subject
from syncline_sim.salesforce.soql.syntax import Condition, Expression, Group, Name, Not, Query, SemiJoin
from syncline_sim.salesforce.soql.to_sql import Meaning, Sql
from syncline_sim.salesforce.soql.tokens import malformed

_MOST_SEMI_JOINS = 2
_ID_TYPES = ("id", "reference")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks what, about which org, when, and whether what lies in the recycle bin counts too."""

    user: User
    org: int
    now: float
    text: str
    deleted_too: bool = False


class Finding:
    """The records of an object that a query is about; raises `SalesforceError` where it makes no sense."""

    def __init__(self, asker: Asker, spec: ObjectSpec, query: Query, *, inner: bool = False) -> None:
        self._asker = asker
        self._inner = inner
        self.scope = Scope(asker.user, spec, asker.text, query.alias)
        self.meaning = Meaning(asker.text, self.column, self._semi_join, asker.now)
        _check_semi_joins(query.where, asker.text)
        condition = to_sql.where(query.where, self.meaning) if query.where else Sql("1")
        kept = "" if asker.deleted_too else 'AND t."IsDeleted" = 0 '
        self.where = Sql(f"t.org = ? {kept}AND {condition.text}", (asker.org, *condition.values))

    def column(self, expression: Expression) -> Column:
        """Answer what a field, or a function of one record, means."""
        if isinstance(expression, Name):
            return self.scope.column(expression)
        if functions.is_aggregate(expression):
            message = f"Aggregate functions are not allowed here: {expression.function}"
            raise malformed(self._asker.text, expression.at, message)
        return functions.column(expression, self.scope)

    def _semi_join(self, join: SemiJoin, left: Column) -> Sql:
        query, selected = join.query, join.query.fields
        if self._inner:
            raise self._malformed(join, "Nesting of semi join sub-selects is not supported")
        if left.field.type not in _ID_TYPES:
            text = "The left operand field in the where expression for outer query should be an id field, cannot use: "
            raise self._malformed(join, f"{text}'{left.field.name}'")
        if len(selected) != 1 or not isinstance(selected[0], Name):
            raise self._malformed(join, "Semi join sub-selects must select exactly one field")
        if query.order or query.limit is not None or query.offset or query.group or query.having:
            text = "ORDER BY, LIMIT, OFFSET, GROUP BY and HAVING are not supported in semi join sub-selects"
            raise self._malformed(join, text)
        spec = subject(self._asker.user, query, self._asker.text)
        if spec is self.scope.root.spec:
            raise self._malformed(join, "The inner and outer selects should not be on the same object type")
        found = Finding(self._asker, spec, query, inner=True)
        right = found.scope.column(selected[0])
        if _meant(left) != _meant(right):
            text = (
                f"The selected field '{right.field.name}' in the subquery and the left operand field in the where"
                f" expression in the outer query '{left.field.name}' should point to the same object type"
            )
            raise self._malformed(join, text)
        known = f"{found.where.text} AND {right.sql} IS NOT NULL"
        listed = f"SELECT {right.sql} FROM {found.scope.source} WHERE {known}"  # noqa: S608 - from our own declarations
        if join.negated:
            return Sql(f"({left.sql} IS NULL OR {left.sql} NOT IN ({listed}))", found.where.values)
        return Sql(f"{left.sql} IN ({listed})", found.where.values)

    def _malformed(self, join: SemiJoin, message: str) -> SalesforceError:
        return malformed(self._asker.text, join.field.at, message)


def _meant(column: Column) -> tuple[str, ...]:
    """Answer the objects whose ids stand in a column."""
    return column.field.reference_to or (column.owner.name,)


def _check_semi_joins(where: Condition | None, text: str) -> None:
    top = where.conditions if isinstance(where, Group) else (where,)
    direct = [part for part in top if isinstance(part, SemiJoin)]
    nested = [join for part in top if isinstance(part, Group | Not) for join in _semi_joins(part)]
    if nested:
        message = "Semi join sub-selects are only allowed at the top level WHERE expressions"
        raise malformed(text, nested[0].field.at, f"{message} and not in nested WHERE expressions")
    if direct and isinstance(where, Group) and where.word == "OR":
        raise malformed(text, direct[0].field.at, "Semi join sub-selects are not allowed with the 'OR' operator")
    if len(direct) > _MOST_SEMI_JOINS:
        message = f"Maximum {_MOST_SEMI_JOINS} semi join sub-selects are allowed"
        raise malformed(text, direct[_MOST_SEMI_JOINS].field.at, message)


def _semi_joins(condition: Condition) -> Iterator[SemiJoin]:
    match condition:
        case SemiJoin():
            yield condition
        case Not(inner):
            yield from _semi_joins(inner)
        case Group(_, conditions):
            for part in conditions:
                yield from _semi_joins(part)
