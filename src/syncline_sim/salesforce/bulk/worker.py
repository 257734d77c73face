"""Who does the jobs: at once, or when the switches say that their time has come.

Law: the first slice of a job is done before anybody else is answered, so a small job is complete when it is next
asked about; the rest of a large one is done between other calls.
"""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from syncline_sim.salesforce.bulk import ingest, jobs, queries

if TYPE_CHECKING:
    from syncline_sim.salesforce.bulk.jobs import Job
    from syncline_sim.world import World


class Worker:
    """Works on the jobs of one world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def look(self, job: "Job") -> None:
        """Begin with a job, or go on with it, if it waits for that and its time has come."""
        if job.state not in jobs.WAITING or job.number in self._tasks:
            return
        switches = self._world.switches["salesforce"]
        if job.polls < switches["bulk_polls"] or self._world.now() < job.created_at + switches["bulk_latency"]:
            if job.polls and job.state == jobs.UPLOADED:
                jobs.move(self._world, job, jobs.IN_PROGRESS)
            return
        if switches["bulk_failure"]:
            jobs.move(self._world, job, jobs.FAILED, error=switches["bulk_failure"])
        else:
            self._begin(job)

    def poll(self, job: "Job") -> None:
        """Begin with a job that is asked about, if its time has come, and count that it was asked about."""
        self.look(job)
        if job.state in jobs.WAITING:
            query = "UPDATE salesforce_bulk_jobs SET polls = polls + 1 WHERE number = ?"
            self._world.db.execute(query, (job.number,))

    async def stop(self) -> None:
        """Leave everything as it is; a job goes on when it is asked about in another life."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, job: "Job") -> None:
        number, begin = job.number, queries.work if job.kind == "query" else ingest.resume
        steps = begin(self._world, number)
        if next(steps, self) is self:
            return
        task = asyncio.create_task(self._finish(steps))
        self._tasks[number] = task
        task.add_done_callback(lambda _: self._tasks.pop(number, None))

    async def _finish(self, steps: Iterator[None]) -> None:
        resets = self._world.resets
        for _ in steps:
            await asyncio.sleep(0)
            if resets != self._world.resets:  # Another job may have the same number in a fresh world.
                return
