"""The stream of change events: how long they are kept, where a subscriber begins, and what comes next."""

import sqlite3
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syncline_sim.world import World

NEW, ALL = -1, -2
_RETENTION = 72 * 3600


class ReplayError(Exception):
    """A replay id of no event, or of one that is not kept any longer."""


def purge(world: "World") -> None:
    """Forget events that are older than three days; they are in the order of their age."""
    limit = world.now() - _RETENTION
    oldest = world.db.execute("SELECT moment FROM salesforce_change_events ORDER BY number LIMIT 1").fetchone()
    if oldest is not None and oldest["moment"] < limit:
        world.db.execute("DELETE FROM salesforce_change_events WHERE moment < ?", (limit,))


def start(world: "World", org_id: str, replay: int) -> int:
    """Answer the number after which a subscriber's events begin; raises `ReplayError`."""
    purge(world)
    if replay == ALL:
        return 0
    if replay == NEW:
        row = world.db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?", (_NAME,)).fetchone()
        return int(row[0])
    query = "SELECT 1 FROM salesforce_change_events WHERE number = ? AND org_id = ?"
    if world.db.execute(query, (replay, org_id)).fetchone() is None:
        raise ReplayError
    return replay


def after(world: "World", org_id: str, number: int, entities: Collection[str], limit: int) -> list[sqlite3.Row]:
    """Answer the next events of some objects, oldest first."""
    marks = ", ".join("?" * len(entities))
    query = f"""
    SELECT * FROM salesforce_change_events WHERE number > ? AND org_id = ? AND entity IN ({marks}) AND moment >= ?
    ORDER BY number LIMIT ?
    """  # noqa: S608 - only marks are put together
    limits = (world.now() - _RETENTION, limit)
    return world.db.execute(query, (number, org_id, *entities, *limits)).fetchall()


_NAME = "salesforce_change_events"
