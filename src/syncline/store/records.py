"""What is known of single records: which were sent lately, and which the target refused."""

from collections.abc import Sequence

import msgspec

from syncline.store.transaction import Transaction


class KnownRecords(msgspec.Struct, frozen=True):
    """What is known of some records of one object."""

    #: id -> the mark of what was sent; it begins with the stamp
    sent: dict[str, str]
    refused: frozenset[str]


class RefusedRow(msgspec.Struct, frozen=True):
    """A record that the target refused, and why; `at` is in microseconds since the epoch."""

    object: str
    id: str
    reason: str
    at: int


def known(tx: Transaction, *, integration: str, object: str, ids: Sequence[str]) -> KnownRecords:  # noqa: A002  as the column
    """Answer what is known of the records with these ids."""
    many = msgspec.json.encode(ids).decode()
    sent = dict(tx.list_sent_among(integration=integration, object=object, ids=many))
    refused = tx.list_refused_among(integration=integration, object=object, ids=many)
    return KnownRecords(sent, frozenset(id_ for (id_,) in refused))


def refused(tx: Transaction, *, integration: str, limit: int = 100) -> list[RefusedRow]:
    """List the records that the target refused and has not accepted since, the latest first."""
    return [RefusedRow(*row) for row in tx.list_refused(integration=integration, limit=limit)]
