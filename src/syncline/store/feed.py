"""The feed: what anybody who asks is told, from where they left off.

Law: nothing is left out and nothing comes twice for whoever asks from behind the last position they were given. Rows
are written by one writer in the order of their positions, so none appears behind one that was already read.
"""

import msgspec

from syncline.core import audit
from syncline.core.announcement import Announcement, announcements
from syncline.store.checkpoints import log_end
from syncline.store.transaction import Transaction


class Told(msgspec.Struct, frozen=True):
    """One thing that is told, and the position of the row that it tells of."""

    position: int
    #: Whether it is the last thing that its row tells; only then has a reader that stops here seen all of the row.
    last: bool
    announcement: Announcement


class Wanted(msgspec.Struct, frozen=True):
    """What somebody wants to be told of; what is empty does not matter."""

    integration: str = ""
    types: frozenset[str] = frozenset()
    #: The only integrations that may be told of; none: all of them.
    only: tuple[str, ...] = ()


def told(tx: Transaction, *, wanted: Wanted, after: int, most: int) -> tuple[int, list[Told]]:
    """Read on behind a position: up to where all was seen, and what is told of it.

    `most` rows are looked at, so that a page may be empty and yet lead on; the position then is not the one given.
    """
    if wanted.integration:
        rows = tx.list_told_of(integration=wanted.integration, after=after, limit=most).fetchall()
    else:
        rows = tx.list_told(after=after, limit=most).fetchall()
    found = [each for position, content in rows for each in _tell(position, audit.decode(content), wanted)]
    if len(rows) == most:
        return rows[-1][0], found
    return max(log_end(tx), after), found


def _tell(position: int, row: audit.Row, wanted: Wanted) -> list[Told]:
    if wanted.only and row.integration not in wanted.only:
        return []
    things = [each for each in announcements(row) if not wanted.types or each.type in wanted.types]
    return [Told(position, each is things[-1], each) for each in things]
