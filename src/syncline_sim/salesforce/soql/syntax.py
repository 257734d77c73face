"""What a query is once it has been read: a small tree."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["string", "number", "boolean", "null", "date", "datetime", "span"]
Operator = Literal["=", "!=", "<", "<=", ">", ">=", "LIKE", "IN", "NOT IN", "INCLUDES", "EXCLUDES"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A value as it stood in the text; a string is kept with its escapes, which LIKE reads in its own way."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A field as it was written, such as `Account.Name`, and where, which makes no difference to what it means."""

    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a field, such as `MAX(Score__c)`; its name is in capitals."""

    function: str
    argument: Name
    at: int = field(default=0, compare=False)


Expression = Name | Call


@dataclass(frozen=True, slots=True)
class Aliased:
    """Something selected under another name."""

    expression: Expression
    alias: str


@dataclass(frozen=True, slots=True)
class Fields:
    """`FIELDS(ALL)`, `FIELDS(STANDARD)` or `FIELDS(CUSTOM)`."""

    which: Literal["ALL", "STANDARD", "CUSTOM"]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field against a value, or against several with IN, NOT IN, INCLUDES and EXCLUDES."""

    field: Expression
    operator: Operator
    values: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class SemiJoin:
    """An id that has to be, or with `negated` must not be, among those that another query finds."""

    field: Expression
    query: "Query"
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which all or any have to hold."""

    word: Literal["AND", "OR"]
    conditions: tuple["Condition", ...]


Condition = Comparison | SemiJoin | Not | Group


@dataclass(frozen=True, slots=True)
class Order:
    """One field to sort by."""

    field: Expression
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query; without `fields` it is `SELECT COUNT()`, and a query among the fields asks for children."""

    fields: tuple["Item", ...]
    object: Name
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    alias: str = ""
    group: tuple[Expression, ...] = ()
    having: Condition | None = None
    all_rows: bool = False

    @property
    def grouped(self) -> bool:
        """Whether its rows are groups of records."""
        expressions = [item.expression if isinstance(item, Aliased) else item for item in self.fields]
        return bool(self.group) or any(isinstance(expression, Call) for expression in expressions)


Item = Name | Call | Aliased | Fields | Query
