"""What the names in a query mean to who asks: fields of an object, and of the parents that it leads to."""

from collections.abc import Mapping
from dataclasses import dataclass

from syncline_sim.salesforce import objects
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.field_types import FieldSpec
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.orgs import User
from syncline_sim.salesforce.relationships import relationship_name
from syncline_sim.salesforce.soql.syntax import Name, Query
from syncline_sim.salesforce.soql.tokens import refusal
from syncline_sim.salesforce.visibility import visible_fields

_ADVICE = (
    " If you are attempting to use a custom {}, be sure to append the '{}' after the {} name."
    " Please reference your WSDL or the describe call for the appropriate names."
)
RELATIONSHIP_ADVICE = _ADVICE.format("relationship", "__r", "custom relationship")
_FIELD_ADVICE = _ADVICE.format("field", "__c", "custom field")
_OBJECT_ADVICE = _ADVICE.format("object", "__c", "entity")
_FARTHEST, _MOST_PARENTS = 5, 55


@dataclass(frozen=True, slots=True)
class Column:
    """A field where SQL finds it; one that a parent has can be null even if it is required there."""

    field: FieldSpec
    sql: str
    owner: ObjectSpec
    never_null: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """An object that a query reads: the one that it is from, or a parent; `alias` is its name in SQL."""

    spec: ObjectSpec
    alias: str
    fields: Mapping[str, FieldSpec]
    parents: Mapping[str, FieldSpec]

    def column(self, field: FieldSpec) -> Column:
        """Answer where SQL finds a field."""
        never_null = field.required and self.alias == "t"
        return Column(field, field.sql(self.alias), self.spec, never_null)


class Scope:
    """The objects that one SQL statement reads, each parent joined once."""

    def __init__(self, user: User, spec: ObjectSpec, text: str, alias: str = "") -> None:
        self.user = user
        self.text = text
        self.root = _place(user, spec, "t")
        self._known_as = {spec.name.lower(), alias.lower()} - {""}
        self._parents: dict[tuple[str, ...], Place] = {}
        self._joins: list[str] = []

    @property
    def source(self) -> str:
        """What stands after FROM in SQL."""
        return " ".join((f"{self.root.spec.table} AS t", *self._joins))

    def column(self, name: Name) -> Column:
        """Answer the field that a name means; raises `SalesforceError` INVALID_FIELD."""
        *path, plain = self.path(name)
        place = self.parent(path, name.at)
        field = place.fields.get(plain.lower())
        if field is None:
            message = f"No such column '{plain}' on entity '{place.spec.name}'.{_FIELD_ADVICE}"
            raise self.refusal(name.at, "INVALID_FIELD", message)
        return place.column(field)

    def path(self, name: Name) -> list[str]:
        """Answer the steps of a name, without the object's own name or alias in front."""
        steps = name.text.split(".")
        return steps[1:] if len(steps) > 1 and steps[0].lower() in self._known_as else steps

    def parent(self, path: list[str], at: int) -> Place:
        """Answer the parent at the end of a path; raises `SalesforceError` INVALID_FIELD."""
        if len(path) > _FARTHEST:
            message = f"SOQL relationships can't be more than {_FARTHEST} levels deep"
            raise self.refusal(at, "INVALID_QUERY", message)
        place = self.root
        for length, step in enumerate(path, 1):
            place = self._step(place, tuple(part.lower() for part in path[:length]), step, at)
        return place

    def refusal(self, at: int, code: str, message: str) -> SalesforceError:
        """Answer an error that shows where in the query it lies."""
        return refusal(self.text, at, code, message)

    def _step(self, place: Place, key: tuple[str, ...], step: str, at: int) -> Place:
        if key in self._parents:
            return self._parents[key]
        field = place.parents.get(step.lower())
        if field is None:
            message = f"Didn't understand relationship '{step}' in field path.{RELATIONSHIP_ADVICE}"
            raise self.refusal(at, "INVALID_FIELD", message)
        if len(self._parents) == _MOST_PARENTS:
            message = f"Relationship queries may reference up to {_MOST_PARENTS} parents"
            raise self.refusal(at, "MALFORMED_QUERY", message)
        parent = _place(self.user, objects.find(field.reference_to[0]), f"p{len(self._parents)}")
        self._joins.append(
            f'LEFT JOIN {parent.spec.table} AS {parent.alias} ON {parent.alias}."Id" = {place.alias}."{field.name}"'
        )
        self._parents[key] = parent
        return parent


def subject(user: User, query: Query, text: str) -> ObjectSpec:
    """Answer the object that a query is from; raises `SalesforceError` INVALID_TYPE."""
    spec = objects.BY_NAME.get(query.object.text.lower())
    if spec is None or not user.may_read(spec.name):
        message = f"sObject type '{query.object.text}' is not supported.{_OBJECT_ADVICE}"
        raise refusal(text, query.object.at, "INVALID_TYPE", message)
    return spec


def _place(user: User, spec: ObjectSpec, alias: str) -> Place:
    fields = visible_fields(user, spec)
    parents = {
        relationship_name(field).lower(): field
        for field in fields
        if field.reference_to and user.may_read(field.reference_to[0])
    }
    return Place(spec, alias, {field.name.lower(): field for field in fields}, parents)
