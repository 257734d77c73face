"""Records that the target has asked for: brought by the next run, whether they have changed or not.

Most are in what the run has just read anyway; they are read by their ids all the same, for what is written over in the
target, or was never read, moves no stamp at the source.
"""

from collections.abc import Iterable
from functools import partial

from syncline.core.brought import Brought, ServedRecords
from syncline.core.outgoing import Shape, pack, remember
from syncline.effects.object_sync import Run
from syncline.store.hooks import wanted
from syncline.store.records import known

#: In one run; what is left is for the next.
MOST = 2000


async def fetch_wanted(run: Run, shapes: Iterable[Shape]) -> tuple[int, list[Brought]]:
    """Bring what was asked for before the run began; answers how many records, and what the end of the run brings."""
    work, integration, through = run.work, run.work.effect.integration, run.work.effect.seq
    ids = await work.tools.store.read(partial(wanted, integration=integration, through=through, most=MOST))
    if not ids:
        return 0, []
    fetched = 0
    brings: list[Brought] = [ServedRecords(tuple(ids), through)]
    for shape in shapes:
        count, told = await _bring(run, shape, ids)
        fetched += count
        brings += told
    return fetched, brings


async def _bring(run: Run, shape: Shape, ids: list[str]) -> tuple[int, tuple[Brought, ...]]:
    providers, store, integration = run.work.tools.providers, run.work.tools.store, run.work.effect.integration
    page = await providers.source.named(run.session, shape.object, list(shape.mapping), ids)
    load = pack(page.records, shape, {})
    if not load.people:
        return 0, ()
    before = await store.read(
        partial(known, integration=integration, object=shape.object, ids=[id_ for id_, _ in load.origins])
    )
    size, results = providers.target.batch_size, []
    for start in range(0, len(load.people), size):
        async with run.lanes:
            await run.work.check_wanted()
            results += await providers.target.upsert(run.account, load.people[start : start + size])
    sent, refused = remember(shape, load, results, horizon=run.document.until, refused_before=before.refused)
    return len(load.people), (sent, refused)
