"""Integrations and their documents, read."""

from typing import Any

import msgspec

from syncline.core.context import Context
from syncline.errors import NotFoundError
from syncline.store.transaction import Transaction


class Integration(msgspec.Struct, frozen=True):
    """One integration as it is now; times are microseconds since the epoch."""

    id: str
    name: str
    state: str
    seq: int
    state_seq: int
    state_since: int
    context: Context
    chart: str
    created_at: int

    @property
    def milestone(self) -> str:
        """The top-level state."""
        return self.state.partition(".")[0]


def exists(tx: Transaction, *, id: str) -> bool:  # noqa: A002
    """Whether there is an integration of this id."""
    return tx.find_integration(id=id) is not None


def integration(tx: Transaction, *, id: str) -> Integration:  # noqa: A002  the word of the house for it
    """Answer an integration; raises `NotFoundError`."""
    row = tx.find_integration(id=id)
    if row is None:
        raise NotFoundError("integration.unknown", "there is no such integration")
    return _integration(row)


def integrations(
    tx: Transaction,
    *,
    after: str = "",
    limit: int = 50,
    state: str = "",
    search: str = "",
    only: tuple[str, ...] = (),
) -> list[Integration]:
    """List integrations in the order of their ids, from behind `after`.

    `state` is a state or one of its parents; `only` are the ids of those that may be seen, none for all.
    """
    some = msgspec.json.encode(only).decode()
    rows = tx.list_integrations(after=after, limit=limit, state=state, search=search, only=some)
    return [_integration(row) for row in rows]


def refreshing(tx: Transaction) -> list[Integration]:
    """List the integrations that announced a token refresh and have no result of it yet."""
    return [_integration(row) for row in tx.list_refreshing()]


def states(tx: Transaction) -> dict[str, int]:
    """Count the integrations by state."""
    return dict(tx.count_states())


def documents(tx: Transaction, *, integration: str) -> dict[str, Any]:
    """Answer the documents of an integration by name (core/documents.py says which there are)."""
    return {name: msgspec.json.decode(body) for name, body in tx.list_documents(integration=integration)}


def _integration(row: tuple[Any, ...]) -> Integration:
    id_, name, state, seq, state_seq, since, context, chart, created_at = row
    memory = msgspec.json.decode(context, type=Context)
    return Integration(id_, name, state, seq, state_seq, since, memory, chart, created_at)
