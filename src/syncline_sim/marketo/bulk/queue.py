"""The two queues, of exports and of imports: first come, first served, two at once, ten in all.

Law: jobs start and end only here, when somebody calls the bulk API or lets time pass; a job reads and writes
things as they are at that moment, all at once.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from syncline_sim.marketo.bulk import extract, files, jobs, load
from syncline_sim.marketo.bulk.failed import JobFailedError
from syncline_sim.marketo.bulk.jobs import Job, State
from syncline_sim.marketo.tables import transaction

if TYPE_CHECKING:
    from syncline_sim.world import World

MOST_RUNNING = 2
MOST_QUEUED = 10
_WORK: Mapping[str, Callable[["World", Job, int], dict[str, Any]]] = {"export": extract.run, "import": load.run}


def settle(world: "World") -> None:
    """Let every job come as far as it is by now, and throw files away that are too old."""
    files.forget(world.db, world.now())
    for kind in _WORK:
        _settle(world, kind)


def full(world: "World", kind: str) -> bool:
    """Whether the queue takes no more jobs."""
    return sum(len(jobs.in_state(world.db, kind, state)) for state in (State.QUEUED, State.RUNNING)) >= MOST_QUEUED


def enter(world: "World", job: Job) -> Job:
    """Put a job at the end of its queue."""
    return jobs.move(world.db, job, State.QUEUED, "queued_at", world.now())


def hasten(world: "World") -> None:
    """Let the jobs that run be done, now that somebody has seen them run; a switch can keep it from happening."""
    if world.switches["marketo"]["bulk_hurry"]:
        query = "UPDATE marketo_bulk_jobs SET hastened_at = ? WHERE state = ? AND hastened_at IS NULL"
        world.db.execute(query, (world.now(), State.RUNNING))


def _settle(world: "World", kind: str) -> None:
    db, free_at = world.db, 0.0
    while True:
        free = MOST_RUNNING - len(jobs.in_state(db, kind, State.RUNNING))
        for job in jobs.in_state(db, kind, State.QUEUED)[: max(free, 0)]:
            jobs.move(db, job, State.RUNNING, "started_at", max(job.queued_at or 0, free_at))
        ends = [(_end(world, job), job.id, job) for job in jobs.in_state(db, kind, State.RUNNING)]
        if not ends or min(ends)[0] > world.now():
            return
        free_at, _, first = min(ends)
        _finish(world, first, free_at)


def _end(world: "World", job: Job) -> float:
    begin = job.started_at or 0
    end = begin + float(world.switches["marketo"]["bulk_seconds"])
    return end if job.hastened_at is None else min(end, max(begin, job.hastened_at))


def _finish(world: "World", job: Job, at: float) -> None:
    with transaction(world.db):
        try:
            outcome, state = _work(world, job, at), State.DONE
        except JobFailedError as error:
            outcome, state = {"message": error.message}, State.FAILED
        jobs.move(world.db, job, state, "finished_at", at, outcome)


def _work(world: "World", job: Job, at: float) -> dict[str, Any]:
    switches = world.switches["marketo"]
    if switches["bulk_failures"] > 0:
        switches["bulk_failures"] -= 1
        raise JobFailedError("System error")
    return _WORK[job.kind](world, job, int(at))
