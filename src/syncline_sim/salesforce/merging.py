"""Merging records of one object: one of them stays, the others go into it.

Facts: up to two go into a third; what they had is lost unless the call writes it into the one that stays; records that
named them name the other one; they lie in the recycle bin and say where they went
(https://developer.salesforce.com/docs/atlas.en-us.250.0.api.meta/api/sforce_api_calls_merge.htm). A converted lead
can go, but not stay (https://help.salesforce.com/s/articleView?id=005123891).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from syncline_sim.salesforce import changes, conversion, kept, objects
from syncline_sim.salesforce.changes import Stamp
from syncline_sim.salesforce.common_fields import MASTER_RECORD
from syncline_sim.salesforce.failure import SalesforceError
from syncline_sim.salesforce.field_types import FieldSpec
from syncline_sim.salesforce.objects import ObjectSpec
from syncline_sim.salesforce.savepoints import Savepoint

if TYPE_CHECKING:
    import sqlite3

    from syncline_sim.world import World

_MOST = 2


@dataclass(frozen=True, slots=True)
class Merged:
    """The record that has stayed, those that have gone, and those that name another one than before."""

    id: str
    gone: Sequence[str]
    related: Sequence[str]


def merge(  # noqa: PLR0913 - a merge has that many independent parts; they are passed by name
    world: "World",
    spec: ObjectSpec,
    master_id: str,
    loser_ids: Sequence[str],
    values: Mapping[str, Any] | None = None,
    stamp: Stamp = None,
    *,
    user_id: str = "",
    org_id: str = "",
) -> Merged:
    """Merge records, of any org unless one is named, and write `values` into what stays; raises `SalesforceError`."""
    master = kept.find(world, spec, master_id, org_id=org_id)
    losers = [kept.find(world, spec, loser_id, org_id=master["org_id"]) for loser_id in loser_ids]
    stays, gone = str(master["Id"]), [str(loser["Id"]) for loser in losers]
    _check(spec, master, gone)
    inherited = dict(_inherited(spec, master, losers))
    with Savepoint(world.db):
        related = []
        for child, field, record_id in list(_children(world, spec, gone)):
            if record_id not in (stays, *gone):
                changes.change_record(world, child.name, record_id, {field.name: stays}, stamp, user_id=user_id)
                related.append(record_id)
        for loser_id in gone:
            changes.delete_record(world, spec.name, loser_id, stamp, user_id=user_id, master_id=stays)
        changes.change_record(world, spec.name, stays, {**inherited, **(values or {})}, stamp, user_id=user_id)
    return Merged(stays, gone, list(dict.fromkeys(related)))


def _check(spec: ObjectSpec, master: "sqlite3.Row", gone: Sequence[str]) -> None:
    if not gone:
        raise SalesforceError(400, "MISSING_ARGUMENT", "No record to merge is named", ())
    if len(gone) > _MOST:
        raise SalesforceError(400, "LIMIT_EXCEEDED", f"At most {_MOST} records can be merged into another", ())
    if len({master["Id"], *gone}) <= len(gone):
        raise SalesforceError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())
    if spec.name == "Lead" and master["IsConverted"]:
        raise conversion.refusal()
    for field in _references(spec, spec):
        if master[field.name] in gone:
            raise _circular(field)


def _inherited(spec: ObjectSpec, master: "sqlite3.Row", losers: Sequence["sqlite3.Row"]) -> Iterator[tuple[str, str]]:
    """Answer to whom a contact that stays reports, when that is not known and one that goes reports to somebody."""
    field = spec.by_name.get("reportstoid")
    if field is None or master[field.name] is not None:
        return
    found = next((loser[field.name] for loser in losers if loser[field.name]), None)
    if found in (master["Id"], *(loser["Id"] for loser in losers)):
        raise _circular(field)
    if found:
        yield field.name, found


def _references(child: ObjectSpec, parent: ObjectSpec) -> list[FieldSpec]:
    return [field for field in child.fields if parent.name in field.reference_to and field.name != MASTER_RECORD]


def _children(world: "World", spec: ObjectSpec, gone: Sequence[str]) -> Iterator[tuple[ObjectSpec, FieldSpec, str]]:
    """Answer every record that names one that goes, with the field in which it does."""
    marks = ", ".join("?" * len(gone))
    for child in objects.OBJECTS:
        for field in _references(child, spec) if child.stored else ():
            query = f'SELECT "Id" FROM {child.table} WHERE "{field.name}" IN ({marks}) AND "IsDeleted" = 0'  # noqa: S608
            for row in world.db.execute(query, tuple(gone)):
                yield child, field, row["Id"]


def _circular(field: FieldSpec) -> SalesforceError:
    message = f"The merge would let a record be its own parent: {field.label}"
    return SalesforceError(400, "CIRCULAR_DEPENDENCY", message, (field.name,))
