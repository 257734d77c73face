"""A page of records on its way out: what is sent, what was sent before, and what came of it.

Law: pure. A cycle reads again what lies close before the watermark, because a record may be committed late, with a
stamp that has passed; a record that was sent just so is not sent again. "Just so" is its stamp and its values: a
source may give stamps to the second only, and a record can change twice within one.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from syncline.core.brought import RefusedRecords, SentRecords
from syncline.core.documents import ObjectSyncDocument

_encode = msgspec.json.Encoder(order="deterministic").encode


class Shape(msgspec.Struct, frozen=True):
    """How records of one object are read and written."""

    object: str
    id_field: str
    stamp_field: str
    #: Source field -> target field.
    mapping: Mapping[str, str]
    #: The target field that holds the record's id.
    key: str


class Load(msgspec.Struct, frozen=True):
    """What one page comes to: the people to send, whose (id, mark) they are, and how many were sent before."""

    people: tuple[dict[str, Any], ...]
    origins: tuple[tuple[str, str], ...]
    unchanged: int
    read: int


class Result(Protocol):
    """What became of one person who was sent."""

    @property
    def status(self) -> str:
        """`created`, `updated` or `skipped`."""

    @property
    def reason(self) -> str:
        """The target's words when it was skipped."""


def pack(records: Sequence[Mapping[str, Any]], shape: Shape, sent: Mapping[str, str]) -> Load:
    """Turn a page into people; `sent` says with which mark a record was sent last, by id."""
    latest = {record[shape.id_field]: record for record in records}
    people = {id_: _person(record, shape) for id_, record in latest.items()}
    marks = {id_: _mark(latest[id_][shape.stamp_field], person) for id_, person in people.items()}
    fresh = [id_ for id_, mark in marks.items() if sent.get(id_) != mark]
    return Load(
        people=tuple(people[id_] for id_ in fresh),
        origins=tuple((id_, marks[id_]) for id_ in fresh),
        unchanged=len(records) - len(fresh),
        read=len(records),
    )


def count(document: ObjectSyncDocument, load: Load, results: Iterable[Result]) -> ObjectSyncDocument:
    """Add what became of a page to an object's numbers."""
    statuses = [result.status for result in results]
    return msgspec.structs.replace(
        document,
        read=document.read + load.read,
        created=document.created + statuses.count("created"),
        updated=document.updated + statuses.count("updated"),
        refused=document.refused + statuses.count("skipped"),
        unchanged=document.unchanged + load.unchanged,
    )


def remember(
    shape: Shape, load: Load, results: Sequence[Result], *, horizon: str, refused_before: frozenset[str]
) -> tuple[SentRecords, RefusedRecords]:
    """Answer what to remember of a page: what the next look-back can meet again, and which records were refused.

    A refused record counts as sent: the same values would be refused again, until somebody changes it.
    """
    refused = tuple(
        (id_, result.reason)
        for (id_, _), result in zip(load.origins, results, strict=True)
        if result.status == "skipped"
    )
    still = {id_ for id_, _ in refused}
    cleared = tuple(id_ for id_, _ in load.origins if id_ in refused_before and id_ not in still)
    recent = tuple((id_, mark) for id_, mark in load.origins if mark >= horizon)
    return SentRecords(shape.object, recent), RefusedRecords(shape.object, refused, cleared)


def _person(record: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    person = {target: record.get(source) for source, target in shape.mapping.items()}
    person[shape.key] = record[shape.id_field]
    return person


def _mark(stamp: str, person: Mapping[str, Any]) -> str:
    """Answer what tells one sending of a record from another; it sorts like the stamp that it begins with."""
    return f"{stamp} {hashlib.blake2b(_encode(person), digest_size=8).hexdigest()}"
