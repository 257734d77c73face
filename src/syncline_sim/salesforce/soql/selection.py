"""What a query selects: a tree of fields, of parents with fields of theirs, and of lists of children."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.field_types import LONG_TEXT, FieldSpec
from syncline_sim.salesforce.relationships import relationship_name
from syncline_sim.salesforce.soql.scope import Column, Place, Scope
from syncline_sim.salesforce.soql.syntax import Call, Comparison, Fields, Group, Item, Name, Query
from syncline_sim.salesforce.soql.tokens import malformed, refusal

if TYPE_CHECKING:
    from syncline_sim.salesforce.soql.plan import Children

_MOST_WITH_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Shape:
    """How records of one place are written: their members by name, in the order in which they were asked for."""

    place: Place
    members: dict[str, "Column | Shape | Children"] = field(default_factory=dict)

    @property
    def long_texts(self) -> int:
        """How many long text areas are in it; from two on the vendor makes its pages smaller."""
        own = (member.field for member in self.members.values() if isinstance(member, Column))
        parents = (member.long_texts for member in self.members.values() if isinstance(member, Shape))
        return sum(1 for each in own if each.type == "textarea" and each.size > LONG_TEXT) + sum(parents)


def shape(scope: Scope, query: Query, children: Callable[[Query], "Children"]) -> Shape:
    """Answer what is selected of records that are not grouped; raises `SalesforceError`."""
    root = Shape(scope.root)
    for item in query.fields:
        match item:
            case Query():
                found = children(item)
                _add(root, found.name, found, scope, item.object.at)
            case Fields():
                _check_bounded(query, item)
                for each in _expanded(scope.root.fields.values(), item):
                    _add(root, each.name, scope.root.column(each), scope, item.at)
            case Name():
                _select(root, scope, item)
            case _:
                raise _misplaced(item, scope.text)
    return root


def _select(root: Shape, scope: Scope, name: Name) -> None:
    column = scope.column(name)
    node, path = root, scope.path(name)[:-1]
    for length, step in enumerate(path, 1):
        place = scope.parent(path[:length], name.at)
        key = relationship_name(node.place.parents[step.lower()])
        inner = node.members.setdefault(key, Shape(place))
        node = inner if isinstance(inner, Shape) else Shape(place)
    _add(node, column.field.name, column, scope, name.at)


def _add(node: Shape, key: str, member: "Column | Shape | Children", scope: Scope, at: int) -> None:
    if key in node.members:
        raise refusal(scope.text, at, "INVALID_FIELD", f"duplicate field selected: {key}")
    node.members[key] = member


def _expanded(fields: Iterable[FieldSpec], item: Fields) -> list[FieldSpec]:
    return [each for each in fields if item.which == "ALL" or each.custom == (item.which == "CUSTOM")]


def _check_bounded(query: Query, item: Fields) -> None:
    """Refuse FIELDS for more than 200 records; the standard fields are few enough for any number."""
    if item.which == "STANDARD" or (query.limit is not None and query.limit <= _MOST_WITH_FIELDS):
        return
    conditions = query.where.conditions if isinstance(query.where, Group) else (query.where,)
    by_id = [
        each
        for each in conditions
        if isinstance(each, Comparison)
        and isinstance(each.field, Name)
        and each.field.text.lower() == "id"
        and each.operator in ("=", "IN")
        and len(each.values) <= _MOST_WITH_FIELDS
    ]
    if by_id and not (isinstance(query.where, Group) and query.where.word == "OR"):
        return
    message = f"The SOQL FIELDS function must have a LIMIT of at most {_MOST_WITH_FIELDS}"
    raise SalesforceError(400, "MALFORMED_QUERY", message)


def _misplaced(item: Item, text: str) -> SalesforceError:
    """Answer the error for a function or another name where no records are grouped."""
    expression = getattr(item, "expression", item)
    if isinstance(expression, Call):
        return malformed(text, expression.at, f"unexpected token: '{expression.function}'")
    message = "only aggregate expressions use field aliasing"
    return malformed(text, getattr(expression, "at", 0), message)
