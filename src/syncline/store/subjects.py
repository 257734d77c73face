"""The keys of subjects: each seals the personal data of one person, sender or link in the rows of the log."""

import msgspec

from syncline.core.brought import DataKey
from syncline.core.personal import ERASED, without_names
from syncline.store.transaction import Transaction


class SubjectKey(msgspec.Struct, frozen=True):
    """A subject's key as it lies in the database; wrapped, and empty once it is erased. Times are microseconds."""

    id: str
    subject: str
    blob: bytes
    key_id: str  #: of the master key that wraps it
    created_at: int
    erased_at: int | None

    @property
    def wrapped(self) -> DataKey:
        """The key as a vault unwraps it."""
        return DataKey(self.blob, self.key_id)


def keep_subject(tx: Transaction, key: SubjectKey) -> SubjectKey:
    """Store a key for a subject that has none; answers the one that the subject has now."""
    tx.add_subject(id=key.id, subject=key.subject, blob=key.blob, key_id=key.key_id, now=key.created_at)
    return SubjectKey(*tx.find_subject(subject=key.subject))


def subject_key(tx: Transaction, *, subject: str) -> SubjectKey | None:
    """Answer the living key of a subject."""
    row = tx.find_subject(subject=subject)
    return None if row is None else SubjectKey(*row)


def subject_keys(tx: Transaction, *, ids: frozenset[str]) -> dict[str, SubjectKey]:
    """Answer keys by their ids, erased ones too; an id that is unknown is left out."""
    rows = (tx.find_subject_key(id=id_) for id_ in sorted(ids))
    return {row[0]: SubjectKey(*row) for row in rows if row is not None}


def subjects(tx: Transaction, *, after: str = "", limit: int = 100) -> list[SubjectKey]:
    """List the keys of subjects in the order of their ids, from behind `after`."""
    return [SubjectKey(*row) for row in tx.list_subjects(after=after, limit=limit)]


def subjects_wrapped_by(tx: Transaction) -> dict[str, int]:
    """Count the living keys by the master key that wraps them."""
    return dict(tx.count_subject_keys())


def subject_keys_but(tx: Transaction, *, key_id: str, after: str, most: int) -> list[tuple[str, DataKey]]:
    """List the living keys that another master key wraps, by id, behind one of them."""
    found = tx.list_subject_keys_but(key_id=key_id, after=after, most=most)
    return [(id_, DataKey(blob, master)) for id_, blob, master in found]


def erase_subject(tx: Transaction, *, subject: str, now: int) -> bool:
    """Destroy the key of a subject, and its names where they stand beside the log; answers False without such a key."""
    tx.forget()  # What it has sealed is remembered too, and events of this group may be sealed by it already.
    if not tx.erase_subject(subject=subject, now=now):
        return False
    kind, _, id_ = subject.partition(":")
    if kind == "person":
        tx.rename_api_key(id=id_, name=ERASED)
    if kind == "source_user":
        for integration, name, body in tx.list_documents_about(user=id_).fetchall():
            redacted = msgspec.json.encode(without_names(msgspec.json.decode(body))).decode()
            tx.redact_document(integration=integration, name=name, body=redacted)
    return True
