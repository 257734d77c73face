"""The audit log, read: filtered pages, in either order."""

import msgspec

from syncline.core import audit
from syncline.errors import NotFoundError
from syncline.store.transaction import Transaction


class LogRow(msgspec.Struct, frozen=True):
    """One row of the log with its place among all rows, its canonical bytes and its hash."""

    position: int
    content: bytes
    hash: bytes

    @property
    def row(self) -> audit.Row:
        """The row itself."""
        return audit.decode(self.content)


class Filter(msgspec.Struct, frozen=True):
    """Which rows are wanted; what is empty does not matter. Times are microseconds since the epoch."""

    integration: str = ""
    type: str = ""
    disposition: str = ""
    since: int = 0
    until: int = 2**62
    #: The only integrations whose rows may be seen; none: all of them.
    only: tuple[str, ...] = ()


def rows(tx: Transaction, *, wanted: Filter, after: int = 0, limit: int = 100) -> list[LogRow]:
    """List rows from the oldest on, from behind the position `after`."""
    query = tx.list_log_of if wanted.integration else tx.list_log
    return [LogRow(*row) for row in query(after=after, limit=limit, **_parameters(wanted))]


def latest(tx: Transaction, *, wanted: Filter, before: int = 2**62, limit: int = 100) -> list[LogRow]:
    """List rows from the newest back, from before the position `before`."""
    query = tx.list_log_of_back if wanted.integration else tx.list_log_back
    return [LogRow(*row) for row in query(before=before, limit=limit, **_parameters(wanted))]


def row(tx: Transaction, *, integration: str, seq: int) -> LogRow:
    """Answer one row; raises `NotFoundError`."""
    found = tx.find_log_row(integration=integration, seq=seq)
    if found is None:
        raise NotFoundError("audit.unknown_row", f"the integration has no row {seq}")
    return LogRow(*found)


def _parameters(wanted: Filter) -> dict[str, object]:
    return msgspec.structs.asdict(wanted) | {"only": msgspec.json.encode(wanted.only).decode()}
