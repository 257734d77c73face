"""The keys of subjects: each seals the personal data of one person, sender or link in the rows of the log."""

import msgspec

from syncline.store.transaction import Transaction


class SubjectKey(msgspec.Struct, frozen=True):
    """A subject's key as it lies in the database; sealed, and empty once it is erased. Times are microseconds."""

    id: str
    subject: str
    blob: bytes
    key_id: str
    created_at: int
    erased_at: int | None


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
