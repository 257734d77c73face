"""How far the log has been forwarded to each destination, and the rows that come next."""

import msgspec

from syncline.store.log import LogRow
from syncline.store.transaction import Transaction


class Standing(msgspec.Struct, frozen=True):
    """How far a destination has got; times are microseconds since the epoch, None where there is nothing."""

    #: It has every row up to this position.
    acknowledged: int
    acknowledged_at: int | None
    #: The first and the last position of the log; what is before the first was let go.
    first: int
    last: int
    #: When the first row happened that it has not got.
    oldest_waiting: int | None

    @property
    def waiting(self) -> int:
        """How many rows there are that it has not got."""
        return max(0, self.last - max(self.acknowledged, self.first - 1))


def standing(tx: Transaction, *, destination: str) -> Standing:
    """Answer how far a destination has got; one that is new has got nothing."""
    position, at = tx.find_acknowledged(destination=destination) or (0, None)
    waiting = tx.find_next_moment(after=position)
    first, last = tx.find_both_ends()
    return Standing(position, at, first, last, waiting[0] if waiting else None)


def acknowledge(tx: Transaction, *, destination: str, position: int, now: int) -> None:
    """Remember that a destination has everything up to a position; an earlier one than before changes nothing."""
    tx.acknowledge_rows(destination=destination, position=position, now=now)


def rows_from(tx: Transaction, *, after: int, most: int, size: int) -> list[LogRow]:
    """List rows from behind a position: at most so many, of so many bytes in all, but always one if there is any."""
    rows: list[LogRow] = []
    for found in tx.list_rows_from(after=after, limit=most):
        row = LogRow(*found)
        size -= len(row.content)
        if rows and size < 0:
            break
        rows.append(row)
    return rows


def last_position(tx: Transaction) -> int:
    """Answer the last position of the log, 0 if it is empty."""
    _, last = tx.find_both_ends()
    return int(last)
