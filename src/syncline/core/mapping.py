"""Which field of the source goes into which field of the target, and which fields have to be made for that.

Law: pure. Creating a field at the target cannot be undone, so what is planned here is shown to a person first.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from syncline.core.documents import FieldPlan, PreviewDocument

#: Types of the target that hold any value of a type of the source, besides the same type; text holds everything.
_FITS: dict[str, frozenset[str]] = {
    "integer": frozenset({"float", "currency", "percent"}),
    "float": frozenset({"currency", "percent"}),
    "currency": frozenset({"float"}),
    "percent": frozenset({"float"}),
}
_TEXTS = frozenset({"string", "text", "email", "phone", "url"})


class SeenField(Protocol):
    """What a plan needs to know of a field, on either side."""

    @property
    def object(self) -> str:
        """The object it belongs to."""

    @property
    def name(self) -> str:
        """Its name there."""

    @property
    def label(self) -> str:
        """What people call it."""

    @property
    def type(self) -> str:
        """Its type, in words common to both sides."""

    @property
    def native_type(self) -> str:
        """Its type, in the provider's own words."""

    @property
    def custom(self) -> bool:
        """Whether the customer made it."""

    @property
    def writable(self) -> bool:
        """Whether values can be written to it."""


F = TypeVar("F", bound=SeenField)


class TargetSide(msgspec.Struct, Generic[F], frozen=True):
    """What the target has and how it wants to be spoken to."""

    fields: Sequence[F]
    #: Source field name -> target field name for what exists on both sides out of the box.
    standard: Mapping[str, str]
    name_of: Callable[[F], str]
    #: Why a field cannot be created there, '' when it can.
    unfit: Callable[[F], str]
    #: The field that holds the record's id.
    key: str
    limit: int


def plan_fields(source: Iterable[F], target: TargetSide[F], *, id_field: str) -> tuple[FieldPlan, ...]:
    """Compare both sides and say what the field sync would do with each field of the source, in their order.

    When there are more fields to create than the target allows, the customer's own come first.
    """
    fields = list(source)
    existing = {field.name: field for field in target.fields}
    plans = [_plan(field, target, existing, id_field=id_field) for field in fields]
    custom = {(field.object, field.name) for field in fields if field.custom}
    return _within_limit(_without_clashes(plans), custom, target)


def fields_to_create(preview: PreviewDocument, skip: Collection[str]) -> list[FieldPlan]:
    """List the target fields to be made, each once; `skip` has fields a person does not want, as `Lead.Name`."""
    wanted = [p for p in preview.fields if p.action == "create" and f"{p.object}.{p.name}" not in skip]
    return list({plan.target: plan for plan in reversed(wanted)}.values())[::-1]


def first_mapping(
    preview: PreviewDocument, skip: Collection[str], refused: Collection[str], key: str
) -> dict[str, dict[str, str]]:
    """Answer the mapping that the field sync leaves behind, by object; the key field is not in it, it always goes."""
    mapping: dict[str, dict[str, str]] = {}
    for plan in preview.fields:
        fields = mapping.setdefault(plan.object, {})
        if plan.action == "skip" or plan.target in {key, *refused} or f"{plan.object}.{plan.name}" in skip:
            continue
        # Two fields into one would overwrite each other: the first has it.
        if plan.target not in fields.values():
            fields[plan.name] = plan.target
    return mapping


def _plan(field: F, target: TargetSide[F], existing: Mapping[str, F], *, id_field: str) -> FieldPlan:
    standard = target.standard.get(field.name, "")
    name = target.key if field.name == id_field else standard if standard in existing else target.name_of(field)
    plan = FieldPlan(field.object, field.name, field.label, field.type, field.native_type, name, "create")
    there = existing.get(name)
    if there is None:
        reason = "" if name == target.key else target.unfit(field)
        return _skip(plan, reason) if reason else plan
    if not there.writable:
        return _skip(plan, f"{name} is there already and cannot be written to")
    if not _fits(field.type, there.type):
        return _skip(plan, f"{name} is there already and has another type ({there.type})")
    return msgspec.structs.replace(plan, action="exists")


def _fits(source: str, target: str) -> bool:
    return source == target or target in _TEXTS or target in _FITS.get(source, frozenset())


def _skip(plan: FieldPlan, reason: str) -> FieldPlan:
    return msgspec.structs.replace(plan, target="", action="skip", reason=reason)


def _without_clashes(plans: list[FieldPlan]) -> list[FieldPlan]:
    """Two fields that would be made under one name must be of one type, or the second stays out."""
    types: dict[str, str] = {}
    kept = []
    for plan in plans:
        if plan.action == "create" and not _fits(plan.type, types.setdefault(plan.target, plan.type)):
            kept.append(_skip(plan, f"{plan.target} would be made with another type ({types[plan.target]})"))
        else:
            kept.append(plan)
    return kept


def _within_limit(
    plans: list[FieldPlan], custom: Collection[tuple[str, str]], target: TargetSide[F]
) -> tuple[FieldPlan, ...]:
    wanted = [plan for plan in plans if plan.action == "create"]
    wanted.sort(key=lambda plan: (plan.target != target.key, (plan.object, plan.name) not in custom))
    allowed = frozenset(list(dict.fromkeys(plan.target for plan in wanted))[: target.limit])
    reason = f"the target lets a connector create {target.limit} fields"
    return tuple(
        _skip(plan, reason) if plan.action == "create" and plan.target not in allowed else plan for plan in plans
    )
