"""One bulk job, and how jobs are stored and found."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from syncline_sim.marketo.call import Call


class State(StrEnum):
    """How far a job is; the two kinds of jobs have their own words for it."""

    CREATED = "created"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """One row; `request` is what was asked for, `outcome` what came of it."""

    id: int
    kind: str
    object: str
    key: str
    owner: str
    state: State
    created_at: float
    queued_at: float | None
    started_at: float | None
    hastened_at: float | None
    finished_at: float | None
    request: dict[str, Any]
    outcome: dict[str, Any]


def create(call: "Call", kind: str, object_name: str, request: dict[str, Any], *, key: str = "") -> Job:
    """Store a new job of the caller; without a key its number is its key."""
    db = call.world.db
    cursor = db.execute(
        """
        INSERT INTO marketo_bulk_jobs (kind, object, key, owner, state, created_at, request)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (kind, object_name, key, call.user.client_id, State.CREATED, call.world.now(), json.dumps(request)),
    )
    if not key:
        db.execute("UPDATE marketo_bulk_jobs SET key = id WHERE id = ?", (cursor.lastrowid,))
    return _jobs(db, "id = ?", cursor.lastrowid)[0]


def find(call: "Call", kind: str, object_name: str, key: str) -> Job | None:
    """Answer a job of the caller: nobody else's can be seen."""
    found = _jobs(
        call.world.db, "key = ? AND kind = ? AND object = ? AND owner = ?", key, kind, object_name, call.user.client_id
    )
    return found[0] if found else None


def after(call: "Call", kind: str, object_name: str, states: Iterable[State], since: float, number: int) -> list[Job]:
    """Answer the caller's jobs with a number above this one, in the order of their creation."""
    found = _jobs(
        call.world.db,
        "id > ? AND kind = ? AND object = ? AND owner = ? AND created_at >= ?",
        *(number, kind, object_name, call.user.client_id, since),
    )
    wanted = frozenset(states)
    return [job for job in found if job.state in wanted]


def in_state(db: sqlite3.Connection, kind: str, state: State) -> list[Job]:
    """Answer everybody's jobs that are that far, in the order of their queueing."""
    return _jobs(db, "kind = ? AND state = ?", kind, state, order="queued_at, id")


def last_end(db: sqlite3.Connection, kind: str) -> float:
    """Answer when the last job was over or given up: no job that has waited can have begun before."""
    query = "SELECT coalesce(max(finished_at), 0) FROM marketo_bulk_jobs WHERE kind = ?"
    return float(db.execute(query, (kind,)).fetchone()[0])


def move(
    db: sqlite3.Connection, job: Job, state: State, moment: str, at: float, outcome: dict[str, Any] | None = None
) -> Job:
    """Say that a job is so far now, and since when: `moment` is the name of the column."""
    db.execute(
        f"UPDATE marketo_bulk_jobs SET state = ?, {moment} = ?, outcome = ? WHERE id = ?",  # noqa: S608 - our own names
        (state, at, json.dumps(outcome or {}), job.id),
    )
    return _jobs(db, "id = ?", job.id)[0]


def _jobs(db: sqlite3.Connection, condition: str, *parameters: object, order: str = "id") -> list[Job]:
    query = f"SELECT * FROM marketo_bulk_jobs WHERE {condition} ORDER BY {order}"  # noqa: S608 - our own words
    return [_job(dict(row)) for row in db.execute(query, parameters)]


def _job(row: dict[str, Any]) -> Job:
    parsed = {name: json.loads(row[name]) for name in ("request", "outcome")}
    return Job(**{**row, **parsed, "state": State(row["state"])})
