"""The two queues, of exports and of imports: first come, first served, two at once, ten in all.

Law: jobs start, work and end only here, when somebody calls the bulk API or lets time pass; a job reads and writes
things as they are at that moment. A large one works on a part at each call, so that nobody else has to wait for long.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from syncline_sim.marketo.bulk import extract, files, jobs, load
from syncline_sim.marketo.bulk.jobs import Job, State
from syncline_sim.marketo.failure import VendorError
from syncline_sim.marketo.tables import transaction

if TYPE_CHECKING:
    from syncline_sim.world import World

MOST_RUNNING = 2
MOST_QUEUED = 10
#: Each does one part of the work of a job, and answers what came of it so far and whether it was the last part.
_WORK: Mapping[str, Callable[["World", Job, int], tuple[dict[str, Any], bool]]] = {
    "export": extract.work,
    "import": load.work,
}


def settle(world: "World") -> bool:
    """Let every job come as far as it is by now, but for parts that are left, and throw files away that are too old."""
    files.forget(world.db, world.now())
    unfinished = [_settle(world, kind) for kind in _WORK]
    return any(unfinished)


def drain(world: "World") -> None:
    """Let every job come as far as it is by now."""
    while settle(world):
        pass


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


def _settle(world: "World", kind: str) -> bool:
    """Answer whether there are parts left."""
    db, unfinished = world.db, set[int]()
    free_at = jobs.last_end(db, kind)
    while True:
        free = MOST_RUNNING - len(jobs.in_state(db, kind, State.RUNNING))
        for job in jobs.in_state(db, kind, State.QUEUED)[: max(free, 0)]:
            jobs.move(db, job, State.RUNNING, "started_at", max(job.queued_at or 0, free_at))
        running = (job for job in jobs.in_state(db, kind, State.RUNNING) if job.id not in unfinished)
        first = min(running, key=lambda job: (_end(world, job), job.id), default=None)
        if first is None or _end(world, first) > world.now():
            return bool(unfinished)
        if _work(world, first):
            free_at = _end(world, first)
        else:
            unfinished.add(first.id)


def _end(world: "World", job: Job) -> float:
    begin = job.started_at or 0
    end = begin + float(world.switches["marketo"]["bulk_seconds"])
    return end if job.hastened_at is None else min(end, max(begin, job.hastened_at))


def _work(world: "World", job: Job) -> bool:
    """Do one part of a job and answer whether it is over."""
    end, switches = _end(world, job), world.switches["marketo"]
    with transaction(world.db):
        try:
            if switches["bulk_failures"] > 0:
                switches["bulk_failures"] -= 1
                outcome, over, state = {"message": "System error"}, True, State.FAILED
            else:
                (outcome, over), state = _WORK[job.kind](world, job, int(end)), State.DONE
        except VendorError as error:  # What was asked for makes no sense any more, or never did.
            outcome, over, state = {"message": error.message}, True, State.FAILED
        if over:
            jobs.move(world.db, job, state, "finished_at", end, outcome)
        else:
            jobs.move(world.db, job, State.RUNNING, "started_at", job.started_at or end, outcome)
    return over
