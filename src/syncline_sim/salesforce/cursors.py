"""Open queries: which records they still have to show.

Law: a query decides once which records it answers, in which order; its later pages show those, as the vendor's
cursors do, whatever changes meanwhile.
"""

import re
import string
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncline_sim.salesforce import ids
from syncline_sim.salesforce.failure import SalesforceError

if TYPE_CHECKING:
    from syncline_sim.world import World

NUMBER_TYPE = "I"
_NUMBER_SIZE = array(NUMBER_TYPE).itemsize
_LIFE = 2 * 24 * 3600
_LOCATOR = re.compile(r"(01g\w{15})-(\d{1,10})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """An open query at some record; `path` leads to the list of children that it shows, if it shows one."""

    id: str
    soql: str
    path: tuple[str, ...]
    deleted_too: bool
    start: int
    total: int
    row: int

    def numbers(self, world: "World", count: int) -> "array[int]":
        """Answer the row numbers of the next so many records."""
        numbers = array(NUMBER_TYPE)
        with world.db.blobopen("salesforce_cursors", "records", self.row, readonly=True) as blob:
            blob.seek(self.start * _NUMBER_SIZE)
            numbers.frombytes(blob.read(count * _NUMBER_SIZE))
        return numbers


def keep(
    world: "World", user_id: str, soql: str, numbers: Sequence[int], path: tuple[str, ...] = (), *, deleted_too: bool
) -> str:
    """Keep what a query found and answer the id of its cursor; those that are too old go."""
    cursor = ids.full("01g" + world.word(12, string.ascii_letters + string.digits))
    world.db.execute("DELETE FROM salesforce_cursors WHERE opened_at <= ?", (world.now() - _LIFE,))
    world.db.execute(
        """
        INSERT INTO salesforce_cursors (id, user_id, soql, path, deleted_too, opened_at, records)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (cursor, user_id, soql, ".".join(path), deleted_too, world.now(), array(NUMBER_TYPE, numbers).tobytes()),
    )
    return cursor


def find(world: "World", user_id: str, locator: str) -> Cursor:
    """Answer the cursor at which a locator points, if it is the user's; raises `SalesforceError`."""
    match = _LOCATOR.fullmatch(locator)
    row = (
        match
        and world.db.execute(
            """
        SELECT number, soql, path, deleted_too, length(records) AS size FROM salesforce_cursors
        WHERE id = ? AND user_id = ? AND opened_at > ?
        """,
            (match[1], user_id, world.now() - _LIFE),
        ).fetchone()
    )
    if not match or not row or (start := int(match[2])) * _NUMBER_SIZE >= row["size"]:
        raise SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    path = tuple(row["path"].split(".")) if row["path"] else ()
    total = row["size"] // _NUMBER_SIZE
    return Cursor(match[1], row["soql"], path, bool(row["deleted_too"]), start, total, row["number"])
