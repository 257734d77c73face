"""What a query is once it has been read: a small tree."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["string", "number", "boolean", "null", "date", "datetime"]
Operator = Literal["=", "!=", "<", "<=", ">", ">=", "LIKE", "IN", "NOT IN"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A value as it stood in the text; a string is kept with its escapes, which LIKE reads in its own way."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A field as it was written, and where, which makes no difference to what it means."""

    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field against a value, or against several with IN and NOT IN."""

    field: Name
    operator: Operator
    values: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which all or any have to hold."""

    word: Literal["AND", "OR"]
    conditions: tuple["Condition", ...]


Condition = Comparison | Not | Group


@dataclass(frozen=True, slots=True)
class Order:
    """One field to sort by."""

    field: Name
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query; without `fields` it is `SELECT COUNT()`."""

    fields: tuple[Name, ...]
    object: Name
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
